"""Promises of events."""
