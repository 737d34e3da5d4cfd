"""A worker is killed (SIGKILL) at each point between taking a delivery and acking it: one document each time."""

import os
import signal

import pytest

from tests.rig.stack import Stack, order_event, paid

pytestmark = pytest.mark.broker

POINTS = (
    "kill:after claim:1",
    "kill:after find:1",
    "kill:after intent:1",
    "kill:after repeat:1",  # the intent of the one before, asked again
    "kill:after write:1",  # before the answer is committed
    "kill:before result:1",
    "kill:before ack:1",
)


def test_workers_killed_at_every_point_give_one_document_for_each_order(either_stack: Stack) -> None:
    stack = either_stack
    stack.publish(*(order_event(number) for number in range(1, 41)))

    workers = stack.start_dying_workers(*POINTS, "run")

    stack.wait_settled(*map(paid, range(1, 41)))
    stack.assert_books_agree(*range(1, 41))
    assert workers.output.count(" -9\n") == len(POINTS)


def test_workers_killed_between_the_writes_of_one_order_double_none(stack: Stack) -> None:
    stack.connect("acme-two", customers="per_email")
    buyer = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Byron"}
    stack.publish(order_event(1, connection="acme-two", buyer=buyer))
    deaths = ("kill:after intent:1", "kill:after repeat:1", "kill:after write:1")

    workers = stack.start_dying_workers(*deaths, "run")

    stack.wait_settled(paid(1))
    names = [one["DisplayName"] for one in stack.sandbox.dump(stack.realm_id, "Customer")]
    assert names.count("Ada Byron") == 1
    stack.assert_books_agree(1)
    assert workers.output.count(" -9\n") == len(deaths)


@pytest.mark.slow
def test_a_living_worker_takes_over_once_the_claims_of_a_dead_one_have_ended(stack: Stack) -> None:
    stack.publish(*(order_event(number) for number in range(1, 31)))
    stopped = stack.start_dying_workers("stop:after write:1").wait_line(r"stopped (\d+)")
    living = stack.start("worker", "orders")

    os.kill(int(stopped[1]), signal.SIGKILL)

    stack.wait_settled(*map(paid, range(1, 31)))
    stack.assert_books_agree(*range(1, 31))
    assert living.is_running
