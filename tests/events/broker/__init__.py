"""Promises of events/broker."""
