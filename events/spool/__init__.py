"""Where events wait on this machine while the broker is away."""
