"""Bundles (A78): a group of parts plus what the price differs, or one item; the stock of the parts moves once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.inventory import Product, StockLevel, Variant
from schemas.orders import TaxShare
from tests.ops.sandbox.company.documents import trial_balance_difference
from tests.workers.play import CLEARING, NOON, Play, played
from tests.workers.stories import back, line, money, order, refund, unpaid
from workers.errors import ItemUnmapped, ProductUnknown
from workers.outcomes import Booked, Skipped

LATER = NOON + timedelta(hours=1)
SET, MUG, NOTEBOOK, HANDLING = "14", "13", "6", "8"
"""The sandbox's bundle "Camp Set": two tin mugs of 11.99 and a field notebook of 9.50, 33.48 in all."""

AS_PARTS: dict[str, Any] = {"bundles": {"CAMP-SET": SET}, "items": {"bundle": HANDLING}}
SOLD = line("30.00", sku="CAMP-SET")


def on_hand(play: Play, item: str = MUG) -> Decimal:
    return Decimal(play.books.read("Item", item)["QtyOnHand"])


def group(document: dict[str, Any]) -> dict[str, Any]:
    (found,) = (row for row in document["Line"] if row["DetailType"] == "GroupLineDetail")
    return found


def differences(document: dict[str, Any]) -> list[Decimal]:
    """Amounts of the lines on the item for the difference."""
    details = [
        (row["Amount"], row.get("SalesItemLineDetail", {}).get("ItemRef", {})) for row in document["Line"]
    ]
    return [amount for amount, item in details if item.get("value") == HANDLING]


def test_a78_bundle_is_a_group_line_and_an_adjustment_to_the_orders_total() -> None:
    play = played(**AS_PARTS)

    play.run("orders.paid", order(SOLD))

    receipt = play.only("SalesReceipt")
    detail = group(receipt)["GroupLineDetail"]
    assert (detail["GroupItemRef"]["value"], detail["Quantity"]) == (SET, 1)
    assert [(row["SalesItemLineDetail"]["ItemRef"]["value"], row["Amount"]) for row in detail["Line"]] == [
        (MUG, Decimal("23.98")),
        (NOTEBOOK, Decimal("9.50")),
    ]
    assert (differences(receipt), receipt["TotalAmt"]) == ([Decimal("-3.48")], Decimal("30.00"))
    assert on_hand(play) == 98
    assert play.balance(CLEARING) == Decimal("30.00")
    assert trial_balance_difference(play.books) == 0


@pytest.mark.parametrize(
    ("price", "quantity", "left"),
    [("33.48", "1", []), ("66.96", "2", []), ("100.00", "3", ["-0.44"]), ("0.00", "1", ["-33.48"])],
    ids=["same-price", "two", "dearer-with-cents", "free"],
)
def test_a78_total_is_the_orders_whatever_its_price(price: str, quantity: str, left: list[str]) -> None:
    play = played(**AS_PARTS)

    play.run("orders.paid", order(line(price, sku="CAMP-SET", quantity=quantity)))

    receipt = play.only("SalesReceipt")
    assert receipt["TotalAmt"] == money(price)
    assert differences(receipt) == [money(one) for one in left]
    assert on_hand(play) == 100 - 2 * int(quantity)


def test_a78_tax_is_that_of_the_bundle_in_the_us_and_with_inclusive_prices() -> None:
    us = played(**AS_PARTS)
    us.run("orders.paid", order(line("30.00", sku="CAMP-SET", tax="2.40")))
    uk = played("GB", **AS_PARTS, taxes={"VAT 20%": "3"}, untaxed_code="1")
    share = (TaxShare(tax="VAT 20%", amount=money("5.00")),)
    vat = line("25.00", sku="CAMP-SET", tax="5.00", taxes=share)

    uk.run("orders.paid", order(vat, currency="GBP", prices_include_tax=True))

    for play in (us, uk):
        receipt = play.only("SalesReceipt")
        tax = "2.40" if play is us else "5.00"
        assert receipt["TxnTaxDetail"]["TotalTax"] == money(tax)
        assert receipt["TotalAmt"] == money("32.40" if play is us else "30.00")
        assert trial_balance_difference(play.books) == 0


def test_a78_bundle_as_one_item_moves_no_stock() -> None:
    play = played(products={"CAMP-SET": NOTEBOOK})

    play.run("orders.paid", order(SOLD))

    receipt = play.only("SalesReceipt")
    assert receipt["TotalAmt"] == Decimal("30.00")
    assert receipt["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == NOTEBOOK
    assert on_hand(play) == 100


def test_a78_sku_of_a_bundle_that_nobody_chose_is_an_error_with_the_choice() -> None:
    play = played()
    row = play.books.books.store.rows("Item")[SET]
    play.books.books.store.rows("Item")[SET] = {**row, "Sku": "CAMP-SET"}

    with pytest.raises(ProductUnknown) as raised:
        play.run("orders.paid", order(SOLD))

    assert "bundle" in str(raised.value)
    assert raised.value.fix == f"counterfoil connections set acme-woo bundles.CAMP-SET={SET}"


def test_a78_difference_without_an_item_for_it_stops_before_anything_is_written() -> None:
    play = played(bundles={"CAMP-SET": SET})

    with pytest.raises(ItemUnmapped) as raised:
        play.run("orders.paid", order(SOLD))

    assert raised.value.fix == "counterfoil connections set acme-woo items.bundle=ID"
    assert play.writes == []


@pytest.mark.parametrize("item", [NOTEBOOK, "999"], ids=["no-bundle", "gone"])
def test_a78_what_is_no_bundle_is_said(item: str) -> None:
    play = played(bundles={"CAMP-SET": item})

    with pytest.raises(ProductUnknown, match="is no bundle, or it is gone"):
        play.run("orders.paid", order(SOLD))


def test_a78_returned_bundle_brings_the_stock_of_its_parts_back_once() -> None:
    play = played(**AS_PARTS)
    play.run("orders.paid", order(SOLD))

    play.run("orders.refunded", refund(back(SOLD)), time=LATER)

    assert play.only("RefundReceipt")["TotalAmt"] == Decimal("30.00")
    assert (on_hand(play), play.balance(CLEARING)) == (100, 0)


def test_a78_bundle_that_did_not_come_back_moves_no_stock() -> None:
    play = played(**AS_PARTS)
    play.run("orders.paid", order(SOLD))

    play.run("orders.refunded", refund(back(SOLD, restocked=False)), time=LATER)

    assert (on_hand(play), play.balance(CLEARING)) == (98, 0)


def test_a78_cancelled_sale_takes_parts_and_difference_back() -> None:
    play = played(**AS_PARTS)
    play.run("orders.paid", order(SOLD, line("9.50")))
    play.run("orders.refunded", refund(back(line("9.50"))), time=LATER)

    play.run("orders.cancelled", order(SOLD, line("9.50"), lifecycle="cancelled"), time=LATER)

    assert (on_hand(play), play.balance(CLEARING)) == (100, 0)
    assert trial_balance_difference(play.books) == 0


def test_a78_open_invoice_with_a_bundle_is_edited_in_place() -> None:
    play = played(**AS_PARTS)
    play.run("orders.created", unpaid(SOLD))

    play.run("orders.edited", unpaid(line("60.00", sku="CAMP-SET", quantity="2")), time=LATER)

    assert play.only("Invoice")["TotalAmt"] == Decimal("60.00")
    assert on_hand(play) == 96


def test_a78_parts_are_read_once_a_day() -> None:
    play = played(**AS_PARTS)
    play.run("orders.paid", order(SOLD))
    first = len(play.finds)

    play.run("orders.paid", order(SOLD, order_id="2", number="2"))
    same_day = len(play.finds)
    play.run("orders.paid", order(SOLD, order_id="3", number="3"), time=NOON + timedelta(days=2))

    assert (first, same_day, len(play.finds)) == (3, 0, 2)


def level(quantity: str) -> StockLevel:
    return StockLevel(item_id="55", sku="TIN-MUG", quantity=Decimal(quantity), updated_at=LATER)


def test_a78_sale_of_a_bundle_and_the_level_of_its_part_count_once() -> None:
    play = played(**AS_PARTS)
    play.run("orders.paid", order(SOLD))

    outcome = play.run("inventory.level_changed", level("98"), time=LATER)

    assert isinstance(outcome, Booked)
    assert (play.writes, on_hand(play)) == ([], 98)


def test_a78_level_of_a_part_knows_the_bundle_whose_sale_has_failed() -> None:
    play = played(bundles={"CAMP-SET": SET})
    with pytest.raises(ItemUnmapped):
        play.run("orders.paid", order(SOLD))
    play.run("inventory.level_changed", level("98"), time=LATER)
    before = on_hand(play)
    play.set(items={"bundle": HANDLING})

    play.run("orders.paid", order(SOLD))

    assert (before, on_hand(play)) == (100, 98)


def test_a78_product_that_is_a_bundle_is_never_changed_and_has_no_level() -> None:
    play = played(**AS_PARTS)
    camp = Variant(variant_id="77", sku="CAMP-SET", price=money("30.00"), stock=Decimal(4))
    for name, at in (("Camp set", NOON), ("Camp set for two", LATER)):
        product = Product(product_id="77", name=name, variants=(camp,), updated_at=at)
        play.run("inventory.product_updated", product, time=at)

    told = StockLevel(item_id="77", sku="CAMP-SET", quantity=Decimal(4), updated_at=LATER)
    assert play.run("inventory.level_changed", told, time=LATER) == Skipped("stock_not_tracked")
    assert play.writes == []
