"""The network between worker and broker: reset, stalled, slow, one-way. Every event is done once."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.rig.broker import Broker
from tests.rig.proxy import TcpProxy
from tests.rig.stack import Stack, order_event, paid
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker


@pytest.fixture
def way(broker: Broker) -> Iterator[TcpProxy]:
    """The network between the worker and the broker."""
    with TcpProxy.to(broker.url) as proxy:
        yield proxy


def start_worker(stack: Stack, way: TcpProxy) -> None:
    stack.start("worker", "orders", broker_url=way.url(stack.broker.url))


def test_a_worker_whose_connection_is_reset_again_and_again_consumes_again_each_time(
    stack: Stack, way: TcpProxy
) -> None:
    start_worker(stack, way)

    for number in range(1, 11):
        stack.publish(*(order_event(10 * number + digit) for digit in range(10)))
        way.reset()
        stack.wait_settled(paid(10 * number))

    stack.wait_settled(*map(paid, range(10, 110)))
    wait_for(lambda: stack.broker.consumers("orders") == 1, timeout_seconds=60.0, what="one consumer")
    stack.assert_books_agree(*range(10, 110))


def test_an_ack_on_a_dead_connection_books_nothing_twice_and_breaks_nothing(
    stack: Stack, way: TcpProxy
) -> None:
    worker = stack.start_dying_workers("stop:before ack:1", broker_url=way.url(stack.broker.url))
    stack.publish(*(order_event(number) for number in (1, 2, 3)))
    stopped = worker.wait_line(r"stopped (\d+)")
    way.reset()
    wait_for(
        lambda: stack.broker.consumers("orders") == 0, timeout_seconds=60.0, what="the broker saw the end"
    )

    os.kill(int(stopped[1]), signal.SIGCONT)

    stack.wait_settled(*map(paid, (1, 2, 3)))
    stack.assert_books_agree(1, 2, 3)
    assert stack.broker.consumers("orders") == 1
    assert "PRECONDITION_FAILED" not in worker.output  # a stale tag would be 406
    assert "unknown delivery tag" not in worker.output


@pytest.mark.parametrize("mode", ["stall", "stall_replies", "trickle"])
def test_a_slow_or_silent_network_delays_but_doubles_nothing(stack: Stack, way: TcpProxy, mode: str) -> None:
    start_worker(stack, way)
    stack.publish(*(order_event(number) for number in range(1, 21)))
    stack.wait_settled(paid(1))

    if mode == "trickle":
        way.trickle(20_000)
    else:
        getattr(way, mode)()
    stack.publish(*(order_event(number) for number in range(21, 61)))
    if mode != "trickle":
        wait_for(lambda: stack.broker.count("orders") < 40 or mode == "stall", timeout_seconds=30.0)
        way.pass_on()

    stack.wait_settled(*map(paid, range(1, 61)))
    stack.assert_books_agree(*range(1, 61))


def test_without_a_confirm_of_the_error_copy_nothing_is_acked_and_one_row_remains(
    stack: Stack, way: TcpProxy
) -> None:
    stack.start("desk")
    worker = stack.start("worker", "orders", broker_url=way.url(stack.broker.url))
    stack.publish(order_event(1))
    stack.wait_settled(paid(1))

    stack.sandbox.fault(stack.realm_id, "latency", count=1, entity="SalesReceipt", seconds=2)
    stack.sandbox.fault(stack.realm_id, "refused", body='"DocNumber":"2"', error={"code": "6540"})
    stack.publish(order_event(2))
    wait_for(lambda: stack.count_intents() == 1, timeout_seconds=30.0, what="the write is under way")
    way.stall_replies()
    worker.wait_line("does not confirm|not confirm|round failed", timeout_seconds=60.0)
    way.reset()
    way.pass_on()

    stack.wait_failed(paid(2))
    wait_for(lambda: stack.broker.count("orders.errors") == 1, timeout_seconds=60.0, what="one copy")
    stack.assert_books_agree(1, failed=[paid(2)])


def test_events_that_wait_do_not_keep_a_live_one_from_its_turn(stack: Stack) -> None:
    stack.publish(*(refund_event(number) for number in range(1, 1001)))
    stack.start("worker", "orders")
    wait_for(lambda: stack.broker.count("orders.delayed.5s") > 500, timeout_seconds=60.0, what="refunds wait")

    stack.publish(order_event(5000))

    stack.wait_settled(paid(5000), timeout_seconds=10.0)


def test_objects_of_a_worker_that_lost_the_broker_are_free_for_another_while_it_lives(
    stack: Stack, way: TcpProxy
) -> None:
    cut_off = stack.start_dying_workers("wait:after write:1", broker_url=way.url(stack.broker.url))
    error = {"code": "6540", "message": "no", "detail": "no"}
    stack.sandbox.fault(stack.realm_id, "refused", body='"DocNumber":"1"', error=error)
    stack.publish(order_event(1))
    stopped = cut_off.wait_line(r"stopped (\d+)")
    way.refuse()
    os.kill(int(stopped[1]), signal.SIGUSR1)
    cut_off.wait_line("round failed", timeout_seconds=60.0)

    stack.start("worker", "orders")

    stack.wait_failed(paid(1))
    assert cut_off.is_running
    stack.assert_books_agree(failed=[paid(1)])


def refund_event(number: int) -> dict[str, object]:
    """A refund whose sale never came."""
    moment = "2026-11-20T10:00:00Z"
    return {
        "specversion": "1.0",
        "id": f"refund-{number}",
        "source": "counterfoil/connections/acme-woo",
        "type": "orders.refunded",
        "subject": f"refund/{number}",
        "partitionkey": f"order/{number}",
        "time": moment,
        "connection": "acme-woo",
        "data": {
            "refund_id": str(number),
            "order_id": str(number),
            "order_number": str(number),
            "created_at": moment,
            "currency": "USD",
            "total": "5.00",
        },
    }
