"""Two made-up shops: what happens in them, the webhooks that they send, and what their books must say then."""
