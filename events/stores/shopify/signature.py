"""How Shopify signs. Source: shopify.dev, "Verify webhook deliveries"."""

from collections.abc import Sequence

from events.stores.signature import matches_base64
from events.stores.webhook import Webhook

SIGNATURE = "x-shopify-hmac-sha256"


def signature_is_good(webhook: Webhook, secrets: Sequence[str]) -> bool:
    """Base64 of HMAC-SHA256 over the body; for an hour after a rotation the old secret still signs."""
    return matches_base64(webhook.body, secrets, webhook.header(SIGNATURE))
