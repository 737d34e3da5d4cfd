"""Answers of the sandbox beside recorded answers of QuickBooks: same keys, types, status and fault code."""
