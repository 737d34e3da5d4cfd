"""A worker is killed (SIGKILL) at each point between taking a delivery and acking it: one document each time."""

import os
import signal

import pytest

from tests.rig.stack import Stack, order_event, paid
from tests.rig.waiting import wait_for

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


def test_workers_killed_around_the_copy_of_a_failure_leave_one_failed_message(stack: Stack) -> None:
    stack.start("desk")
    error = {"code": "6540", "message": "no", "detail": "no"}
    stack.sandbox.fault(stack.realm_id, "refused", body='"DocNumber":"2"', error=error)
    stack.publish(*(order_event(number) for number in (1, 2, 3)))
    # the second time that a round publishes and commits is with the answer in its hands
    deaths = ("kill:after publish:2", "kill:after publish:2", "kill:after commit:2", "kill:before ack:1")

    workers = stack.start_dying_workers(*deaths, "run")

    stack.wait_settled(paid(1), paid(3))
    stack.wait_failed(paid(2))
    wait_for(
        lambda: workers.output.count(" -9\n") == len(deaths),
        timeout_seconds=60.0,
        what="each death came",
    )
    stack.assert_books_agree(1, 3, failed=[paid(2)])


def test_workers_killed_around_the_move_to_the_held_queue_hold_each_event_once(stack: Stack) -> None:
    stack.start("desk")
    stack.run_command("connections", "pause", "acme-woo")
    stack.publish(*(order_event(number) for number in (1, 2, 3)))
    deaths = ("kill:after publish:1", "kill:after commit:1", "kill:before ack:1")

    workers = stack.start_dying_workers(*deaths, "run")
    wait_for(
        lambda: workers.output.count(" -9\n") == len(deaths) and stack.broker.count("orders") == 0,
        timeout_seconds=60.0,
        what="each death came",
    )
    stack.run_command("connections", "resume", "acme-woo")

    stack.wait_settled(*map(paid, (1, 2, 3)))
    stack.assert_books_agree(1, 2, 3)


@pytest.mark.slow
def test_a_living_worker_takes_over_once_the_claims_of_a_dead_one_have_ended(stack: Stack) -> None:
    stack.publish(*(order_event(number) for number in range(1, 31)))
    stopped = stack.start_dying_workers("stop:after write:1").wait_line(r"stopped (\d+)")
    living = stack.start("worker", "orders")

    os.kill(int(stopped[1]), signal.SIGKILL)

    stack.wait_settled(*map(paid, range(1, 31)))
    stack.assert_books_agree(*range(1, 31))
    assert living.is_running
