"""The ledger, tested on both databases."""
