"""What payouts of a gateway do to the books."""
