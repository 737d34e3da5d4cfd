"""SIGTERM: what is in flight is finished or returned, within the grace."""

import signal
import time

import pytest

from tests.rig.processes import Process
from tests.rig.stack import Stack, order_event, paid
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker


def test_sigterm_under_load_loses_and_doubles_nothing(stack: Stack) -> None:
    stack.publish(*(order_event(number) for number in range(1, 241)))
    workers = stack.start_dying_workers(*["run"] * 5)

    for times in range(1, 5):
        wait_said(workers, '"consuming"', times)
        before = len(stack.entries())
        if before < 240:
            stack.wait_entries(before + 1)
        workers.send(signal.SIGTERM)
        wait_said(workers, "ended run 0", times)

    stack.wait_settled(*map(paid, range(1, 241)))
    stack.assert_books_agree(*range(1, 241))


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


def test_a_worker_whose_rounds_ended_on_an_unexpected_error_says_so_and_ends(stack: Stack) -> None:
    stack.publish(*(order_event(number) for number in (1, 2, 3)))

    workers = stack.start_dying_workers("break:after write:1", "run")

    workers.wait_line(
        "the rounds have ended on an error; the log has it. Start the worker again", timeout_seconds=60.0
    )
    workers.wait_line("ended break:after write:1 1", timeout_seconds=60.0)
    stack.wait_settled(*map(paid, (1, 2, 3)))
    stack.assert_books_agree(1, 2, 3)


def wait_said(process: Process, words: str, times: int) -> None:
    wait_for(lambda: process.output.count(words) == times, timeout_seconds=60.0, what=words)
