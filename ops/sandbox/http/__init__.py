"""The HTTP front of the sandbox: OAuth, routes, envelopes, limits, faults on demand, admin API."""
