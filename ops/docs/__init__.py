"""What operators and accountants read beside the README, and what writes it."""
