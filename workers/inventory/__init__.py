"""What product and stock events do to the books."""
