"""Lists: what transactions refer to, such as customers, items and accounts."""
