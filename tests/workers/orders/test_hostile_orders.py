"""What must not be lost or doubled when numbers repeat, refunds hurry, and events of one second change places."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ops.sandbox.company.faults import refusal
from schemas.orders import OrderRemoved
from tests.workers.orders.test_changes import numbered
from tests.workers.play import NOON, Died, played
from tests.workers.stories import back, line, money, order, refund, unpaid
from workers.errors import NumberTaken, QuickBooksRejected, TotalsDiffer, WaitsForSale
from workers.outcomes import Skipped
from workers.steps import Write

SOLD = line("9.50", tax="0.76")
SECOND = timedelta(seconds=1)


def test_order_of_another_store_with_our_number_and_amount_is_not_taken_for_ours() -> None:
    play = numbered()
    play.run("orders.paid", order(SOLD, order_id="555", number="1001"))

    with pytest.raises(NumberTaken):
        play.run("orders.paid", order(SOLD, order_id="1001", number="1001"))


def test_refund_with_another_refunds_number_and_amount_is_not_taken_for_it() -> None:
    play = numbered()
    play.run("orders.paid", order(SOLD))
    play.run("orders.refunded", refund(total=money("2.00")), time=NOON + SECOND)
    sale = play.ledger[next(key for key in play.ledger if key.kind == "order")]
    assert isinstance(sale.detail, dict)
    del sale.detail["refunds"]

    with pytest.raises(NumberTaken):
        play.run("orders.refunded", refund(refund_id="10", total=money("2.00")), time=NOON + 2 * SECOND)


def test_late_snapshot_does_not_bring_back_an_order_that_was_voided_and_then_removed() -> None:
    play = played()
    play.run("orders.created", unpaid(SOLD))
    play.run("orders.cancelled", unpaid(SOLD, lifecycle="cancelled"), time=NOON + SECOND)
    play.run("orders.deleted", OrderRemoved(order_id="1001"), time=NOON + 3 * SECOND)

    play.run("orders.updated", unpaid(SOLD), time=NOON + 2 * SECOND)

    assert len(play.all("Invoice")) == 1


def test_refund_of_an_order_that_is_not_chosen_yet_is_not_given_up() -> None:
    play = played(statuses=["completed"])
    assert play.run("orders.paid", order(SOLD)) == Skipped("status_not_chosen")

    with pytest.raises(WaitsForSale):
        play.run("orders.refunded", refund(total=money("2.00")), time=NOON + SECOND)
    play.run("orders.paid", order(SOLD, store_status="completed"), time=NOON + 2 * SECOND)
    play.run("orders.refunded", refund(total=money("2.00")), time=NOON + SECOND)

    assert play.only("RefundReceipt")["TotalAmt"] == Decimal("2.00")


@pytest.mark.parametrize("action", ["paid", "refunded"])
def test_sum_is_looked_at_also_when_the_worker_died_right_after_the_write(action: str) -> None:
    play = played()
    entity = "SalesReceipt" if action == "paid" else "RefundReceipt"
    if action == "refunded":
        play.run("orders.paid", order(SOLD))

    def a_cent_more(step: Write) -> None:
        if step.entity == entity:
            step.document["Line"][0]["Amount"] = Decimal("9.51")
            del step.document["Line"][0]["SalesItemLineDetail"]["UnitPrice"]

    play.before_write = a_cent_more
    play.dies_after = 2 if action == "paid" else 1  # the customer, the document; then the rounding line
    payload = order(SOLD) if action == "paid" else refund(back(SOLD))
    with pytest.raises(Died):
        play.run(f"orders.{action}", payload)
    play.before_write, play.dies_after = None, None

    with pytest.raises(TotalsDiffer):
        play.run(f"orders.{action}", payload)


def test_edit_that_failed_half_way_and_was_undone_leaves_the_order_booked_once() -> None:
    play = played()
    play.run("orders.paid", order(SOLD))

    def second_sale_is_refused(step: Write) -> None:
        if step.name == "sale-2":
            raise refusal("6000", "Business Validation Error", "no")

    play.before_write = second_sale_is_refused
    with pytest.raises(QuickBooksRejected):
        play.run("orders.edited", order(line("5.00")), time=NOON + SECOND)
    assert len(play.all("RefundReceipt")) == 1
    play.before_write = None

    play.run("orders.updated", order(SOLD), time=NOON + 2 * SECOND)
    play.run("orders.updated", order(SOLD), time=NOON + 3 * SECOND)

    sold = sum(row["TotalAmt"] for row in play.all("SalesReceipt"))
    given_back = sum(row["TotalAmt"] for row in play.all("RefundReceipt"))
    assert sold - given_back == Decimal("10.26")


def test_refund_of_an_order_that_was_not_chosen_with_it_is_skipped_until_it_is_told_again() -> None:
    play = played(statuses=["completed"])
    play.run("orders.paid", order(SOLD), time=NOON + SECOND)
    skipped = play.run("orders.refunded", refund(total=money("2.00")), time=NOON + SECOND)
    play.run("orders.paid", order(SOLD, store_status="completed"), time=NOON + 2 * SECOND)

    play.run("orders.refunded", refund(total=money("2.00")), time=NOON + 2 * SECOND)

    assert skipped == Skipped("sale_not_booked")
    assert play.only("RefundReceipt")["TotalAmt"] == Decimal("2.00")
