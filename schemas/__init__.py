"""Shapes only: envelope, events, commands, failures, money, connection settings, QuickBooks documents."""
