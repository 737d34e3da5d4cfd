"""Webhooks over HTTP: signature first, then events on the broker, then the answer."""
