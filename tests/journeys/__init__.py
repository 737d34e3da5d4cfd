"""End to end: from a store to the books and back."""
