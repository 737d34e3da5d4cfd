"""Amounts: rounding, line sums, tax and currency. Pure."""
