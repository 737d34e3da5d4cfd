"""A connection's settings as a person reads, keeps and takes them back: explained, as TOML, with their versions."""
