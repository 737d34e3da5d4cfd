"""Which events a Shopify webhook makes: topics, deletions, privacy, catalogue and stock."""

from datetime import UTC, datetime

import pytest

from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from schemas.envelope import Envelope
from tests.events.stores.deliveries import assert_payload_fits, changed, read, recorded, webhook

PLATFORM = PLATFORMS["shopify"]
PAID = "shopify/orders_paid__two_taxes"


@pytest.mark.parametrize(
    ("topic", "event_type"),
    [
        ("orders/create", "orders.created"),
        ("orders/paid", "orders.paid"),
        ("orders/updated", "orders.updated"),
        ("orders/fulfilled", "orders.updated"),
    ],
)
def test_topic_names_the_event_but_not_its_id(topic: str, event_type: str) -> None:
    (event,) = changed(PAID, topic=topic)

    assert (event.type, event.id) == (event_type, read(PAID)[0].id)
    assert_payload_fits(event)


@pytest.mark.parametrize(
    "topic",
    ["orders/edited", "orders/risk_assessment_changed", "draft_orders/create", "carts/update"],
)
def test_topic_that_we_do_not_use_makes_no_event(topic: str) -> None:
    assert PLATFORM.read(webhook("shopify", topic, b"{}")) == []


def test_edit_without_prices_is_left_to_the_update_beside_it() -> None:
    assert read("shopify/orders_edited__delta") == []


def test_test_notification_makes_no_event() -> None:
    notification = webhook("shopify", "orders/create", recorded(PAID).body, x_shopify_test="true")

    assert PLATFORM.read(notification) == []


def test_order_through_the_test_gateway_makes_no_event() -> None:
    assert changed(PAID, test=True) == []


def test_webhook_without_a_topic_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="X-Shopify-Topic is missing"):
        PLATFORM.read(webhook("shopify", "", b"{}"))


def test_unquoted_body_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="The body is not JSON"):
        PLATFORM.read(webhook("shopify", "orders/paid", b"{order_id:77,status:paid}"))


@pytest.mark.parametrize(
    ("topic", "event_type", "subject"),
    [
        ("orders/delete", "orders.deleted", "order/820982911946154509"),
        ("products/delete", "inventory.product_deleted", "product/820982911946154509"),
        ("customers/delete", "contacts.deleted", "customer/820982911946154509"),
    ],
)
def test_deletion_is_dated_by_its_delivery(topic: str, event_type: str, subject: str) -> None:
    delivery = webhook(
        "shopify",
        topic,
        b'{"id": 820982911946154509}',
        x_shopify_triggered_at="2026-04-07T22:58:08.064630177Z",
        x_shopify_webhook_id="w-1",
    )

    (event,) = PLATFORM.read(delivery)

    assert (event.type, event.subject) == (event_type, subject)
    assert event.time == datetime(2026, 4, 7, 22, 58, 8, 64630, tzinfo=UTC)
    assert_payload_fits(event)


def test_deletion_that_is_delivered_again_is_the_same_event() -> None:
    def deleted(delivery: str) -> str:
        sent = webhook("shopify", "orders/delete", b'{"id": 5}', x_shopify_webhook_id=delivery)
        return PLATFORM.read(sent)[0].id

    assert deleted("w-1") == deleted("w-1")
    assert deleted("w-1") != deleted("w-2")


def test_request_to_erase_a_customer_names_whom() -> None:
    (event,) = read("shopify/customers_redact__one")

    assert (event.type, event.subject) == ("contacts.erased", "erasure/7771")
    assert event.data == {"contact_id": "7771", "email": "tomas@example.net"}


def test_customer_who_asks_for_their_data_is_one_event_for_each_request() -> None:
    def asked(request: str) -> Envelope:
        body = f'{{"customer": {{"id": 7, "email": "t@example.net"}}, "data_request": {{"id": {request}}}}}'
        (event,) = PLATFORM.read(webhook("shopify", "customers/data_request", body.encode()))
        return event

    assert (asked("9999").type, asked("9999").subject) == ("contacts.data_requested", "data_request/9999")
    assert asked("9999").data == {"request_id": "9999", "contact_id": "7", "email": "t@example.net"}
    assert asked("9999").id != asked("10000").id


def test_store_whose_owner_has_left_asks_to_erase_everybody() -> None:
    (event,) = PLATFORM.read(webhook("shopify", "shop/redact", b'{"shop_id": 1, "shop_domain": "x"}'))

    assert (event.type, event.workflow, event.subject) == (
        "contacts.store_erased",
        "contacts",
        "erasure/store",
    )


def test_customer_without_email_is_a_contact() -> None:
    (event,) = read("shopify/customers_update__plain")

    assert (event.type, event.data["email"], event.data["phone"]) == ("contacts.updated", "", "+12085550199")
    assert event.data["billing"]["region"] == "ID"
    assert_payload_fits(event)


def test_level_names_item_and_location_and_may_be_negative() -> None:
    (event,) = read("shopify/inventory_levels_update__counted")

    assert (event.type, event.subject) == ("inventory.level_changed", "level/9/8301")
    assert (event.data["quantity"], event.data["item_id"], event.data["location_id"]) == ("-2", "8301", "9")
    assert_payload_fits(event)


def test_level_that_is_not_counted_makes_no_event() -> None:
    assert changed("shopify/inventory_levels_update__counted", available=None) == []


def test_variants_are_named_by_their_options_alone() -> None:
    (event,) = read("shopify/products_update__two_variants")

    assert [(one["name"], one["inventory_item_id"], one["stock"]) for one in event.data["variants"]] == [
        ("Red / L", "8301", "4"),
        ("", "8302", None),
    ]
    assert event.time == datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
    assert_payload_fits(event)


def test_draft_product_makes_no_event() -> None:
    assert changed("shopify/products_update__two_variants", status="draft") == []
