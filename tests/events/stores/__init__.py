"""Store webhooks into canonical events."""
