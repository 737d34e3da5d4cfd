"""Settings explained, as TOML, and their versions."""
