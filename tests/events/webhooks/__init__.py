"""Promises of events/webhooks."""
