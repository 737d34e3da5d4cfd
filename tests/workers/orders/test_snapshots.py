"""Which document an order becomes, which snapshots are skipped, and which come too late."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from schemas.orders import OrderRemoved
from tests.workers.play import CLEARING, NOON, Died, played
from tests.workers.stories import line, money, order, refund, unpaid
from workers.errors import AccountUnmapped
from workers.outcomes import Booked, Skipped, Superseded

LATER = NOON + timedelta(hours=1)
EARLIER = NOON - timedelta(hours=1)


def test_a1_paid_order_is_invoice_and_payment_by_setting() -> None:
    play = played(document="invoice")

    play.run("orders.paid", order(line("9.50", tax="0.76")))

    assert play.only("Invoice")["Balance"] == 0
    assert play.only("Payment")["TotalAmt"] == Decimal("10.26")
    assert play.all("SalesReceipt") == []


def test_a2_unpaid_order_is_an_invoice_and_its_capture_one_payment() -> None:
    play = played()

    play.run("orders.created", unpaid(line("20.00")))
    play.run("orders.paid", order(line("20.00")), time=LATER)

    assert play.all("SalesReceipt") == []
    assert play.only("Invoice")["Balance"] == 0
    payment = play.only("Payment")
    assert payment["TotalAmt"] == Decimal("20.00")
    assert payment["DepositToAccountRef"]["value"] == CLEARING


def test_a3_part_paid_order_leaves_the_balance_open() -> None:
    play = played()
    parts = [line("30.00")]

    play.run("orders.created", unpaid(*parts, payment="part_paid", amount_paid=money("10.00")))
    play.run("orders.updated", unpaid(*parts, payment="part_paid", amount_paid=money("25.00")), time=LATER)

    assert play.only("Invoice")["Balance"] == Decimal("5.00")
    assert sorted(row["TotalAmt"] for row in play.all("Payment")) == [Decimal("10.00"), Decimal("15.00")]


def test_a3_many_captures_are_each_booked_once() -> None:
    play = played()
    for step in range(1, 9):
        paid = {"payment": "part_paid", "amount_paid": Decimal(step)}
        play.run("orders.updated", unpaid(line("30.00"), **paid), time=NOON + timedelta(minutes=step))

    assert play.only("Invoice")["Balance"] == Decimal("22.00")
    assert len(play.all("Payment")) == 8


def test_a3_overpaid_invoice_keeps_the_rest_with_the_customer() -> None:
    play = played()

    play.run("orders.created", unpaid(line("30.00"), payment="part_paid", amount_paid=money("35.00")))

    assert play.only("Invoice")["Balance"] == 0
    assert play.only("Payment")["UnappliedAmt"] == Decimal("5.00")


def test_death_between_invoice_and_payment_books_each_once() -> None:
    play = played(document="invoice")
    play.dies_after = 2
    with pytest.raises(Died):
        play.run("orders.paid", order(line("9.50")))
    play.dies_after = None

    play.run("orders.paid", order(line("9.50")))

    assert play.only("Invoice")["Balance"] == 0
    assert len(play.all("Payment")) == 1


def test_a7_order_cancelled_before_it_was_synced_is_not_sent() -> None:
    play = played()

    outcome = play.run("orders.cancelled", unpaid(line("9.50"), lifecycle="cancelled"))

    assert outcome == Skipped("cancelled")
    assert play.writes == []


def test_a7_older_event_after_the_cancellation_books_nothing() -> None:
    play = played()
    play.run("orders.cancelled", unpaid(line("9.50"), lifecycle="cancelled"))

    outcome = play.run("orders.created", unpaid(line("9.50")), time=EARLIER)

    assert outcome == Superseded()
    assert play.all("Invoice") == []


def test_a13_older_snapshot_is_superseded() -> None:
    play = played()
    play.run("orders.paid", order(line("9.50")))

    outcome = play.run("orders.created", unpaid(line("8.00")), time=EARLIER)

    assert outcome == Superseded()
    assert play.only("SalesReceipt")["TotalAmt"] == Decimal("9.50")


def test_a13_snapshot_without_news_still_raises_the_version() -> None:
    play = played()
    play.run("orders.paid", order(line("9.50")))
    play.run("orders.updated", order(line("9.50")), time=LATER)

    outcome = play.run("orders.edited", order(line("7.00")), time=NOON + timedelta(minutes=5))

    assert outcome == Superseded()


def test_a14_zero_total_order_keeps_its_lines() -> None:
    play = played()
    free = line("9.50", total=money("0.00"))

    play.run("orders.paid", order(free))

    receipt = play.only("SalesReceipt")
    assert receipt["TotalAmt"] == 0
    assert receipt["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == "6"
    assert "discount 9.50 off 9.50" in receipt["Line"][0]["Description"]


def test_a91_order_before_the_start_date_is_skipped_and_so_is_its_refund() -> None:
    play = played(start_date=date(2026, 11, 25), time_zone="America/New_York")

    outcome = play.run("orders.paid", order(line("9.50")))
    later = play.run("orders.refunded", refund(total=money("9.50")), time=LATER)

    assert outcome == Skipped("before_start_date")
    assert later == Skipped("sale_not_booked")
    assert play.all("SalesReceipt") == []


def test_a91_the_companys_own_day_decides() -> None:
    play = played(start_date=date(2026, 11, 25), time_zone="Pacific/Auckland")
    evening = order(line("9.50"), created_at=NOON)

    outcome = play.run("orders.paid", evening)

    assert isinstance(outcome, Booked)


def test_a92_only_chosen_statuses_are_booked() -> None:
    play = played(statuses=("completed",))

    first = play.run("orders.paid", order(line("9.50")))
    second = play.run("orders.updated", order(line("9.50"), store_status="completed"), time=LATER)

    assert first == Skipped("status_not_chosen")
    assert isinstance(second, Booked)
    assert len(play.all("SalesReceipt")) == 1


def test_test_orders_are_never_booked() -> None:
    play = played()

    outcome = play.run("orders.paid", order(line("9.50"), test=True))

    assert outcome == Skipped("test_order")


def test_unmapped_gateway_stops_before_anything_is_written() -> None:
    play = played(accounts={"deposit": "", "clearing": {}})

    with pytest.raises(AccountUnmapped) as raised:
        play.run("orders.paid", order(line("9.50")))

    assert raised.value.cause == "stripe"
    assert raised.value.fix == "counterfoil connections set acme-woo accounts.clearing.stripe=ID"
    assert play.writes == []


def test_trashed_unpaid_order_is_voided_and_booked_again_when_it_comes_back() -> None:
    play = played(company={"custom_numbers": True})
    play.run("orders.created", unpaid(line("20.00")))

    play.run("orders.deleted", OrderRemoved(order_id="1001"), time=LATER)
    play.run("orders.restored", unpaid(line("20.00")), time=LATER + timedelta(hours=1))

    voided, new = sorted(play.all("Invoice"), key=lambda row: int(row["Id"]))
    assert (voided["TotalAmt"], voided["DocNumber"]) == (0, "1001")
    assert (new["TotalAmt"], new["DocNumber"]) == (Decimal("20.00"), "1001-2")


def test_trashed_paid_order_stays_in_the_books() -> None:
    play = played()
    play.run("orders.paid", order(line("20.00")))

    outcome = play.run("orders.deleted", OrderRemoved(order_id="1001"), time=LATER)

    assert outcome == Skipped("paid_sale_stays_booked")
    assert play.only("SalesReceipt")["TotalAmt"] == Decimal("20.00")


def test_order_after_its_trashing_books_nothing_until_restored() -> None:
    play = played()
    play.run("orders.deleted", OrderRemoved(order_id="1001"))

    outcome = play.run("orders.created", unpaid(line("20.00")), time=EARLIER)

    assert outcome == Superseded()


def test_a13_of_two_states_of_one_second_the_cancelled_one_stands() -> None:
    play = played()
    play.run("orders.cancelled", unpaid(line("9.50"), lifecycle="cancelled"))

    outcome = play.run("orders.created", unpaid(line("9.50")))

    assert outcome == Superseded()
    assert play.all("Invoice") == []
