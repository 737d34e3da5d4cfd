"""What Shopify's bodies hold that nobody would guess, each by its name."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from events.stores.registry import PLATFORMS
from tests.events.stores.deliveries import changed, leftover, order_of, read, recorded, refunds_of, webhook

PAID = "shopify/orders_paid__two_taxes"
TIPPED = "shopify/orders_create__tip_duties_cash_rounding"
REFUND = "shopify/refunds_create__line_and_shipping"


def body_of(fixture: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(recorded(fixture).body)
    return body


def first_line(fixture: str, **values: Any) -> dict[str, Any]:
    """The line items with something else in the first of them."""
    lines = body_of(fixture)["line_items"]
    return {"line_items": [{**lines[0], **values}, *lines[1:]]}


def money(amount: str, currency: str = "USD") -> dict[str, Any]:
    of = {"amount": amount, "currency_code": currency}
    return {"shop_money": of, "presentment_money": of}


def test_yen_have_no_decimals() -> None:
    line = {"id": 1, "price": "23600", "quantity": 1, "sku": "FAN", "discount_allocations": []}

    order = order_of(
        changed(PAID, currency="JPY", total_price="23600", total_tax="0", line_items=[line], tax_lines=[])
    )

    assert (order.currency, str(order.total), str(order.lines[0].total)) == ("JPY", "23600", "23600")


def test_nanoseconds_of_the_triggered_at_header_are_cut() -> None:
    delivery = webhook(
        "shopify", "orders/delete", b'{"id": 7}', x_shopify_triggered_at="2024-08-07T22:58:08.064630177Z"
    )

    (event,) = PLATFORMS["shopify"].read(delivery)

    assert event.time == datetime(2024, 8, 7, 22, 58, 8, 64630, tzinfo=UTC)


@pytest.mark.parametrize("status", ["authorized", "pending", "voided", "something_new"])
def test_authorization_is_no_money(status: str) -> None:
    order = order_of(changed(PAID, financial_status=status))

    assert (order.payment, str(order.amount_paid), order.store_status) == ("unpaid", "0", status)


def test_line_without_sku_product_or_variant_is_a_custom_line() -> None:
    (line, *_) = order_of(changed(PAID, **first_line(PAID, sku=None, product_id=None, variant_id=None))).lines

    assert (line.sku, line.product_id, line.variant_id) == ("", None, None)


@pytest.mark.parametrize("properties", [None, {}, [], [{"name": "engraving", "value": {"a": 1}}]])
def test_properties_of_any_shape_change_nothing(properties: Any) -> None:
    order = order_of(changed(PAID, **first_line(PAID, properties=properties)))

    assert order == order_of(read(PAID))


def test_third_number_of_old_bodies_is_not_the_total() -> None:
    assert order_of(changed(PAID, total_price_usd="1.00")).total == order_of(read(PAID)).total


def test_edited_order_stays_as_it_was_sold() -> None:
    edited = {"current_total_price": "1.00", "current_subtotal_price": "1.00", "current_total_tax": "0.00"}

    assert order_of(changed(PAID, **edited)).total == order_of(read(PAID)).total


def test_additional_fees_stand_as_a_fee_of_their_own() -> None:
    order = order_of(changed(TIPPED, original_total_additional_fees_set=money("2.50"), total_price="30.72"))

    assert [(fee.name, str(fee.total)) for fee in order.fees if fee.name != "Duties"] == [
        ("Additional fees", "2.50")
    ]
    assert leftover(order) == 0


def test_duties_that_are_in_the_prices_are_not_added() -> None:
    assert order_of(changed(TIPPED, duties_included=True)).fees == ()


def test_refunded_duties_go_back_as_a_fee() -> None:
    (refund,) = refunds_of(changed(REFUND, total_duties_set=money("4.00")))

    assert [(fee.name, str(fee.total)) for fee in refund.fees] == [("Duties", "4.00")]


TIP_LINE = {
    "id": 99, "title": "Tip", "name": "Tip", "price": "3.00", "quantity": 1, "sku": None, "product_id": None,
    "tip_payment_gateway": "cash", "tip_payment_method": None, "discount_allocations": [], "tax_lines": [],
}  # fmt: skip


@pytest.mark.parametrize("received", ["3.0", "0.00"], ids=["told-twice", "told-as-a-line"])
def test_tip_that_is_a_line_too_is_counted_once(received: str) -> None:
    lines = [*body_of(TIPPED)["line_items"], TIP_LINE]

    order = order_of(changed(TIPPED, line_items=lines, total_tip_received=received))

    assert (order.tip, len(order.lines), leftover(order)) == (Decimal(3), 1, 0)


def test_refunded_tip_is_the_part_of_a_refund_that_has_no_line() -> None:
    body = body_of(REFUND)
    back = {
        "id": 1, "line_item_id": 99, "quantity": 1, "subtotal": 3.0, "total_tax": 0.0, "line_item": TIP_LINE,
        "subtotal_set": money("3.00"), "total_tax_set": money("0.00"),
    }  # fmt: skip
    transaction = {**body["transactions"][0], "amount": "31.62"}

    (refund,) = refunds_of(
        changed(REFUND, refund_line_items=[*body["refund_line_items"], back], transactions=[transaction])
    )

    assert (len(refund.lines), leftover(refund)) == (1, Decimal("3.00"))


def test_order_that_a_gift_card_paid_in_part_names_both_gateways() -> None:
    names = ["gift_card", "shopify_payments"]

    method = order_of(changed(PAID, payment_gateway_names=names)).payment_method

    assert (method.gateway, method.title) == ("shopify_payments", "gift_card, shopify_payments")


def test_business_order_without_an_email_is_read() -> None:
    order = order_of(
        changed(PAID, email=None, contact_email=None, customer=None, company={"id": 5}, po_number="PO-1")
    )

    assert (order.buyer.email, order.buyer.customer_id) == ("", None)


def test_level_without_a_quantity_makes_no_event() -> None:
    body = {"inventory_item_id": 1, "location_id": 2, "available": None, "updated_at": "2026-05-01T00:00:00Z"}
    delivery = webhook("shopify", "inventory_levels/update", json.dumps(body).encode())

    assert PLATFORMS["shopify"].read(delivery) == []
