"""What contact events do to the books."""
