"""Shopify signs raw bytes with the app's client secret."""

import hmac
from base64 import b64encode

from events.stores.shopify.platform import Shopify
from tests.events.stores.deliveries import webhook

BODY = b'{"id": 820982911946154508}'


def test_old_and_new_secret_are_both_accepted_after_a_rotation() -> None:
    signature = b64encode(hmac.digest(b"old", BODY, "sha256")).decode()
    delivery = webhook("shopify", "orders/paid", BODY, x_shopify_hmac_sha256=signature)

    assert Shopify().signature_is_good(delivery, ["new", "old"])
    assert not Shopify().signature_is_good(delivery, ["new"])


def test_missing_signature_is_refused() -> None:
    assert not Shopify().signature_is_good(webhook("shopify", "orders/paid", BODY), ["new"])


def test_secret_is_used_as_it_is() -> None:
    signature = b64encode(hmac.digest(b"a&b", BODY, "sha256")).decode()
    delivery = webhook("shopify", "orders/paid", BODY, x_shopify_hmac_sha256=signature)

    assert not Shopify().signature_is_good(delivery, ["a&amp;b"])


def test_there_is_no_ping() -> None:
    assert not Shopify().is_ping(webhook("shopify", "", b"webhook_id=1"))
