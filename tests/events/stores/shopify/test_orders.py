"""Shopify orders: amounts net of tax, payment, lifecycle, and the oddities of its bodies."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from events.stores.platform import Unreadable
from tests.events.stores.deliveries import changed, leftover, order_of, read, recorded, refunds_of

TWO_TAXES = "shopify/orders_paid__two_taxes"


def test_allocated_discounts_come_off_each_line_once() -> None:
    order = order_of(read(TWO_TAXES))

    assert [(str(line.subtotal), str(line.total)) for line in order.lines] == [
        ("59.97", "51.63"),
        ("10.00", "8.34"),
    ]
    assert leftover(order) == 0


def test_shipping_discount_comes_off_shipping() -> None:
    (shipping,) = order_of(read(TWO_TAXES)).shipping

    assert (str(shipping.total), str(shipping.tax)) == ("8.50", "0.21")


def test_taxes_are_named_by_title_and_rate() -> None:
    order = order_of(read(TWO_TAXES))

    assert [(tax.tax, str(tax.amount)) for tax in order.taxes] == [
        ("State Tax 6%", "3.81"),
        ("City Tax 1.5%", "0.90"),
    ]
    assert [(share.tax, str(share.amount)) for share in order.lines[1].taxes] == [
        ("State Tax 6%", "0.50"),
        ("City Tax 1.5%", "0.13"),
    ]


def test_tax_that_the_marketplace_remits_is_marked() -> None:
    tax = {"title": "State Tax", "rate": 0.06, "price": "4.71", "channel_liable": True}

    order = order_of(changed(TWO_TAXES, tax_lines=[tax]))

    assert [(tax.tax, tax.marketplace_liable) for tax in order.taxes] == [("State Tax 6%", True)]


def test_a45_share_of_a_line_that_the_marketplace_remits_stays_apart_from_the_merchants() -> None:
    body = json.loads(recorded(TWO_TAXES).body)
    for tax in body["line_items"][1]["tax_lines"]:
        tax["channel_liable"] = tax["title"] == "City Tax"

    line = order_of(changed(TWO_TAXES, line_items=body["line_items"])).lines[1]

    assert [(share.tax, share.marketplace_liable) for share in line.taxes] == [
        ("State Tax 6%", False),
        ("City Tax 1.5%", True),
    ]


def test_a2_agreed_day_of_payment_is_the_last_of_the_terms() -> None:
    days = ["2026-05-11T10:00:00-06:00", "2026-06-10T10:00:00-06:00"]
    terms = {"payment_schedules": [{"due_at": day} for day in days]}

    order = order_of(changed(TWO_TAXES, payment_terms=terms))

    assert order.due_at == datetime(2026, 6, 10, 16, tzinfo=UTC)


def test_included_tax_is_taken_out_so_that_the_sums_hold() -> None:
    order = order_of(read("shopify/orders_create__taxes_included"))

    (line,) = order.lines
    assert (str(line.total), str(line.tax), line.total + line.tax) == ("18.00", "3.78", Decimal("21.78"))
    assert line.subtotal == Decimal("20.00")  # 24.20 without 21 %
    assert str(order.shipping[0].total) == "4.13"
    assert leftover(order) == 0


def test_flat_amounts_are_the_shop_s_currency() -> None:
    order = order_of(read("shopify/orders_create__presentment_currency"))

    assert (order.currency, str(order.total), str(order.lines[0].total)) == ("AUD", "66.00", "60.00")
    assert leftover(order) == 0


def test_tip_duties_and_cash_rounding_have_their_places() -> None:
    order = order_of(read("shopify/orders_create__tip_duties_cash_rounding"))

    assert (order.tip, str(order.cash_rounding), str(order.total)) == (Decimal(3), "-0.02", "28.20")
    assert [(fee.name, str(fee.total), str(fee.tax)) for fee in order.fees] == [("Duties", "4.00", "0.20")]
    assert leftover(order) == 0


def test_gift_card_line_is_marked() -> None:
    (line,) = order_of(read("shopify/orders_create__gift_card_sold")).lines

    assert (line.gift_card, line.sku, line.product_id) == (True, "", None)


def test_sale_without_customer_or_address_is_a_guest_sale() -> None:
    order = order_of(read("shopify/orders_create__gift_card_sold"))

    assert (order.buyer.customer_id, order.buyer.email, order.buyer.billing.line1) == (None, "", "")
    assert order.number == "WEB-1208"


def test_old_order_discount_without_allocations_is_spread_over_the_lines() -> None:
    order = order_of(read("shopify/orders_create__old_api"))

    assert [str(line.total) for line in order.lines] == ["8.93", "16.07"]
    assert leftover(order) == 0


def test_offset_times_become_utc_and_the_booking_day_is_processed_at() -> None:
    events = changed(TWO_TAXES, processed_at="2026-01-31T23:30:00-05:00")

    assert order_of(events).created_at == datetime(2026, 2, 1, 4, 30, tzinfo=UTC)
    assert events[0].time == datetime(2026, 4, 11, 0, 30, 5, tzinfo=UTC)


def test_id_above_two_to_the_53_is_exact() -> None:
    (event,) = changed(TWO_TAXES, id=820982911946154509)

    assert event.subject == "order/820982911946154509"


def test_amounts_as_json_numbers_are_exact() -> None:
    (event,) = changed(TWO_TAXES, total_price=1234567.1)

    assert event.data["total"] == "1234567.1"


@pytest.mark.parametrize(
    ("status", "outstanding", "state", "amount"),
    [
        ("paid", "0.00", "paid", "300.00"),
        ("paid", None, "paid", "300.00"),
        ("pending", "300.00", "unpaid", "0"),
        ("authorized", "300.00", "unpaid", "0"),
        ("voided", "0.00", "unpaid", "0"),
        ("partially_paid", "180.00", "part_paid", "120.00"),
        ("partially_paid", None, "unpaid", "0"),
        ("partially_refunded", "0.00", "paid", "300.00"),
        ("refunded", "0.00", "paid", "300.00"),
        ("expired", None, "unpaid", "0"),
        (None, None, "unpaid", "0"),
        ("paid", "-20.00", "paid", "300.00"),
    ],
)
def test_payment_is_what_came_in(
    status: str | None, outstanding: str | None, state: str, amount: str
) -> None:
    order = order_of(
        changed("shopify/orders_updated__partly_paid", financial_status=status, total_outstanding=outstanding)
    )

    assert (order.payment, order.amount_paid) == (state, Decimal(amount))


def test_line_taken_off_before_payment_is_not_counted_as_paid() -> None:
    removed = {
        "id": 1,
        "created_at": "2026-04-10T19:00:00-06:00",
        "refund_line_items": [{"line_item_id": 74, "quantity": 1, "subtotal": "30.00", "total_tax": "0.00"}],
        "transactions": [],
    }

    events = changed(
        "shopify/orders_updated__partly_paid",
        financial_status="paid",
        total_outstanding="0.00",
        refunds=[removed],
    )

    assert (order_of(events).amount_paid, order_of(events).payment) == (Decimal("270.00"), "part_paid")
    assert not refunds_of(events)[0].money_returned


def test_gift_card_is_not_named_as_the_gateway_beside_another() -> None:
    order = order_of(read(TWO_TAXES))

    assert order.payment_method.gateway == "shopify_payments"


def test_cancelled_unpaid_order_is_one_event_though_its_lines_are_refunded() -> None:
    (event,) = read("shopify/orders_cancelled__unpaid")

    order = order_of([event])

    assert (event.type, order.lifecycle, order.payment) == ("orders.cancelled", "cancelled", "unpaid")


def test_cancelled_order_whose_money_went_back_is_cancelled_and_nothing_else() -> None:
    (event,) = read("shopify/orders_cancelled__refunded")

    order = order_of([event])

    assert (event.type, order.lifecycle, order.payment) == ("orders.cancelled", "cancelled", "paid")


def test_cancelled_order_of_which_the_shop_kept_a_part_is_undone_by_its_refund() -> None:
    body = json.loads(recorded("shopify/orders_cancelled__refunded").body)
    body["refunds"][0]["transactions"][0]["amount"] = "9.00"

    events = changed("shopify/orders_cancelled__refunded", refunds=body["refunds"])

    assert [event.type for event in events] == ["orders.updated", "orders.refunded"]
    assert (order_of(events).lifecycle, str(refunds_of(events)[0].total)) == ("open", "9.00")


def test_cancelled_paid_order_without_refund_is_cancelled() -> None:
    (event,) = changed("shopify/orders_cancelled__refunded", financial_status="paid", refunds=[])

    assert (event.type, order_of([event]).lifecycle) == ("orders.cancelled", "cancelled")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"id": 0}, "The order has no id"),
        ({"total_price": None}, "has no total_price"),
        ({"currency": None}, "not a currency of three letters"),
        ({"line_items": [1]}, '"line_items" is a list, not a list of objects'),
        ({"updated_at": "2026-04-10T18: 30"}, "which is no time"),
        ({"updated_at": "0001-01-01T00:00:00+14:00"}, "which is no time"),
        ({"refunds": [{"id": 4}]}, "Refund 4 has no created_at"),
    ],
)
def test_body_that_cannot_be_booked_says_which_field_is_wrong(
    values: dict[str, object], problem: str
) -> None:
    with pytest.raises(Unreadable, match=problem):
        changed(TWO_TAXES, **values)
