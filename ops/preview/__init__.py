"""What events would book, without booking it."""
