"""HMAC-SHA256 over the raw body, compared in constant time."""

import hmac
from base64 import b64encode
from collections.abc import Sequence


def matches_base64(body: bytes, secrets: Sequence[str], claimed: str) -> bool:
    """True if one of ``secrets`` made ``claimed``, the base64 of the raw digest (WooCommerce, Shopify)."""
    return _matches(claimed, [b64encode(_digest(body, secret)) for secret in secrets if secret])


def matches_hex(body: bytes, secrets: Sequence[str], claimed: str) -> bool:
    """True if one of ``secrets`` made ``claimed``, the digest in hexadecimal."""
    return _matches(claimed.lower(), [_digest(body, secret).hex().encode() for secret in secrets if secret])


def _digest(body: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), body, "sha256")


def _matches(claimed: str, expected: list[bytes]) -> bool:
    # Bytes, since compare_digest refuses text outside ASCII; all are compared, so that time tells nothing.
    given = claimed.strip().encode("utf-8", "replace")
    return sum(hmac.compare_digest(given, good) for good in expected) > 0
