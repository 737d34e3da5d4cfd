"""What WooCommerce's bodies hold that nobody would guess, each by its name."""

import json
from decimal import Decimal
from typing import Any

import pytest

from events.stores.platform import Unreadable
from tests.events.stores.deliveries import changed, leftover, order_of, read, recorded, refunds_of

PLAIN = "woocommerce/order.created__two_taxes_and_discounts"
WHOLE = "woocommerce/order.updated__refunded_whole"
PARTIAL = "woocommerce/order.updated__two_partial_refunds"


def body_of(fixture: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(recorded(fixture).body)
    return body


def line(**values: Any) -> dict[str, Any]:
    """A line without tax."""
    plain = {
        "id": 1,
        "name": "Rug",
        "product_id": 9,
        "quantity": 1,
        "sku": "RUG",
        "subtotal": "5.00",
        "total": "5.00",
    }
    return {**plain, **values}


def only(line_items: list[dict[str, Any]], total: str, **values: Any) -> dict[str, Any]:
    """An order of just these lines."""
    without = {"tax_lines": [], "shipping_lines": [], "fee_lines": [], "total_tax": "0"}
    return {**without, "line_items": line_items, "total": total, **values}


def test_currency_that_is_no_iso_code_is_kept() -> None:
    assert order_of(changed(PLAIN, currency="IRT")).currency == "IRT"


@pytest.mark.parametrize("written", ["4450000", "2.000", "31.20", "0.123456"])
def test_decimals_follow_the_shops_settings(written: str) -> None:
    order = order_of(changed(PLAIN, **only([line(subtotal=written, total=written)], written)))

    assert (str(order.total), str(order.lines[0].total), leftover(order)) == (written, written, 0)


def test_line_of_a_deleted_product_has_no_product() -> None:
    (sold,) = order_of(changed(PLAIN, **only([line(product_id=0, sku=None)], "5.00"))).lines

    assert (sold.product_id, sold.sku, sold.name) == (None, "", "Rug")


def test_quantity_may_be_a_fraction() -> None:
    (sold,) = order_of(changed(PLAIN, **only([line(quantity=0.333)], "5.00"))).lines

    assert sold.quantity == Decimal("0.333")


def test_unrounded_price_is_never_used() -> None:
    (sold,) = order_of(changed(PLAIN, **only([line(price=17.647059, quantity=3)], "5.00"))).lines

    assert (str(sold.subtotal), str(sold.total)) == ("5.00", "5.00")


def test_order_of_fees_alone_is_read() -> None:
    fee = {"id": 3, "name": "Deposit", "total": "20.00", "total_tax": "0.00", "taxes": []}

    order = order_of(changed(PLAIN, **only([], "20.00", fee_lines=[fee])))

    assert (order.lines, leftover(order)) == ((), 0)


def test_several_shipping_lines_each_stand() -> None:
    parcels = [
        {"id": number, "method_title": f"Parcel {number}", "total": "4.00", "total_tax": "0", "taxes": []}
        for number in (1, 2)
    ]

    order = order_of(changed(PLAIN, **only([line()], "13.00", shipping_lines=parcels)))

    assert [charge.name for charge in order.shipping] == ["Parcel 1", "Parcel 2"]
    assert leftover(order) == 0


def test_orders_own_tax_counts_where_rounded_lines_miss_it() -> None:
    taxed = line(total_tax="0.13", taxes=[{"id": 3, "total": "0.134"}])
    tax = {"rate_id": 3, "label": "VAT", "rate_percent": 5, "tax_total": "0.27", "shipping_tax_total": "0.00"}

    order = order_of(
        changed(PLAIN, **only([taxed, {**taxed, "id": 2}], "10.27", total_tax="0.27", tax_lines=[tax]))
    )

    assert (str(order.total_tax), [str(one.amount) for one in order.taxes]) == ("0.27", ["0.27"])


@pytest.mark.parametrize("status", ["awaiting-pickup", "wc-awaiting-pickup"])
def test_status_of_a_plugin_is_kept_and_its_order_is_open(status: str) -> None:
    order = order_of(changed(PLAIN, status=status))

    assert (order.store_status, order.lifecycle) == ("awaiting-pickup", "open")


def test_total_of_a_refunded_order_is_not_reduced() -> None:
    order = order_of(read(WHOLE))

    assert (order.store_status, order.total) == ("refunded", refunds_of(read(WHOLE))[0].total)


def test_list_of_refunds_that_php_made_an_object_counts_all() -> None:
    listed = {str(index): row for index, row in enumerate(body_of(PARTIAL)["refunds"], start=3)}

    assert len(refunds_of(changed(PARTIAL, refunds=listed))) == 2


def test_children_of_a_bundle_without_a_price_stay_lines_of_their_own() -> None:
    child = line(id=2, name="Fringe", sku="FRINGE", subtotal="0.00", total="0.00", bundled_by=1)

    order = order_of(changed(PLAIN, **only([line(), child], "5.00")))

    assert [(sold.sku, str(sold.total)) for sold in order.lines] == [("RUG", "5.00"), ("FRINGE", "0.00")]


def test_meta_of_any_type_changes_nothing() -> None:
    meta = [{"key": "a", "value": {"b": [1]}}, {"key": "c", "value": None}, "odd", {"key": 5, "value": True}]

    assert order_of(changed(PLAIN, meta_data=meta)) == order_of(read(PLAIN))


def test_object_without_an_id_is_unreadable() -> None:
    with pytest.raises(Unreadable, match='The order has no id: "id" is "None"'):
        changed(PLAIN, id=None)
