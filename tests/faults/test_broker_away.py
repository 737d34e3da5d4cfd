"""The broker itself is restarted, killed, frozen, or takes no messages: its clients find their way back."""

import pytest

from ops.node.node import PrivateNode
from tests.faults.conftest import OpenStack
from tests.rig.broker import Broker
from tests.rig.stack import Stack, order_event, paid
from tests.rig.waiting import wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow]

HEARTBEAT_SECONDS = 4
"""The smaller of both sides' wishes counts. Source: RabbitMQ docs, "Detecting Dead TCP Connections"."""


@pytest.fixture
def own_stack(
    open_stack: OpenStack, own_node: PrivateNode, own_broker: Broker, usual_database_url: str
) -> Stack:
    own_node.ctl("eval", f"application:set_env(rabbit, heartbeat, {HEARTBEAT_SECONDS}).")
    stack = open_stack(own_broker, usual_database_url)
    own_node.write_down()
    return stack


def test_after_a_restart_and_a_kill_of_the_broker_the_same_worker_consumes_and_nothing_is_doubled(
    own_stack: Stack, own_node: PrivateNode
) -> None:
    stack = own_stack
    worker = stack.start("worker", "orders")
    stack.publish(*(order_event(number) for number in range(1, 61)))
    stack.wait_entries(1)

    own_node.restart()
    stack.wait_settled(*map(paid, range(1, 61)))
    stack.publish(*(order_event(number) for number in range(61, 121)))
    own_node.write_down()
    own_node.kill()
    own_node.start()

    stack.wait_settled(*map(paid, range(1, 121)))
    assert worker.is_running
    wait_for(lambda: stack.broker.consumers("orders") == 1, timeout_seconds=60.0, what="one consumer")
    stack.assert_books_agree(*range(1, 121))


def test_a_frozen_broker_is_noticed_and_slow_work_keeps_its_connection(
    own_stack: Stack, own_node: PrivateNode
) -> None:
    stack = own_stack
    worker = stack.start("worker", "orders")
    stack.publish(order_event(1))
    stack.wait_settled(paid(1))

    slow_seconds = 3 * HEARTBEAT_SECONDS
    stack.sandbox.fault(stack.realm_id, "latency", count=1, entity="SalesReceipt", seconds=slow_seconds)
    stack.publish(order_event(2))
    stack.wait_settled(paid(2))
    after_slow_work = worker.output.count("broker lost")
    own_node.pause()
    worker.wait_line("broker lost", timeout_seconds=60.0)
    own_node.resume()

    stack.publish(order_event(3))
    stack.wait_settled(paid(3))
    assert after_slow_work == 0
    stack.assert_books_agree(1, 2, 3)


def test_a_memory_alarm_stops_error_copies_but_no_booking_and_ends_by_itself(
    own_stack: Stack, own_node: PrivateNode
) -> None:
    stack = own_stack
    worker = stack.start("worker", "orders")
    error = {"code": "6540", "message": "no", "detail": "no"}
    stack.sandbox.fault(stack.realm_id, "refused", body='"DocNumber":"2"', error=error)
    stack.sandbox.fault(stack.realm_id, "latency", count=2, entity="SalesReceipt", seconds=5)
    stack.publish(*(order_event(number) for number in (1, 2, 3)))
    wait_for(lambda: stack.count_intents() == 3, timeout_seconds=60.0, what="the writes are under way")

    own_node.ctl("set_vm_memory_high_watermark", "0.000001")
    worker.wait_line("takes no messages", timeout_seconds=60.0)
    worker.wait_line("round failed", timeout_seconds=60.0)
    failed_meanwhile = stack.failures()
    own_node.ctl("set_vm_memory_high_watermark", "0.4")

    stack.wait_failed(paid(2))
    stack.wait_settled(paid(1), paid(3))
    assert failed_meanwhile == []
    stack.assert_books_agree(1, 3, failed=[paid(2)])
