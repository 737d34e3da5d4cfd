"""A worker is killed (SIGKILL) at each point between taking a delivery and acking it: one document each time."""

import signal

import pytest

from tests.rig.stack import Stack, order_event

pytestmark = pytest.mark.broker

POINTS = (
    pytest.param("after claim", 1, id="before-anything-is-read"),
    pytest.param("after commit", 1, id="after-the-intent-before-the-call"),
    pytest.param("after call", 1, id="after-the-answer-before-the-commit"),
    pytest.param("after publish", 2, id="before-the-result-is-committed"),
    pytest.param("after commit", 2, id="after-the-commit-before-the-ack"),
)


@pytest.mark.parametrize(("point", "nth"), POINTS)
def test_a_worker_killed_there_still_gives_one_document_for_each_order(
    stack: Stack, point: str, nth: int
) -> None:
    stack.publish(order_event(1), order_event(2), order_event(3))
    dying = stack.start_dying_worker(point, after=nth)
    assert dying.wait_end() == -signal.SIGKILL

    stack.start("worker", "orders")

    stack.wait_settled("order-1-paid", "order-2-paid", "order-3-paid")
    assert sorted(receipt["DocNumber"] for receipt in stack.documents()) == ["1", "2", "3"]
    stack.assert_quiet()


@pytest.mark.parametrize(
    "kind", ["cut", "cut_after_write", "server_error_after_write", "stream_timeout_after_write"]
)
def test_an_answer_lost_on_the_way_still_gives_one_document(stack: Stack, kind: str) -> None:
    stack.sandbox.fault(stack.realm_id, kind, count=1, entity="SalesReceipt")
    stack.publish(order_event(1))

    stack.start("worker", "orders")

    stack.wait_settled("order-1-paid")
    assert [receipt["DocNumber"] for receipt in stack.documents()] == ["1"]
    stack.assert_quiet()
