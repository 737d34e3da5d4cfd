"""The demo and its shops."""
