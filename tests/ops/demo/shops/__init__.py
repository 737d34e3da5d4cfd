"""The demo's shops tell a consistent story."""
