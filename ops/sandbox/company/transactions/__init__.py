"""Transactions: what reaches the books."""
