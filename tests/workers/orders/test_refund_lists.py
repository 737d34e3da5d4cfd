"""A refund that vanished from its order's list was deleted in the store."""

from datetime import timedelta
from decimal import Decimal

from schemas.orders import Order
from tests.workers.play import CLEARING, NOON, Play, played
from tests.workers.stories import line, money, order, refund
from workers.outcomes import Skipped

SOLD = line("20.00")
HOUR = timedelta(hours=1)


def listing(*refund_ids: str) -> Order:
    return order(SOLD, refund_ids=refund_ids)


def refunded() -> Play:
    """A paid order with one refund of 5.00, told an hour later."""
    play = played()
    play.run("orders.paid", listing())
    play.run("orders.updated", listing("9"), time=NOON + HOUR)
    play.run("orders.refunded", refund(total=money("5.00")), time=NOON + HOUR)
    return play


def test_refund_that_is_listed_no_more_leaves_the_books() -> None:
    play = refunded()

    play.run("orders.updated", listing(), time=NOON + 2 * HOUR)

    assert play.all("RefundReceipt") == []
    assert play.balance(CLEARING) == Decimal("20.00")


def test_refund_that_is_still_listed_stays() -> None:
    play = refunded()

    play.run("orders.updated", listing("9"), time=NOON + 2 * HOUR)

    assert play.writes == []
    assert play.only("RefundReceipt")["TotalAmt"] == Decimal("5.00")


def test_list_older_than_the_refund_takes_nothing_back() -> None:
    play = played()
    play.run("orders.paid", listing())
    play.run("orders.refunded", refund(total=money("5.00")), time=NOON + 2 * HOUR)

    play.run("orders.updated", listing(), time=NOON + HOUR)

    assert play.only("RefundReceipt")["TotalAmt"] == Decimal("5.00")


def test_store_that_lists_no_refunds_takes_nothing_back() -> None:
    play = refunded()

    play.run("orders.updated", order(SOLD), time=NOON + 2 * HOUR)

    assert play.only("RefundReceipt")["TotalAmt"] == Decimal("5.00")


def test_refund_that_was_deleted_before_it_was_booked_is_never_booked() -> None:
    play = played()
    play.run("orders.paid", listing(), time=NOON + 2 * HOUR)

    outcome = play.run("orders.refunded", refund(total=money("5.00")), time=NOON + HOUR)

    assert outcome == Skipped("refund_deleted")
    assert play.all("RefundReceipt") == []
