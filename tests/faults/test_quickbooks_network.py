"""The network between worker and QuickBooks: reset in the middle, silent on the way back, slow. One document each."""

import pytest

from ops.sandbox.testing import SandboxServer
from tests.faults.conftest import OpenStack
from tests.rig.broker import Broker
from tests.rig.proxy import TcpProxy
from tests.rig.stack import Stack, order_event, paid
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker

BYTES_PER_SECOND = 20_000
RESETS = 3


def test_a_network_that_resets_swallows_answers_and_trickles_doubles_nothing(
    open_stack: OpenStack, broker: Broker, usual_database_url: str, sandbox: SandboxServer
) -> None:
    with TcpProxy.to(sandbox.url) as way:
        stack = open_stack(broker, usual_database_url, quickbooks_url=way.url(sandbox.url))
        stack.start("worker", "orders")
        stack.publish(order_event(1))
        stack.wait_settled(paid(1))

        for turn in range(1, RESETS + 1):
            first = 10 * turn
            way.stall_replies()
            stack.publish(*(order_event(first + digit) for digit in range(10)))
            wait_booked(stack, first)
            way.reset()
            way.pass_on()
            stack.wait_settled(*(paid(first + digit) for digit in range(10)))
        way.trickle(BYTES_PER_SECOND)
        stack.publish(*(order_event(number) for number in range(100, 110)))
        stack.wait_settled(*map(paid, range(100, 110)))
        way.pass_on()

        last = 10 * (RESETS + 1)
        stack.assert_books_agree(1, *range(10, last), *range(100, 110))
        assert set(stack.attempts().values()) == {1}


def wait_booked(stack: Stack, number: int) -> None:
    """Until QuickBooks has it, though nobody heard of it."""
    wait_for(
        lambda: str(number) in {document["DocNumber"] for document in stack.documents()},
        timeout_seconds=60.0,
        what=f"order {number} is in QuickBooks",
    )
