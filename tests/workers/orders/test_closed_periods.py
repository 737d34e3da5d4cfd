"""Closed books (A90): held by default, dated on the first open day by setting."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.workers.play import CLEARING, NOON, Play, played
from tests.workers.stories import back, line, money, order, refund, unpaid
from workers.errors import PeriodClosed

LATER = NOON + timedelta(hours=1)
SOLD = line("9.50", tax="0.76")
OPEN_DAY = "2026-12-01"


def closed(play: Play) -> None:
    """The bookkeeper closes November."""
    play.books.settings.closed_books_date = date(2026, 11, 30)


def moving(**settings: Any) -> Play:
    return played(closed_period="first_open_day", **settings)


def test_a90_held_order_names_the_setting_that_dates_it_otherwise() -> None:
    play = played()
    closed(play)

    with pytest.raises(PeriodClosed) as raised:
        play.run("orders.paid", order(SOLD))

    assert raised.value.fix == "counterfoil connections set acme-woo closed_period=first_open_day"
    assert play.all("SalesReceipt") == []


def test_a90_sale_and_refund_are_dated_on_the_first_open_day_and_say_so() -> None:
    play = moving()
    closed(play)

    play.run("orders.paid", order(SOLD))
    play.run("orders.refunded", refund(back(SOLD)), time=LATER)

    for document in (play.only("SalesReceipt"), play.only("RefundReceipt")):
        assert document["TxnDate"] == OPEN_DAY
        assert document["TotalAmt"] == Decimal("10.26")
        assert "Dated 2026-12-01: the books of 2026-11-2" in document["PrivateNote"]
    assert play.balance(CLEARING) == 0


def test_a90_moved_invoice_can_be_edited_afterwards() -> None:
    play = moving()
    closed(play)
    play.run("orders.created", unpaid(SOLD))

    play.run("orders.edited", unpaid(line("19.00", quantity="2", tax="1.52")), time=LATER)

    assert play.only("Invoice")["TotalAmt"] == Decimal("20.52")


def test_a90_payment_of_a_closed_day_is_dated_on_the_first_open_day() -> None:
    play = moving()
    play.run("orders.created", unpaid(SOLD))
    closed(play)

    play.run("orders.paid", order(SOLD), time=LATER)

    assert play.only("Payment")["TxnDate"] == OPEN_DAY
    assert play.only("Invoice")["Balance"] == 0


def test_a90_edited_invoice_of_a_closed_period_is_credited_and_booked_anew() -> None:
    play = moving(company={"custom_numbers": True})
    play.run("orders.created", unpaid(line("20.00")))
    closed(play)

    play.run("orders.edited", unpaid(line("30.00")), time=LATER)

    old, new = sorted(play.all("Invoice"), key=lambda row: int(row["Id"]))
    assert (old["TxnDate"], old["TotalAmt"], old["Balance"]) == ("2026-11-24", money("20.00"), 0)
    assert (new["TxnDate"], new["Balance"]) == (OPEN_DAY, money("30.00"))


def test_a90_cancelled_invoice_of_a_closed_period_is_credited_instead_of_voided() -> None:
    play = moving()
    play.run("orders.created", unpaid(line("20.00")))
    closed(play)

    play.run("orders.cancelled", unpaid(line("20.00"), lifecycle="cancelled"), time=LATER)

    invoice = play.only("Invoice")
    assert (invoice["TotalAmt"], invoice["Balance"]) == (money("20.00"), 0)
    assert play.only("CreditMemo")["TxnDate"] == OPEN_DAY
