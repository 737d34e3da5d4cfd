"""What stands between a caller and the books: limits, request ids, planned faults. No HTTP in here."""
