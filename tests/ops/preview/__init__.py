"""Previews of what events would book."""
