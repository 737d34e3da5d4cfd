"""Shopify refunds: alone or inside their order, with money or without."""

import json
from decimal import Decimal
from typing import Any

import pytest

from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from schemas.orders import Refund
from tests.events.stores.deliveries import changed, leftover, read, recorded, refunds_of, webhook

ALONE = "shopify/refunds_create__line_and_shipping"
IN_ORDER = "shopify/orders_updated__partly_refunded"


def test_refund_takes_its_sums_from_the_text_fields() -> None:
    (refund,) = refunds_of(read(ALONE))

    (line,) = refund.lines
    assert (str(line.total), str(line.tax), line.quantity, line.sku) == ("22.50", "1.80", 1, "VEST")
    assert [(share.tax, str(share.amount)) for share in line.taxes] == [
        ("State Tax 6%", "1.35"),
        ("City Tax 2%", "0.45"),
    ]


def test_negative_adjustment_is_refunded_shipping() -> None:
    (refund,) = refunds_of(read(ALONE))

    assert [(str(line.total), str(line.tax)) for line in refund.shipping] == [("4.00", "0.32")]
    assert (str(refund.total), str(refund.total_tax), leftover(refund)) == ("28.62", "2.12", 0)


def test_money_and_its_reference_come_from_the_transaction() -> None:
    (refund,) = refunds_of(read(ALONE))

    assert refund.money_returned
    assert (refund.payment_method.gateway, refund.payment_method.transaction_id) == (
        "shopify_payments",
        "re_77",
    )


def test_refund_alone_and_inside_its_order_are_one_event() -> None:
    (alone,) = read(ALONE)
    order, inside = read(IN_ORDER)

    assert (alone.id, alone.time, alone.partitionkey) == (inside.id, inside.time, order.subject)
    assert (alone.data["lines"], alone.data["total"]) == (inside.data["lines"], inside.data["total"])


def test_refund_inside_its_order_knows_number_and_buyer() -> None:
    (refund,) = refunds_of(read(IN_ORDER))

    assert (refund.order_number, refund.buyer.email, refund.sequence) == ("1205", "tomas@example.net", 1)


def test_refund_in_a_later_update_is_the_same_event() -> None:
    later = changed(IN_ORDER, note="called", updated_at="2026-05-01T00:00:00Z")

    assert later[0].id != read(IN_ORDER)[0].id
    assert later[1].id == read(IN_ORDER)[1].id


def test_refund_without_money_is_left_to_its_order() -> None:
    assert read("shopify/refunds_create__without_money") == []


@pytest.mark.parametrize(
    "transaction",
    [
        {"kind": "refund", "status": "failure", "amount": "28.62"},
        {"kind": "void", "status": "success", "amount": "28.62"},
        {"kind": "refund", "status": "success", "amount": "0.00"},
    ],
    ids=["failed", "void", "zero"],
)
def test_transaction_that_gives_nothing_back_is_no_money(transaction: dict[str, str]) -> None:
    assert changed(ALONE, transactions=[transaction]) == []


def test_refund_through_the_test_gateway_makes_no_event() -> None:
    body = json.loads(recorded(ALONE).body)
    body["transactions"][0]["test"] = True

    assert changed(ALONE, transactions=body["transactions"]) == []


def test_less_money_than_the_lines_say_is_the_refund_s_total() -> None:
    body = json.loads(recorded(ALONE).body)
    body["transactions"][0]["amount"] = "10.00"

    (refund,) = refunds_of(changed(ALONE, transactions=body["transactions"]))

    assert (str(refund.total), str(leftover(refund))) == ("10.00", "-18.62")


def test_money_in_the_buyer_s_currency_does_not_set_the_total() -> None:
    body = json.loads(recorded(ALONE).body)
    body["transactions"][0].update(amount="41.07", currency="CAD")

    (refund,) = refunds_of(changed(ALONE, transactions=body["transactions"]))

    assert (refund.currency, str(refund.total), refund.money_returned) == ("USD", "28.62", True)


def test_included_tax_shows_in_the_money_that_went_back() -> None:
    body = json.loads(recorded(ALONE).body)
    body["transactions"][0]["amount"] = "22.50"

    (refund,) = refunds_of(changed(ALONE, transactions=body["transactions"], order_adjustments=[]))

    assert (str(refund.lines[0].total), str(refund.lines[0].tax), leftover(refund)) == ("20.70", "1.80", 0)


def test_shipping_lines_of_new_versions_replace_the_adjustment() -> None:
    shipping = {
        "id": 3,
        "subtotal_amount_set": {"shop_money": {"amount": "4.00", "currency_code": "USD"}},
        "tax_amount_set": {"shop_money": {"amount": "0.32", "currency_code": "USD"}},
        "shipping_line": {"id": 69, "title": "Standard", "tax_lines": []},
    }

    (refund,) = refunds_of(changed(ALONE, refund_shipping_lines=[shipping]))

    assert [(line.line_id, str(line.total)) for line in refund.shipping] == [("69", "4.00")]
    assert leftover(refund) == 0


def test_discrepancy_without_lines_is_the_refund_s_total() -> None:
    discrepancy = {"id": 1, "kind": "refund_discrepancy", "amount": "-7.50", "tax_amount": "0.00"}
    money = {"kind": "refund", "status": "success", "amount": "9", "currency": "CAD", "gateway": "x"}

    (refund,) = refunds_of(
        changed(ALONE, refund_line_items=[], order_adjustments=[discrepancy], transactions=[money])
    )

    assert (str(refund.total), refund.lines) == ("7.50", ())


@pytest.mark.parametrize(
    ("restock_type", "restocked"),
    [("return", True), ("cancel", True), ("legacy_restock", True), ("no_restock", False), (None, False)],
)
def test_goods_are_back_on_the_shelf_only_if_the_store_says_so(
    restock_type: str | None, restocked: bool
) -> None:
    body = json.loads(recorded(ALONE).body)
    body["refund_line_items"][0]["restock_type"] = restock_type

    (refund,) = refunds_of(changed(ALONE, refund_line_items=body["refund_line_items"]))

    assert refund.lines[0].restocked is restocked


@pytest.mark.parametrize(
    ("values", "problem"),
    [({"order_id": None}, "The refund's order has no id"), ({"id": None}, "The refund has no id")],
)
def test_refund_that_names_no_order_is_unreadable(values: dict[str, object], problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        changed(ALONE, **values)


def test_refund_without_any_currency_is_unreadable() -> None:
    body = {
        "id": 1,
        "order_id": 2,
        "created_at": "2026-01-01T00:00:00Z",
        "transactions": [{"kind": "refund"}],
    }
    body["transactions"] = [{"kind": "refund", "status": "success", "amount": "1.00"}]

    with pytest.raises(Unreadable, match="does not name its currency"):
        PLATFORMS["shopify"].read(webhook("shopify", "refunds/create", json.dumps(body).encode()))


def to_gateways(*parts: tuple[str, str]) -> list[Refund]:
    """The refund of one order, given back by these gateways."""
    body = json.loads(recorded("shopify/orders_updated__partly_refunded").body)
    sample = body["refunds"][0]["transactions"][0]
    transactions = [{**sample, "gateway": gateway, "amount": amount} for gateway, amount in parts]
    refunds = [{**body["refunds"][0], "transactions": transactions}]
    return refunds_of(changed("shopify/orders_updated__partly_refunded", refunds=refunds))


def test_a28_refund_to_a_gift_card_names_it_as_the_gateway() -> None:
    (refund,) = to_gateways(("gift_card", "28.62"))

    assert (refund.payment_method.gateway, refund.store_credit) == ("gift_card", refund.total)


def test_a28_part_that_went_to_store_credit_is_told_beside_the_money() -> None:
    (refund,) = to_gateways(("shopify_store_credit", "8.62"), ("shopify_payments", "20.00"))

    assert refund.payment_method.gateway == "shopify_payments"
    assert (refund.total, refund.store_credit) == (Decimal("28.62"), Decimal("8.62"))


@pytest.mark.parametrize(
    "tax_lines", [[], [{"title": "VAT", "rate": 0.05, "price": "1.12"}]], ids=["none", "another"]
)
def test_refund_alone_whose_shipping_bore_a_tax_that_no_line_names_is_told_by_its_order(
    tax_lines: list[dict[str, Any]],
) -> None:
    body = json.loads(recorded(ALONE).body)
    body["refund_line_items"][0]["line_item"]["tax_lines"] = tax_lines

    alone = PLATFORMS["shopify"].read(webhook("shopify", "refunds/create", json.dumps(body).encode()))

    assert alone == []
