"""How WooCommerce signs, and the ping that it sends unsigned."""

import html
import re
from collections.abc import Sequence

from events.stores.signature import matches_base64
from events.stores.webhook import Webhook

SIGNATURE = "x-wc-webhook-signature"
PING = re.compile(rb"webhook_id=\d{1,20}")
ENTITY = re.compile(r"&(?:amp|lt|gt|quot|#0*(?:34|38|39|60|62)|#x0*(?:22|26|27|3c|3e));", re.IGNORECASE)
"""What WordPress decodes. Source: ``wp_specialchars_decode`` with ENT_QUOTES, one pass."""


def signature_is_good(webhook: Webhook, secrets: Sequence[str]) -> bool:
    """Base64 of HMAC-SHA256 over the body. Source: ``WC_Webhook::generate_signature``."""
    return matches_base64(webhook.body, [decoded(secret) for secret in secrets], webhook.header(SIGNATURE))


def decoded(secret: str) -> str:
    """The key that WooCommerce signs with: a secret typed as ``a&b`` is stored as ``a&amp;b``."""
    return ENTITY.sub(lambda found: html.unescape(found[0].lower()), secret)


def is_ping(webhook: Webhook) -> bool:
    """A form with the webhook's id and nothing else, sent when a webhook is switched on.

    It has no signature and no topic. Source: ``WC_Webhook::deliver_ping``.
    """
    return (
        SIGNATURE not in webhook.headers
        and "x-wc-webhook-topic" not in webhook.headers
        and PING.fullmatch(webhook.body.strip()) is not None
    )
