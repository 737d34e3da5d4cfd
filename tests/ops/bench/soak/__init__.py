"""The soak's own rules: what it draws and how it judges."""
