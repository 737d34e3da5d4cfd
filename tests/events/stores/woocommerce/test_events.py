"""Which events a WooCommerce webhook makes, and when two deliveries are the same event."""

import json

import pytest

from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from tests.events.stores.deliveries import assert_payload_fits, changed, read, recorded, refunds_of, webhook

PLATFORM = PLATFORMS["woocommerce"]
PARTIAL = "woocommerce/order.updated__two_partial_refunds"


def test_created_and_the_identical_update_behind_it_are_one_event() -> None:
    body = recorded("woocommerce/order.created__two_taxes_and_discounts").body

    (created,) = PLATFORM.read(webhook("woocommerce", "order.created", body, x_wc_webhook_delivery_id="a"))
    (updated,) = PLATFORM.read(webhook("woocommerce", "order.updated", body, x_wc_webhook_delivery_id="b"))

    assert (created.type, updated.type) == ("orders.created", "orders.updated")
    assert created.id == updated.id


def test_two_orders_with_one_delivery_id_are_two_events() -> None:
    first = changed("woocommerce/order.updated__gift_cards", id=1)
    second = changed("woocommerce/order.updated__gift_cards", id=2)

    assert first[0].id != second[0].id


def test_other_state_in_the_same_second_is_another_event() -> None:
    first = changed("woocommerce/order.updated__gift_cards", status="processing")
    second = changed("woocommerce/order.updated__gift_cards", status="completed")

    assert first[0].id != second[0].id


def test_restored_order_is_another_event_than_the_same_state_before() -> None:
    before = changed("woocommerce/order.updated__gift_cards")
    restored = changed("woocommerce/order.updated__gift_cards", topic="order.restored")

    assert (restored[0].type, restored[0].id != before[0].id) == ("orders.restored", True)


def test_each_refund_is_an_event_of_its_own_beside_the_order() -> None:
    events = read(PARTIAL)

    assert [(event.type, event.subject, event.partitionkey) for event in events] == [
        ("orders.updated", "order/4102", None),
        ("orders.refunded", "refund/4105", "order/4102"),
        ("orders.refunded", "refund/4110", "order/4102"),
    ]


def test_refund_repeated_in_a_later_update_is_the_same_event() -> None:
    now = read(PARTIAL)
    later = changed(PARTIAL, status="completed", date_modified_gmt="2026-03-09T08:00:00")

    assert now[0].id != later[0].id
    assert [event.id for event in now[1:]] == [event.id for event in later[1:]]


def test_refunds_are_positive_sums_counted_from_the_oldest() -> None:
    first, second = refunds_of(read(PARTIAL))

    assert [(str(refund.total), refund.sequence, refund.reason) for refund in (first, second)] == [
        ("10.80", 1, ""),
        ("5.40", 2, "chipped"),
    ]
    assert (first.lines, first.shipping, first.money_returned, first.order_number) == ((), (), True, "4102")


def test_refund_of_the_whole_total_takes_the_order_s_lines_shipping_and_taxes() -> None:
    (refund,) = refunds_of(read("woocommerce/order.updated__refunded_whole"))

    assert [(line.sku, str(line.total), line.restocked) for line in refund.lines] == [
        ("LAMP-2", "40.00", False)
    ]
    assert [str(line.total) for line in refund.shipping] == ["6.00"]
    assert [(tax.tax, str(tax.amount)) for tax in refund.taxes] == [("State 8%", "3.20")]


def test_refund_of_the_whole_total_takes_the_lines_also_of_a_shop_that_keeps_six_places() -> None:
    whole = "woocommerce/order.updated__refunded_whole"
    line = json.loads(recorded(whole).body)["line_items"][0]
    exact = {**line, "total": "39.996667", "total_tax": "3.199733", "taxes": [{"id": 3, "total": "3.199733"}]}

    (refund,) = refunds_of(changed(whole, line_items=[exact]))

    assert [str(line.total) for line in refund.lines] == ["39.996667"]


def test_refund_of_a_total_reduced_by_gift_cards_stays_a_sum() -> None:
    events = changed("woocommerce/order.updated__gift_cards", refunds=[{"id": 9, "total": "-21.50"}])

    (refund,) = refunds_of(events)

    assert (str(refund.total), refund.lines) == ("21.50", ())


def test_refund_of_an_unpaid_order_returns_no_money() -> None:
    events = changed("woocommerce/order.updated__cash_on_delivery", refunds=[{"id": 9, "total": "-1.00"}])

    assert not refunds_of(events)[0].money_returned


def test_order_number_of_a_plugin_is_kept_beside_the_id() -> None:
    events = changed(PARTIAL, number="WEB-0042")

    assert (events[0].subject, refunds_of(events)[0].order_number) == ("order/4102", "WEB-0042")


@pytest.mark.parametrize(
    ("topic", "event_type", "subject"),
    [
        ("order.deleted", "orders.deleted", "order/16"),
        ("product.deleted", "inventory.product_deleted", "product/16"),
        ("customer.deleted", "contacts.deleted", "customer/16"),
    ],
)
def test_deletion_says_only_which_object_is_gone(topic: str, event_type: str, subject: str) -> None:
    delivery = webhook("woocommerce", topic, b'{"id":16}', x_wc_webhook_delivery_id="d1")

    (event,) = PLATFORM.read(delivery)

    assert (event.type, event.subject, event.time) == (event_type, subject, delivery.received_at)
    assert_payload_fits(event)


def test_second_deletion_after_a_restore_is_another_event() -> None:
    first = webhook("woocommerce", "order.deleted", b'{"id":16}', x_wc_webhook_delivery_id="d1")
    second = webhook("woocommerce", "order.deleted", b'{"id":16}', x_wc_webhook_delivery_id="d2")

    assert PLATFORM.read(first)[0].id != PLATFORM.read(second)[0].id
    assert PLATFORM.read(first)[0].id == PLATFORM.read(first)[0].id


@pytest.mark.parametrize(
    "topic", ["coupon.created", "action.woocommerce_add_to_cart", "subscription.updated", "order.odd"]
)
def test_topic_that_we_do_not_use_makes_no_event(topic: str) -> None:
    assert PLATFORM.read(webhook("woocommerce", topic, b"not even JSON")) == []


def test_topic_is_found_in_its_two_halves() -> None:
    body = recorded(PARTIAL).body
    halves = webhook("woocommerce", "", body, x_wc_webhook_resource="order", x_wc_webhook_event="updated")

    assert PLATFORM.topic(halves) == "order.updated"


def test_webhook_without_a_topic_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="X-WC-Webhook-Topic is missing"):
        PLATFORM.read(webhook("woocommerce", "", b"{}"))


@pytest.mark.parametrize("body", [b"", b"[1]", b"webhook_id=1", b'{"id": 1', b'"\xff"', b"[" * 100_000])
def test_body_that_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable, match="The body is"):
        PLATFORM.read(webhook("woocommerce", "order.updated", body))


def test_nul_and_half_characters_do_not_travel() -> None:
    events = changed(PARTIAL, customer_note="a\x00b \ud83d c")

    assert events[0].data["note"] == "ab ? c"
    json.dumps(events[0].data).encode()
