"""A signed body that we cannot read becomes an event, and can be read again later."""

import base64

import pytest

from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from events.stores.unreadable import read_again, unreadable_event
from tests.events.stores.deliveries import assert_payload_fits, read, recorded, webhook


@pytest.mark.parametrize(
    ("platform", "topic", "event_type"),
    [
        ("woocommerce", "order.updated", "orders.unreadable_webhook"),
        ("woocommerce", "product.updated", "inventory.unreadable_webhook"),
        ("woocommerce", "customer.created", "contacts.unreadable_webhook"),
        ("woocommerce", "", "orders.unreadable_webhook"),
        ("shopify", "refunds/create", "orders.unreadable_webhook"),
        ("shopify", "inventory_levels/update", "inventory.unreadable_webhook"),
        ("shopify", "customers/redact", "contacts.unreadable_webhook"),
        ("shopify", "something/new", "orders.unreadable_webhook"),
    ],
)
def test_topic_decides_whose_people_see_it(platform: str, topic: str, event_type: str) -> None:
    event = unreadable_event(webhook(platform, topic, b"{"), PLATFORMS[platform], "The body is not JSON.")

    assert event.type == event_type
    assert_payload_fits(event)


def test_raw_body_is_kept_byte_for_byte() -> None:
    event = unreadable_event(webhook("shopify", "orders/paid", b"{\xff\x00"), PLATFORMS["shopify"], "No.")

    assert base64.b64decode(event.data["body_base64"]) == b"{\xff\x00"
    assert (event.data["problem"], event.data["topic"]) == ("No.", "orders/paid")


def test_same_body_again_is_the_same_event() -> None:
    first = webhook("shopify", "orders/paid", b"{", x_shopify_webhook_id="1")
    again = webhook("shopify", "orders/paid", b"{", x_shopify_webhook_id="2")
    other = webhook("shopify", "orders/paid", b"[")

    ids = [unreadable_event(delivery, PLATFORMS["shopify"], "No.").id for delivery in (first, again, other)]

    assert ids[0] == ids[1] != ids[2]


def test_headers_that_are_not_the_store_s_are_not_kept() -> None:
    delivery = webhook(
        "shopify", "orders/paid", b"{", cookie="a=b", x_forwarded_for="10.0.0.1", user_agent="Hook"
    )

    event = unreadable_event(delivery, PLATFORMS["shopify"], "No.")

    assert set(event.data["headers"]) == {"x-shopify-topic", "user-agent"}


def test_retry_of_a_body_that_is_readable_by_now_makes_the_same_events_as_ever() -> None:
    delivery = recorded("shopify/orders_updated__partly_refunded")
    kept = unreadable_event(delivery, PLATFORMS["shopify"], "An older version could not read it.")

    again = read_again(kept)

    assert again == read("shopify/orders_updated__partly_refunded")


def test_retry_of_a_body_that_is_still_unreadable_says_why() -> None:
    kept = unreadable_event(webhook("shopify", "orders/paid", b"{"), PLATFORMS["shopify"], "Old words.")

    with pytest.raises(Unreadable, match="The body is not JSON"):
        read_again(kept)


def test_retry_of_a_damaged_copy_is_unreadable() -> None:
    kept = unreadable_event(webhook("shopify", "orders/paid", b"{"), PLATFORMS["shopify"], "Old words.")
    damaged = kept.model_copy(update={"data": {**kept.data, "body_base64": "a"}})

    with pytest.raises(Unreadable, match="kept copy is damaged"):
        read_again(damaged)
