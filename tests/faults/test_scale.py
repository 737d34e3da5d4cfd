"""Workers join and die in the middle of a load: nothing is lost, doubled or stuck."""

import threading
from collections.abc import Callable

import pytest

from tests.rig.stack import Stack, order_event, paid

pytestmark = pytest.mark.broker

ORDERS = 300


def test_workers_that_join_and_die_under_load_book_every_order_once(stack: Stack) -> None:
    load = publish_slowly(stack)
    first = stack.start("worker", "orders")
    stack.wait_entries(20)

    second = stack.start("worker", "orders")
    stack.wait_entries(60)
    first.kill()
    third = stack.start("worker", "orders")
    stack.wait_entries(120)
    second.kill()
    stack.start("worker", "orders")
    load()

    stack.wait_settled(*map(paid, range(1, ORDERS + 1)))
    stack.assert_books_agree(*range(1, ORDERS + 1))
    assert third.is_running
    assert stack.broker.consumers("orders") == 2


def publish_slowly(stack: Stack) -> Callable[[], None]:
    """Orders in tens, each when the worker has ended half of what is there; gives the wait for the last."""

    def publish() -> None:
        for start in range(1, ORDERS + 1, 10):
            stack.publish(*(order_event(number) for number in range(start, start + 10)))
            stack.wait_entries(start // 2)

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    return thread.join
