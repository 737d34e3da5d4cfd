"""Promises of events/spool."""
