"""Paid orders become sales receipts."""

from decimal import Decimal

import pytest

from tests.workers.play import CLEARING, Died, played
from tests.workers.stories import line, order, shipping
from workers.outcomes import Booked


def test_a1_paid_order_is_one_sales_receipt() -> None:
    play = played(number_prefix="W-")

    outcome = play.run("orders.paid", order(line("9.50", tax="0.76"), shipping=(shipping("5.00"),)))

    receipt = play.only("SalesReceipt")
    assert isinstance(outcome, Booked)
    assert receipt["TotalAmt"] == Decimal("15.26")
    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal("0.76")
    assert receipt["DocNumber"] == "W-1001"
    assert receipt["TxnDate"] == "2026-11-24"
    assert receipt["DepositToAccountRef"]["value"] == CLEARING
    assert receipt["PaymentRefNum"] == "ch_1"
    assert receipt["PrivateNote"].startswith("counterfoil:acme-woo:order:1001\n")
    assert play.balance(CLEARING) == Decimal("15.26")


def test_second_delivery_of_the_same_order_creates_nothing() -> None:
    play = played()
    paid = order(line("9.50"))
    play.run("orders.paid", paid)

    play.run("orders.updated", paid)

    assert play.writes == []
    assert len(play.all("SalesReceipt")) == 1


def test_steady_shop_needs_one_write_and_no_read() -> None:
    play = played()
    play.run("orders.paid", order(line("9.50")))

    play.run("orders.paid", order(line("19.00", quantity="2"), order_id="1002", number="1002"))

    assert [write.name for write in play.writes] == ["sale"]
    assert play.finds == []


@pytest.mark.parametrize("writes", [0, 1], ids=["before-the-customer", "before-the-receipt"])
def test_death_at_any_write_still_gives_one_receipt_and_one_customer(writes: int) -> None:
    play = played()
    play.dies_after = writes
    with pytest.raises(Died):
        play.run("orders.paid", order(line("9.50")))
    play.dies_after = None

    play.run("orders.paid", order(line("9.50")))

    assert len(play.all("SalesReceipt")) == 1
    assert len(play.all("Customer")) == 1
