"""The broker: what is declared on it (kombu), and publishing with confirms in flight (pika)."""
