"""What order and refund events do to the books."""
