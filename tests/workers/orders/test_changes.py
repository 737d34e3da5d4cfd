"""Cancelling, editing, and what people do in QuickBooks meanwhile."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.workers.play import CLEARING, NOON, Died, Play, played, prefer
from tests.workers.stories import back, line, money, order, refund, shipping, unpaid
from workers.errors import (
    ChangedInQuickBooks,
    NumberTaken,
    PeriodClosed,
    RemovedInQuickBooks,
)
from workers.outcomes import Booked
from workers.steps import Json

LATER = NOON + timedelta(hours=1)
SOLD = line("9.50", tax="0.76")
CUSTOM = {"custom_numbers": True}


def by_a_person(play: Play, entity: str, document: Json, **changes: Any) -> None:
    """Somebody edits a document in QuickBooks."""
    now = play.books.read(entity, document["Id"])
    play.books.update(entity, {"Id": now["Id"], "SyncToken": now["SyncToken"], "sparse": True, **changes})


def test_a8_cancelled_unpaid_invoice_is_voided_and_keeps_its_number() -> None:
    play = played()
    play.run("orders.created", unpaid(SOLD))

    play.run("orders.cancelled", unpaid(SOLD, lifecycle="cancelled"), time=LATER)

    invoice = play.only("Invoice")
    assert (invoice["TotalAmt"], invoice["Balance"], invoice["DocNumber"]) == (0, 0, "1001")


def test_a8_second_cancellation_does_nothing() -> None:
    play = played()
    play.run("orders.created", unpaid(SOLD))
    play.run("orders.cancelled", unpaid(SOLD, lifecycle="cancelled"), time=LATER)

    outcome = play.run("orders.updated", unpaid(SOLD, lifecycle="cancelled"), time=LATER + timedelta(hours=1))

    assert isinstance(outcome, Booked)
    assert play.writes == []


@pytest.mark.parametrize("kind", ["sales_receipt", "invoice"])
def test_a9_cancelled_after_payment_is_a_full_refund(kind: str) -> None:
    play = played(document=kind)
    play.run("orders.paid", order(SOLD, shipping=(shipping("5.00"),)))

    play.run("orders.cancelled", order(SOLD, lifecycle="cancelled"), time=LATER)

    receipt = play.only("RefundReceipt")
    assert receipt["TotalAmt"] == Decimal("15.26")
    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal("0.76")
    assert receipt["DocNumber"] == "1001-X"
    assert play.balance(CLEARING) == 0


def test_a9_only_what_refunds_left_is_taken_back() -> None:
    play = played()
    play.run("orders.paid", order(SOLD, shipping=(shipping("5.00"),)))
    play.run("orders.refunded", refund(back(SOLD)), time=LATER)

    play.run("orders.cancelled", order(SOLD, lifecycle="cancelled"), time=LATER)

    assert sorted(row["TotalAmt"] for row in play.all("RefundReceipt")) == [Decimal("5.00"), Decimal("10.26")]
    assert play.balance(CLEARING) == 0


def test_a9_refund_after_the_cancellation_gives_nothing_back_twice() -> None:
    play = played()
    play.run("orders.paid", order(SOLD))
    play.run("orders.cancelled", order(SOLD, lifecycle="cancelled"), time=LATER)

    play.run("orders.refunded", refund(back(SOLD)), time=LATER)

    assert len(play.all("RefundReceipt")) == 1
    assert play.balance(CLEARING) == 0


def test_a9_cancelled_part_paid_invoice_is_credited() -> None:
    play = played()
    part = {"payment": "part_paid", "amount_paid": money("10.00")}
    play.run("orders.created", unpaid(line("30.00"), **part))

    play.run("orders.cancelled", unpaid(line("30.00"), **part, lifecycle="cancelled"), time=LATER)

    assert play.only("Invoice")["Balance"] == 0
    assert play.only("CreditMemo")["RemainingCredit"] == Decimal("10.00")


def test_a10_open_invoice_is_updated_in_place() -> None:
    play = played()
    play.run("orders.created", unpaid(SOLD))
    first = play.only("Invoice")

    play.run("orders.edited", unpaid(line("19.00", quantity="2", tax="1.52")), time=LATER)

    invoice = play.only("Invoice")
    assert invoice["Id"] == first["Id"]
    assert invoice["TotalAmt"] == Decimal("20.52")
    assert invoice["TxnTaxDetail"]["TotalTax"] == Decimal("1.52")


def test_a10_a_memo_written_by_a_person_survives_the_update() -> None:
    play = played()
    play.run("orders.created", unpaid(SOLD))
    by_a_person(play, "Invoice", play.only("Invoice"), CustomerMemo={"value": "Call first"})

    play.run("orders.edited", unpaid(line("19.00", quantity="2", tax="1.52")), time=LATER)

    invoice = play.only("Invoice")
    assert invoice["TotalAmt"] == Decimal("20.52")
    assert invoice["CustomerMemo"]["value"] == "Call first"


def test_a10_lines_changed_by_a_person_are_never_overwritten() -> None:
    play = played()
    play.run("orders.created", unpaid(SOLD))
    mine = play.only("Invoice")
    lines = [{**mine["Line"][0], "Amount": 7, "SalesItemLineDetail": {"ItemRef": {"value": "6"}}}]
    by_a_person(play, "Invoice", mine, Line=lines)

    with pytest.raises(ChangedInQuickBooks, match="was changed in QuickBooks after it was booked"):
        play.run("orders.edited", unpaid(line("19.00", quantity="2")), time=LATER)

    assert play.only("Invoice")["Line"][0]["Amount"] == 7


def test_a10_edited_paid_order_is_reversed_and_booked_anew() -> None:
    play = played(company=CUSTOM)
    play.run("orders.paid", order(SOLD))

    play.run("orders.edited", order(line("19.00", quantity="2", tax="1.52")), time=LATER)

    old, new = sorted(play.all("SalesReceipt"), key=lambda row: int(row["Id"]))
    reversal = play.only("RefundReceipt")
    assert reversal["TotalAmt"] == old["TotalAmt"] == Decimal("10.26")
    assert (new["TotalAmt"], new["DocNumber"]) == (Decimal("20.52"), "1001-2")
    assert new["PrivateNote"].startswith("counterfoil:acme-woo:order:1001/2")
    assert play.balance(CLEARING) == Decimal("20.52")


@pytest.mark.parametrize("writes", [0, 1], ids=["before-the-reversal", "before-the-new-receipt"])
def test_death_inside_an_edit_reverses_and_books_once(writes: int) -> None:
    play = played(company=CUSTOM)
    play.run("orders.paid", order(SOLD))
    edited = order(line("19.00", quantity="2", tax="1.52"))
    play.dies_after = writes
    with pytest.raises(Died):
        play.run("orders.edited", edited, time=LATER)
    play.dies_after = None

    play.run("orders.edited", edited, time=LATER)

    assert len(play.all("RefundReceipt")) == 1
    assert play.balance(CLEARING) == Decimal("20.52")


@pytest.mark.parametrize("writes", [0, 1, 2, 3, None], ids=lambda writes: f"dies-after-{writes}")
def test_a10_edited_part_paid_invoice_carries_its_payment_over(writes: int | None) -> None:
    play = played(company=CUSTOM)
    part = {"payment": "part_paid", "amount_paid": money("10.00")}
    play.run("orders.created", unpaid(line("30.00"), **part))
    edited = unpaid(line("45.00"), **part)
    play.dies_after = writes
    if writes is not None:
        with pytest.raises(Died):
            play.run("orders.edited", edited, time=LATER)
        play.dies_after = None

    play.run("orders.edited", edited, time=LATER)

    old, new = sorted(play.all("Invoice"), key=lambda row: int(row["Id"]))
    assert old["Balance"] == 0
    assert (new["TotalAmt"], new["Balance"]) == (Decimal("45.00"), Decimal("35.00"))
    assert play.only("CreditMemo")["RemainingCredit"] == 0
    assert play.balance(CLEARING) == Decimal("10.00")


@pytest.mark.parametrize("writes", [0, 1, 2, 3, None], ids=lambda writes: f"dies-after-{writes}")
def test_a10_what_was_paid_beyond_an_edited_invoice_is_the_customers_credit_and_no_new_payment(
    writes: int | None,
) -> None:
    play = played(company=CUSTOM)
    paid = {"payment": "part_paid", "amount_paid": money("100.00")}
    play.run("orders.created", unpaid(line("120.00"), **paid))
    lower, higher = (unpaid(line(total), **paid) for total in ("80.00", "110.00"))
    play.dies_after = writes
    if writes is not None:
        with pytest.raises(Died):
            play.run("orders.edited", lower, time=LATER)
        play.dies_after = None

    play.run("orders.edited", lower, time=LATER)

    (credit,) = play.all("CreditMemo")
    assert [row["TotalAmt"] for row in play.all("Payment") if row["TotalAmt"]] == [Decimal("100.00")]
    assert credit["RemainingCredit"] == Decimal("20.00")
    assert play.balance(CLEARING) == Decimal("100.00")

    play.run("orders.edited", higher, time=LATER + timedelta(hours=1))

    assert play.balance(CLEARING) == Decimal("100.00")


def test_a10_refunds_stay_when_their_paid_order_is_edited() -> None:
    play = played(company=CUSTOM)
    play.run("orders.paid", order(line("30.00")))
    play.run("orders.refunded", refund(total=money("5.00")), time=LATER)

    play.run("orders.edited", order(line("40.00")), time=LATER)
    play.run("orders.refunded", refund(refund_id="10", total=money("35.00")), time=LATER)

    assert play.balance(CLEARING) == 0
    assert {row["DocNumber"] for row in play.all("RefundReceipt")} == {"1001-X", "1001-R1", "1001-2-R1"}


def test_a10_credits_stay_when_their_open_invoice_is_edited() -> None:
    play = played()
    play.run("orders.created", unpaid(line("30.00")))
    play.run("orders.refunded", refund(back(line("10.00")), money_returned=False), time=LATER)

    play.run("orders.edited", unpaid(line("45.00")), time=LATER)
    play.run("orders.paid", order(line("45.00"), amount_paid=money("35.00")), time=LATER + timedelta(hours=1))

    assert play.only("Invoice")["Balance"] == 0
    assert play.balance(CLEARING) == Decimal("35.00")


def test_a10_credits_are_carried_over_with_the_payments_of_an_edited_invoice() -> None:
    play = played(company=CUSTOM)
    part = {"payment": "part_paid", "amount_paid": money("10.00")}
    play.run("orders.created", unpaid(line("30.00"), **part))
    play.run("orders.refunded", refund(back(line("5.00")), money_returned=False), time=LATER)

    play.run("orders.edited", unpaid(line("45.00"), **part), time=LATER)

    new = max(play.all("Invoice"), key=lambda row: int(row["Id"]))
    assert (new["TotalAmt"], new["Balance"]) == (Decimal("45.00"), Decimal("30.00"))


@pytest.mark.parametrize("how", ["deleted", "voided"])
def test_a11_document_removed_by_a_person_is_never_created_again_silently(how: str) -> None:
    play = played()
    play.run("orders.created", unpaid(SOLD))
    mine = play.only("Invoice")
    body = {"Id": mine["Id"], "SyncToken": mine["SyncToken"]}
    (play.books.delete if how == "deleted" else play.books.void)("Invoice", body)

    with pytest.raises(RemovedInQuickBooks, match=r"Invoice \d+ was deleted or voided in QuickBooks"):
        play.run("orders.edited", unpaid(line("19.00")), time=LATER)

    assert play.writes == []


def test_a11_payment_of_a_deleted_invoice_says_what_happened() -> None:
    play = played()
    play.run("orders.created", unpaid(SOLD))
    mine = play.only("Invoice")
    play.books.delete("Invoice", {"Id": mine["Id"], "SyncToken": mine["SyncToken"]})

    with pytest.raises(RemovedInQuickBooks):
        play.run("orders.paid", order(SOLD), time=LATER)


def test_a90_closed_period_is_held_as_an_error() -> None:
    play = played()
    play.books.settings.closed_books_date = date(2026, 11, 30)

    with pytest.raises(PeriodClosed) as raised:
        play.run("orders.paid", order(SOLD))

    assert raised.value.cause == "closed period"
    assert play.all("SalesReceipt") == []


def forgotten(play: Play) -> None:
    """The ledger is lost, as after a restored backup."""
    play.ledger.clear()


def numbered() -> Play:
    """A company that gives its own numbers and warns about doubled ones."""
    play = played(company=CUSTOM, number_prefix="W-")
    prefer(play, "SalesFormsPrefs", CustomTxnNumbers=True)
    return play


def test_a93_order_that_is_in_quickbooks_already_is_adopted() -> None:
    play = numbered()
    play.run("orders.paid", order(SOLD))
    forgotten(play)

    play.run("orders.paid", order(SOLD))
    play.run("orders.paid", order(SOLD))

    assert len(play.all("SalesReceipt")) == 1
    assert play.writes == []


def test_a93_invoice_with_its_payment_is_adopted_without_paying_twice() -> None:
    play = numbered()
    play.run("orders.created", unpaid(SOLD))
    play.run("orders.paid", order(SOLD), time=LATER)
    forgotten(play)

    play.run("orders.paid", order(SOLD), time=LATER)

    assert len(play.all("Payment")) == 1
    assert play.all("SalesReceipt") == []


def test_a93_number_of_another_document_is_an_error_that_shows_both() -> None:
    play = numbered()
    play.run("orders.paid", order(SOLD))
    forgotten(play)

    with pytest.raises(
        NumberTaken, match=r"SalesReceipt \d+ of 10\.26 for customer \d+, but the store says 9\.00"
    ):
        play.run("orders.paid", order(line("9.00")))


def test_a93_refund_that_is_in_quickbooks_already_is_adopted() -> None:
    play = numbered()
    play.run("orders.paid", order(SOLD))
    play.run("orders.refunded", refund(back(SOLD)), time=LATER)
    forgotten(play)
    play.run("orders.paid", order(SOLD))

    play.run("orders.refunded", refund(back(SOLD)), time=LATER)

    assert len(play.all("RefundReceipt")) == 1
