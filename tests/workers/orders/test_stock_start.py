"""Sales older than the stock of their item (A77): held by default; the item's day or the sale's moves by setting."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.ops.sandbox.company.documents import trial_balance_difference
from tests.workers.play import NOON, Play, played
from tests.workers.stories import back, line, order, refund, unpaid
from workers.errors import BeforeStockStart
from workers.steps import Write

LATER = NOON + timedelta(hours=1)
MUG, KETTLE = "13", "11"
SOLD = line("23.98", sku="TIN-MUG", quantity="2")
BEGINS = "2026-11-26"


def begins(play: Play, item_id: str, day: str) -> None:
    """Somebody set the item up late."""
    item = play.books.read("Item", item_id)
    key = {"Id": item_id, "SyncToken": item["SyncToken"], "sparse": True}
    play.books.update("Item", {**key, "InvStartDate": day})


def late(**settings: Any) -> Play:
    play = played(**settings)
    begins(play, MUG, BEGINS)
    return play


def test_a77_held_sale_names_item_both_days_and_the_choice() -> None:
    play = late()

    with pytest.raises(BeforeStockStart) as raised:
        play.run("orders.paid", order(SOLD))

    message = str(raised.value)
    assert "Order 1001 is of 2026-11-24" in message
    assert "Tin Mug (TIN-MUG) begins on 2026-11-26" in message
    assert raised.value.cause == f"item {MUG}"
    assert raised.value.fix == "counterfoil connections set acme-woo sale_before_stock=move_item"
    assert play.all("SalesReceipt") == []


def test_a77_fails_is_fixed_and_retried_with_the_items_day_moved() -> None:
    play = late()
    with pytest.raises(BeforeStockStart):
        play.run("orders.paid", order(SOLD))
    play.set(sale_before_stock="move_item")

    play.run("orders.paid", order(SOLD))

    assert play.only("SalesReceipt")["TxnDate"] == "2026-11-24"
    mug = play.books.read("Item", MUG)
    assert (mug["InvStartDate"], mug["QtyOnHand"]) == ("2026-11-24", 98)
    assert trial_balance_difference(play.books) == 0


def test_a77_fails_is_fixed_and_retried_with_the_sales_day_moved() -> None:
    play = late()
    with pytest.raises(BeforeStockStart):
        play.run("orders.paid", order(SOLD))
    play.set(sale_before_stock="move_sale")

    play.run("orders.paid", order(SOLD))

    receipt = play.only("SalesReceipt")
    assert (receipt["TxnDate"], receipt["TotalAmt"]) == (BEGINS, Decimal("23.98"))
    assert 'Dated 2026-11-26: the stock of "Tin Mug" begins then' in receipt["PrivateNote"]
    assert play.books.read("Item", MUG)["InvStartDate"] == BEGINS


def test_a77_sale_of_two_late_items_moves_both_or_waits_for_the_later() -> None:
    lines = (SOLD, line("32.00", sku="KETTLE"))
    moved = late(sale_before_stock="move_item")
    begins(moved, KETTLE, "2026-12-24")
    waits = late(sale_before_stock="move_sale")
    begins(waits, KETTLE, "2026-12-24")

    moved.run("orders.paid", order(*lines))
    waits.run("orders.paid", order(*lines))

    assert {moved.books.read("Item", one)["InvStartDate"] for one in (MUG, KETTLE)} == {"2026-11-24"}
    assert waits.only("SalesReceipt")["TxnDate"] == "2026-12-24"


def test_a77_goods_that_come_back_before_the_stock_begins_follow_the_same_rule() -> None:
    play = played(sale_before_stock="move_sale")
    play.run("orders.paid", order(SOLD))
    begins(play, MUG, "2026-11-24")
    given = refund(back(SOLD), created_at=NOON - timedelta(days=2))

    play.run("orders.refunded", given, time=LATER)

    assert play.only("RefundReceipt")["TxnDate"] == "2026-11-24"
    assert play.books.read("Item", MUG)["QtyOnHand"] == 100


def test_a77_item_that_a_person_changes_at_the_same_time_is_read_again() -> None:
    play = late(sale_before_stock="move_item")

    def rename(step: Write) -> None:
        if step.entity == "Item":
            play.before_write = None
            mug = play.books.read("Item", MUG)
            key = {"Id": MUG, "SyncToken": mug["SyncToken"], "sparse": True}
            play.books.update("Item", {**key, "Description": "Enamelled"})

    play.before_write = rename

    play.run("orders.paid", order(SOLD))

    mug = play.books.read("Item", MUG)
    assert (mug["InvStartDate"], mug["Description"]) == ("2026-11-24", "Enamelled")


def test_a77_edit_that_adds_a_late_item_is_held_and_then_booked_anew() -> None:
    play = late()
    play.run("orders.created", unpaid(line("9.50")))
    edited = unpaid(line("9.50"), SOLD)
    with pytest.raises(BeforeStockStart) as raised:
        play.run("orders.edited", edited, time=LATER)
    play.set(sale_before_stock="move_item")

    play.run("orders.edited", edited, time=LATER)

    assert raised.value.fix.endswith("sale_before_stock=move_item")
    balances = {row["DocNumber"]: row["Balance"] for row in play.all("Invoice")}
    assert sorted(balances.values()) == [0, Decimal("33.48")]
    assert trial_balance_difference(play.books) == 0


def test_a77_moved_out_of_a_closed_period_and_onto_the_first_day_of_stock() -> None:
    play = late(sale_before_stock="move_sale", closed_period="first_open_day")
    play.books.settings.closed_books_date = NOON.date()

    play.run("orders.paid", order(SOLD))

    receipt = play.only("SalesReceipt")
    assert receipt["TxnDate"] == BEGINS
    assert "Dated 2026-11-25: the books" in receipt["PrivateNote"]
