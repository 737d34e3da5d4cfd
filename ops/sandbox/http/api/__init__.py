"""The company API: one call from its bytes to its answer."""
