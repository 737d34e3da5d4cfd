"""What the stores send: raw webhooks in, canonical events out. Pure: no broker, no clock, no network."""
