"""WooCommerce orders: amounts, payment, lifecycle, and the oddities of its bodies."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from events.stores.platform import Unreadable
from tests.events.stores.deliveries import assert_payload_fits, changed, leftover, order_of, read


def test_discounts_are_inside_the_lines_and_not_taken_off_again() -> None:
    order = order_of(read("woocommerce/order.created__two_taxes_and_discounts"))

    assert [(line.subtotal, line.total) for line in order.lines] == [
        (Decimal("24.00"), Decimal("21.60")),
        (Decimal("8.00"), Decimal("7.20")),
    ]
    assert leftover(order) == 0


def test_negative_fee_stays_a_negative_fee() -> None:
    order = order_of(read("woocommerce/order.created__two_taxes_and_discounts"))

    assert [(fee.name, fee.total, fee.tax) for fee in order.fees] == [
        ("Loyalty bonus", Decimal("-1.00"), Decimal("-0.10")),
        ("Gift wrap", Decimal("2.00"), Decimal("0.00")),
    ]


def test_each_tax_has_its_name_percent_and_sum_with_shipping() -> None:
    order = order_of(read("woocommerce/order.created__two_taxes_and_discounts"))

    assert [(tax.tax, tax.amount, tax.percent) for tax in order.taxes] == [
        ("State 5%", Decimal("1.69"), Decimal(5)),
        ("City 4%", Decimal("1.35"), Decimal(4)),
    ]
    assert [(share.tax, share.amount) for share in order.shipping[0].taxes] == [
        ("State 5%", Decimal("0.31")),
        ("City 4%", Decimal("0.24")),
    ]


def test_lines_are_net_also_where_prices_include_tax() -> None:
    order = order_of(read("woocommerce/order.updated__prices_include_tax"))

    assert order.prices_include_tax
    assert (order.lines[0].total, order.lines[0].tax, order.total) == (
        Decimal("30.25"),
        Decimal("6.35"),
        Decimal("36.60"),
    )
    assert leftover(order) == 0


def test_redeemed_gift_cards_explain_a_total_below_the_lines() -> None:
    order = order_of(read("woocommerce/order.updated__gift_cards"))

    assert order.gift_cards_redeemed == Decimal("35.00")
    assert leftover(order) == 0


def test_times_without_zone_are_utc() -> None:
    (event,) = read("woocommerce/order.created__two_taxes_and_discounts")

    assert event.time == datetime(2026, 3, 2, 9, 12, 31, tzinfo=UTC)
    assert order_of([event]).created_at == datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


@pytest.mark.parametrize("status", ["checkout-draft", "auto-draft", "draft", "trash", "wc-checkout-draft"])
def test_what_is_no_order_yet_makes_no_event(status: str) -> None:
    assert changed("woocommerce/order.updated__checkout_draft", status=status) == []


@pytest.mark.parametrize(
    ("status", "paid_at", "method", "state"),
    [
        ("processing", "2026-03-02T09:12:30", "stripe", "paid"),
        ("processing", None, "stripe", "paid"),
        ("processing", None, "cod", "unpaid"),
        ("completed", None, "cod", "paid"),
        ("on-hold", None, "bacs", "unpaid"),
        ("pending", None, "bacs", "unpaid"),
        ("packed", None, "bacs", "unpaid"),
        ("packed", "2026-03-02T09:12:30", "bacs", "paid"),
        ("refunded", "2026-03-02T09:12:30", "stripe", "paid"),
        ("cancelled", "2026-03-02T09:12:30", "stripe", "paid"),
    ],
)
def test_payment_follows_its_date_then_the_status(
    status: str, paid_at: str | None, method: str, state: str
) -> None:
    events = changed(
        "woocommerce/order.updated__cash_on_delivery",
        status=status,
        date_paid=paid_at,
        date_paid_gmt=paid_at,
        payment_method=method,
    )

    order = order_of(events)

    assert order.payment == state
    assert order.amount_paid == (order.total if state == "paid" else 0)


@pytest.mark.parametrize(
    ("status", "lifecycle"),
    [("cancelled", "cancelled"), ("failed", "draft"), ("pending", "open"), ("refunded", "open")],
)
def test_lifecycle_follows_the_status(status: str, lifecycle: str) -> None:
    order = order_of(changed("woocommerce/order.updated__cash_on_delivery", status=status))

    assert (order.lifecycle, order.store_status) == (lifecycle, status)


def test_guest_has_no_customer_id() -> None:
    order = order_of(changed("woocommerce/order.updated__gift_cards", customer_id=0))

    assert (order.buyer.customer_id, order.buyer.email) == (None, "mara@example.org")


def test_wrong_types_are_read_for_what_they_mean() -> None:
    (event,) = read("woocommerce/order.updated__odd_types")

    order = order_of([event])

    assert event.subject == "order/9007199254740997"
    assert [(line.line_id, line.quantity, line.sku, line.product_id) for line in order.lines] == [
        ("28", Decimal(1), "", "528"),
        ("29", Decimal("1.5"), "77", None),
    ]
    assert (order.total, order.prices_include_tax, leftover(order)) == (Decimal(13), False, 0)


def test_legacy_wrapper_reads_as_a_present_order() -> None:
    (event,) = read("woocommerce/order.updated__legacy_wrapper")

    order = order_of([event])

    assert (event.subject, order.number, order.payment) == ("order/77", "A-77", "paid")
    assert event.time == datetime(2016, 4, 2, 11, 30, tzinfo=UTC)
    assert (order.shipping[0].tax, order.taxes[0].tax) == (Decimal("0.30"), "Sales tax")
    assert (order.buyer.email, order.note, leftover(order)) == ("old@example.org", "ring twice", 0)


def test_error_object_of_the_rest_api_is_unreadable_and_says_what_to_do() -> None:
    with pytest.raises(Unreadable, match="administrator save the webhook again"):
        read("woocommerce/order.updated__rest_error")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"id": None}, "The order has no id"),
        ({"total": None}, "has no total"),
        ({"total": "12,50"}, '"total" is "12,50", which is no amount'),
        ({"total": "NaN"}, "which is no amount"),
        ({"total": "1e99"}, "which is no amount"),
        ({"currency": "dollars"}, "not a currency of three letters"),
        ({"line_items": "none"}, '"line_items" is "none", not a list of objects'),
        ({"line_items": {"12": {}}}, "A line item has no id"),
        ({"date_modified_gmt": {"date": "2026-03-02 10:00:00"}}, "which is no time"),
        ({"date_modified_gmt": "yesterday"}, "which is no time"),
        ({"id": "9" * 200}, "longer than 128"),
    ],
)
def test_body_that_cannot_be_booked_says_which_field_is_wrong(
    values: dict[str, object], problem: str
) -> None:
    with pytest.raises(Unreadable, match=problem):
        changed("woocommerce/order.updated__gift_cards", **values)


def test_every_payload_fits_its_event_type() -> None:
    for event in read("woocommerce/order.updated__two_partial_refunds"):
        assert_payload_fits(event)


def test_order_lists_the_refunds_that_stand() -> None:
    order = order_of(read("woocommerce/order.updated__two_partial_refunds"))
    without = order_of(changed("woocommerce/order.updated__two_partial_refunds", refunds=[]))

    assert order.refund_ids is not None
    assert len(order.refund_ids) == 2
    assert without.refund_ids == ()


def test_body_that_lists_no_refunds_says_nothing_of_deleted_ones() -> None:
    assert order_of(read("woocommerce/order.updated__legacy_wrapper")).refund_ids is None
    assert (
        order_of(changed("woocommerce/order.updated__two_partial_refunds", refunds=None)).refund_ids is None
    )


@pytest.mark.parametrize(
    ("meta", "rate"),
    [
        ({"stripe_exchange_rate": "1.33127", "order_exchange_rate": "0.8"}, "1.33127000"),
        ({"order_exchange_rate": 0.8}, "1.25000000"),
        ({"order_exchange_rate": "soon"}, None),
        ({}, None),
    ],
    ids=["stripe", "the-shops-own-is-the-other-way-round", "nonsense", "nothing"],
)
def test_a50_rate_that_woopayments_keeps_is_told(meta: dict[str, object], rate: str | None) -> None:
    rows = [{"key": f"_wcpay_multi_currency_{name}", "value": value} for name, value in meta.items()]
    rows.append({"key": "_wcpay_multi_currency_order_default_currency", "value": "USD"})

    order = order_of(changed("woocommerce/order.created__two_taxes_and_discounts", meta_data=rows))

    told = None if order.exchange_rate is None else (str(order.exchange_rate.rate), order.exchange_rate.into)
    assert told == (None if rate is None else (rate, "USD"))
