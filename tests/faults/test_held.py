"""A paused connection's events wait in the held queue, use no attempts, and flow back after resume."""

import os
import signal

import pytest

from tests.rig.stack import Stack, order_event, paid
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker


def test_held_events_flow_back_after_resume_without_an_attempt(stack: Stack) -> None:
    stack.start("worker", "orders")
    stack.start("desk")
    stack.run_command("connections", "pause", "acme-woo")
    stack.publish(*(order_event(number) for number in range(1, 31)))
    wait_for(lambda: stack.broker.count("orders.held") == 30, timeout_seconds=60.0, what="30 events are held")
    while_paused = stack.entries()

    stack.run_command("connections", "resume", "acme-woo")

    stack.wait_settled(*map(paid, range(1, 31)))
    assert while_paused == {}
    assert set(stack.attempts().values()) == {1}
    assert stack.broker.count("orders.held") == 0
    stack.assert_books_agree(*range(1, 31))


def test_an_event_that_is_held_just_after_the_resume_flows_back_too(stack: Stack) -> None:
    stack.start("desk")
    stack.run_command("connections", "pause", "acme-woo")
    stack.publish(order_event(1))
    workers = stack.start_dying_workers("stop:after claim:1")
    stopped = workers.wait_line(r"stopped (\d+)")
    stack.run_command("connections", "resume", "acme-woo")

    os.kill(int(stopped[1]), signal.SIGCONT)

    stack.wait_settled(paid(1))
    stack.assert_books_agree(1)
