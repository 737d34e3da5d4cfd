"""The alerts fire when they must, clear when all is well, and each has its page."""
