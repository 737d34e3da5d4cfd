"""SIGTERM: what is in flight is finished or returned, within the grace."""

import signal
import time

import pytest

from tests.rig.stack import Stack, order_event, paid
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker


def test_sigterm_under_load_loses_and_doubles_nothing(stack: Stack) -> None:
    stack.publish(*(order_event(number) for number in range(1, 401)))
    workers = stack.start_dying_workers(*["run"] * 9)

    for time_ in range(1, 9):
        wait_for(lambda times=time_: workers.output.count('"consuming"') == times, timeout_seconds=60.0)
        settled = len(stack.entries())
        wait_for(lambda seen=settled: len(stack.entries()) > seen or seen == 400, timeout_seconds=60.0)
        workers.send(signal.SIGTERM)
        wait_for(lambda times=time_: workers.output.count("ended run 0") == times, timeout_seconds=60.0)

    stack.wait_settled(*map(paid, range(1, 401)))
    stack.assert_books_agree(*range(1, 401))


def test_sigterm_with_a_hanging_call_ends_within_the_grace_and_the_next_worker_books(stack: Stack) -> None:
    stack.sandbox.fault(stack.realm_id, "latency", count=1, entity="SalesReceipt", method="POST", seconds=30)
    stack.publish(order_event(1), order_event(2))
    worker = stack.start("worker", "orders", shutdown_seconds=1.0)
    wait_for(lambda: stack.count_intents() > 0, timeout_seconds=30.0, what="a write is under way")

    began = time.monotonic()
    code = worker.terminate()
    took_seconds = time.monotonic() - began

    assert code == 0
    assert took_seconds < 10
    stack.start("worker", "orders")
    stack.wait_settled(paid(1), paid(2))
    stack.assert_books_agree(1, 2)
