"""WooCommerce signs raw bytes with the webhook's secret, and pings without any."""

import hmac
from base64 import b64encode

import pytest

from events.stores.woocommerce.platform import WooCommerce
from events.stores.woocommerce.signature import decoded
from tests.events.stores.deliveries import webhook

BODY = '{"id":1,"name":"Çelik"}'.encode()


def signed(secret: str) -> str:
    return b64encode(hmac.digest(secret.encode(), BODY, "sha256")).decode()


def test_body_signed_with_the_secret_is_accepted() -> None:
    delivery = webhook("woocommerce", "order.updated", BODY, x_wc_webhook_signature=signed("s3cret"))

    assert WooCommerce().signature_is_good(delivery, ["s3cret"])


def test_known_signature_of_a_known_body_is_accepted() -> None:
    # Computed with: printf '{"id":1}' | openssl dgst -sha256 -hmac key -binary | base64
    delivery = webhook(
        "woocommerce",
        "order.updated",
        b'{"id":1}',
        x_wc_webhook_signature="yVxqfCx8dh6YTGjPZLS8qT8HJCkAqv27Mo07t1qw3LA=",
    )

    assert WooCommerce().signature_is_good(delivery, ["key"])


def test_either_secret_is_accepted_while_it_is_rotated() -> None:
    delivery = webhook("woocommerce", "order.updated", BODY, x_wc_webhook_signature=signed("old"))

    assert WooCommerce().signature_is_good(delivery, ["new", "old"])


@pytest.mark.parametrize(
    "claimed", ["", "short", "ä" * 44, signed("other")], ids=["none", "short", "odd", "wrong"]
)
def test_wrong_signature_is_refused(claimed: str) -> None:
    delivery = webhook("woocommerce", "order.updated", BODY, x_wc_webhook_signature=claimed)

    assert not WooCommerce().signature_is_good(delivery, ["s3cret"])


def test_one_changed_byte_is_refused() -> None:
    delivery = webhook("woocommerce", "order.updated", BODY + b" ", x_wc_webhook_signature=signed("s3cret"))

    assert not WooCommerce().signature_is_good(delivery, ["s3cret"])


def test_connection_without_a_secret_accepts_nothing() -> None:
    delivery = webhook("woocommerce", "order.updated", BODY, x_wc_webhook_signature=signed(""))

    assert not WooCommerce().signature_is_good(delivery, [])
    assert not WooCommerce().signature_is_good(delivery, [""])


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("a&amp;b", "a&b"),
        ("&quot;x&#039;", "\"x'"),
        ("&#x3C;&#60;&lt;", "<<<"),
        ("&amp;lt;", "&lt;"),
        ("&copy;&nbsp;", "&copy;&nbsp;"),
        ("plain & simple", "plain & simple"),
    ],
)
def test_secret_is_decoded_as_wordpress_does(typed: str, key: str) -> None:
    assert decoded(typed) == key


def test_body_signed_with_the_decoded_secret_is_accepted() -> None:
    delivery = webhook("woocommerce", "order.updated", BODY, x_wc_webhook_signature=signed("a&b"))

    assert WooCommerce().signature_is_good(delivery, ["a&amp;b"])


def test_ping_is_the_unsigned_form_alone() -> None:
    platform = WooCommerce()
    ping = webhook("shopify", "", b"webhook_id=17", content_type="application/x-www-form-urlencoded")

    assert platform.is_ping(ping)
    assert not platform.is_ping(webhook("woocommerce", "order.updated", b"webhook_id=17"))
    assert not platform.is_ping(webhook("shopify", "", b"webhook_id=17&action=wc_delete"))
    assert not platform.is_ping(webhook("shopify", "", b'{"id": 17}'))
