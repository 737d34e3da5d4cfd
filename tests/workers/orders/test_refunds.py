"""Refunds: whole, in parts, of invoices, before their sale, taken back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.orders import RefundRemoved
from tests.workers.play import CLEARING, NOON, Died, Play, played
from tests.workers.stories import back, line, money, order, refund, shipping, unpaid
from workers.errors import ItemUnmapped, TotalsDiffer, WaitsForSale
from workers.outcomes import Booked, Skipped

LATER = NOON + timedelta(days=1)
SOLD = line("9.50", quantity="1", tax="0.76")


def sold(**settings: Any) -> Play:
    """A shop with one paid order of a notebook (tax 0.76) and shipping (5.00)."""
    play = played(**settings)
    play.run("orders.paid", order(SOLD, shipping=(shipping("5.00"),)))
    return play


def test_a4_full_refund_is_a_refund_receipt_out_of_the_same_account() -> None:
    play = sold()

    play.run("orders.refunded", refund(back(SOLD), shipping=(shipping("5.00"),)), time=LATER)

    receipt = play.only("RefundReceipt")
    assert receipt["TotalAmt"] == Decimal("15.26")
    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal("0.76")
    assert receipt["DocNumber"] == "1001-R1"
    assert receipt["DepositToAccountRef"]["value"] == CLEARING
    assert receipt["PrivateNote"].startswith("counterfoil:acme-woo:refund:9\nRefund of SalesReceipt 1001")
    assert play.only("SalesReceipt")["TotalAmt"] == Decimal("15.26")
    assert play.balance(CLEARING) == 0


def test_a4_second_refund_has_the_next_number_whatever_the_store_counts() -> None:
    play = sold()
    play.run("orders.refunded", refund(total=money("2.00")), time=LATER)

    play.run("orders.refunded", refund(refund_id="10", total=money("3.00")), time=LATER)

    assert {row["DocNumber"] for row in play.all("RefundReceipt")} == {"1001-R1", "1001-R2"}


def test_a5_part_that_belongs_to_no_line_goes_to_the_adjustment_item() -> None:
    play = sold()

    play.run("orders.refunded", refund(back(SOLD), total=money("12.26")), time=LATER)

    receipt = play.only("RefundReceipt")
    rows = [
        (row["SalesItemLineDetail"]["ItemRef"]["value"], row["Amount"])
        for row in receipt["Line"]
        if row["DetailType"] == "SalesItemLineDetail"
    ]
    assert rows == [("6", Decimal("9.50")), ("12", Decimal("2.00"))]
    assert receipt["TotalAmt"] == Decimal("12.26")


def test_a5_refund_of_less_than_its_lines_is_booked_as_the_money_that_moved() -> None:
    play = sold()

    play.run("orders.refunded", refund(back(SOLD), total=money("8.26")), time=LATER)

    assert play.only("RefundReceipt")["TotalAmt"] == Decimal("8.26")


def test_a5_adjustment_without_an_item_names_the_setting() -> None:
    play = sold(items={"refund_adjustment": ""})

    with pytest.raises(ItemUnmapped) as raised:
        play.run("orders.refunded", refund(total=money("2.00")), time=LATER)

    assert raised.value.fix == "counterfoil connections set acme-woo items.refund_adjustment=ID"


@pytest.mark.parametrize(("restocked", "quantity"), [(True, 100), (False, 98)], ids=["restocked", "not"])
def test_a5_stock_returns_only_if_the_store_says_restocked(restocked: bool, quantity: int) -> None:
    play = played()
    mugs = line("23.98", sku="TIN-MUG", quantity="2")
    play.run("orders.paid", order(mugs))

    play.run("orders.refunded", refund(back(mugs, restocked=restocked)), time=LATER)

    assert play.books.read("Item", "13")["QtyOnHand"] == quantity
    assert play.only("RefundReceipt")["TotalAmt"] == Decimal("23.98")


def test_a6_credit_on_an_open_invoice_is_applied_to_it() -> None:
    play = played()
    play.run("orders.created", unpaid(line("30.00")))

    play.run("orders.refunded", refund(back(line("10.00")), money_returned=False), time=LATER)

    assert play.only("CreditMemo")["RemainingCredit"] == 0
    assert play.only("Invoice")["Balance"] == Decimal("20.00")
    assert play.all("RefundReceipt") == []


def test_a6_what_is_paid_later_is_only_what_is_left() -> None:
    play = played()
    play.run("orders.created", unpaid(line("30.00")))
    play.run("orders.refunded", refund(back(line("10.00")), money_returned=False), time=LATER)

    paid = order(line("30.00"), amount_paid=money("20.00"))
    play.run("orders.paid", paid, time=LATER + timedelta(hours=1))

    assert play.only("Invoice")["Balance"] == 0
    assert sum(row["UnappliedAmt"] for row in play.all("Payment")) == 0


def test_a6_money_back_of_a_paid_invoice_is_a_refund_receipt() -> None:
    play = played(document="invoice")
    play.run("orders.paid", order(SOLD))

    play.run("orders.refunded", refund(back(SOLD)), time=LATER)

    assert play.only("RefundReceipt")["TotalAmt"] == Decimal("10.26")
    assert play.all("CreditMemo") == []
    assert play.balance(CLEARING) == 0


def test_a12_refund_before_its_sale_waits() -> None:
    play = played()

    with pytest.raises(WaitsForSale) as raised:
        play.run("orders.refunded", refund(back(SOLD)))

    assert raised.value.delay_seconds > 0
    play.run("orders.paid", order(SOLD))
    assert isinstance(play.run("orders.refunded", refund(back(SOLD)), time=LATER), Booked)


def test_second_delivery_of_a_refund_creates_nothing() -> None:
    play = sold()
    play.run("orders.refunded", refund(back(SOLD)), time=LATER)

    play.run("orders.refunded", refund(back(SOLD)), time=LATER)

    assert play.writes == []
    assert len(play.all("RefundReceipt")) == 1


@pytest.mark.parametrize("writes", [0, 1], ids=["before-the-memo", "before-it-is-applied"])
def test_death_inside_a_credit_books_each_part_once(writes: int) -> None:
    play = played()
    play.run("orders.created", unpaid(line("30.00")))
    play.dies_after = writes
    credit = refund(back(line("10.00")), money_returned=False)
    with pytest.raises(Died):
        play.run("orders.refunded", credit, time=LATER)
    play.dies_after = None

    play.run("orders.refunded", credit, time=LATER)

    assert play.only("Invoice")["Balance"] == Decimal("20.00")
    assert len(play.all("CreditMemo")) == 1


def test_refund_larger_than_its_sale_is_refused() -> None:
    play = sold()

    with pytest.raises(TotalsDiffer, match=r"is 20\.00, but only 15\.26 of SalesReceipt 1001 is left"):
        play.run("orders.refunded", refund(total=money("20.00")), time=LATER)

    assert play.writes == []


def test_deleted_refund_leaves_the_books() -> None:
    play = sold()
    play.run("orders.refunded", refund(back(SOLD)), time=LATER)

    play.run("orders.refund_deleted", RefundRemoved(refund_id="9", order_id="1001"), time=LATER)

    assert play.all("RefundReceipt") == []
    assert play.balance(CLEARING) == Decimal("15.26")


def test_deleted_credit_opens_its_invoice_again() -> None:
    play = played()
    play.run("orders.created", unpaid(line("30.00")))
    play.run("orders.refunded", refund(back(line("10.00")), money_returned=False), time=LATER)

    play.run("orders.refund_deleted", RefundRemoved(refund_id="9", order_id="1001"), time=LATER)

    assert play.only("Invoice")["Balance"] == Decimal("30.00")
    assert play.all("CreditMemo") == []


def test_refund_that_comes_after_its_deletion_books_nothing() -> None:
    play = sold()
    play.run("orders.refund_deleted", RefundRemoved(refund_id="9", order_id="1001"), time=LATER)

    outcome = play.run("orders.refunded", refund(back(SOLD)), time=LATER)

    assert outcome == Skipped("refund_deleted")
    assert play.all("RefundReceipt") == []


def test_refund_with_inclusive_prices_gives_back_what_was_paid() -> None:
    play = played("AU", taxes={"GST 10%": "1"}, untaxed_code="2")
    bought = line("13.55", tax="1.35", tax_name="GST 10%")
    play.run("orders.paid", order(bought, currency="AUD", prices_include_tax=True))

    play.run("orders.refunded", refund(back(bought), currency="AUD"), time=LATER)

    assert play.only("RefundReceipt")["TotalAmt"] == Decimal("14.90")
    assert play.balance(CLEARING) == 0
