"""Shapes only: envelope, canonical events, commands, failures, money, connection settings, QuickBooks documents."""
