"""The error desk, tested with a real broker."""
