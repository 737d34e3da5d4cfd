"""A worker is killed (SIGKILL) at each point between taking a delivery and acking it: one document each time."""

import os
import signal

import pytest

from tests.rig.stack import Stack, order_event, paid

pytestmark = pytest.mark.broker

POINTS = (
    "kill:after claim:1",  # nothing is read yet
    "kill:after publish:1",  # before the intent
    "kill:after commit:1",  # after the intent, before the call
    "kill:after repeat:1",  # the intent of the one before, asked again
    "kill:after call:1",  # after the answer, before its commit
    "kill:after publish:2",  # before the result is committed
    "kill:after commit:2",  # after the commit, before the ack
)
"""In a company whose customer is known: then an order is one write."""


def test_workers_killed_at_every_point_give_one_document_for_each_order(either_stack: Stack) -> None:
    stack = either_stack
    workers = stack.start_dying_workers("run", *POINTS, "run")
    stack.publish(order_event(1))
    stack.wait_settled(paid(1))
    workers.send(signal.SIGTERM)
    workers.wait_line("ended run 0")

    stack.publish(*(order_event(number) for number in range(2, 41)))

    stack.wait_settled(*map(paid, range(1, 41)))
    stack.assert_books_agree(*range(1, 41))
    assert workers.output.count(" -9\n") == len(POINTS)


def test_workers_killed_between_the_writes_of_one_order_double_none(stack: Stack) -> None:
    stack.connect("acme-two", customers="per_email")
    customer = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Byron"}
    stack.publish(order_event(1, connection="acme-two", customer=customer))
    deaths = ("kill:after commit:2", "kill:after repeat:1", "kill:after call:2", "kill:after call:1")

    workers = stack.start_dying_workers(*deaths, "run")

    stack.wait_settled(paid(1))
    names = [one["DisplayName"] for one in stack.sandbox.dump(stack.realm_id, "Customer")]
    assert len([name for name in names if "Ada" in name]) == 1
    stack.assert_books_agree(1)
    assert workers.output.count(" -9\n") == len(deaths)


@pytest.mark.slow
def test_a_living_worker_takes_over_once_the_claims_of_a_dead_one_have_ended(stack: Stack) -> None:
    stack.publish(*(order_event(number) for number in range(1, 31)))
    stopped = stack.start_dying_workers("stop:after call:1").wait_line(r"stopped (\d+)")
    living = stack.start("worker", "orders")

    os.kill(int(stopped[1]), signal.SIGKILL)

    stack.wait_settled(*map(paid, range(1, 31)))
    stack.assert_books_agree(*range(1, 31))
    assert living.is_running
