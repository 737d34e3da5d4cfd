"""The broker itself is restarted, killed, frozen, or takes no messages: its clients find their way back."""

from collections.abc import Iterator

import pytest

from ops.node.node import PrivateNode
from ops.sandbox.testing import SandboxServer
from tests.faults.conftest import OpenStack
from tests.rig.broker import Broker
from tests.rig.fixtures import own_ports, rabbitmq_server, vhost
from tests.rig.proxy import TcpProxy
from tests.rig.stack import Stack, order_event, paid
from tests.rig.waiting import wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.xdist_group("broker_away")]

HEARTBEAT_SECONDS = 4
"""The smaller of both sides' wishes counts. Source: RabbitMQ docs, "Detecting Dead TCP Connections"."""


CONSUMER_TIMEOUT_MS = 2000
"""How long a delivery may stay unacked; RabbitMQ allows half an hour, and looks once a minute."""


@pytest.fixture(scope="module")
def shaken_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateNode]:
    """A node for the tests of this file alone; each leaves it as it found it."""
    folder = tmp_path_factory.mktemp("shaken") / "rabbitmq"
    node = PrivateNode(folder, server=rabbitmq_server(), preferred_ports=own_ports())
    try:
        node.start()
        yield node
    finally:
        node.kill()
        node.remove()


@pytest.fixture
def shaken_broker(shaken_node: PrivateNode) -> Iterator[Broker]:
    shaken_node.ctl("eval", f"application:set_env(rabbit, heartbeat, {HEARTBEAT_SECONDS}).")
    yield from vhost(shaken_node)


@pytest.fixture
def own_stack(open_stack: OpenStack, shaken_broker: Broker, usual_database_url: str) -> Stack:
    return open_stack(shaken_broker, usual_database_url)


def test_a_frozen_broker_is_noticed_and_slow_work_keeps_its_connection(
    own_stack: Stack, shaken_node: PrivateNode
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
    shaken_node.pause()
    worker.wait_line("broker lost", timeout_seconds=60.0)
    shaken_node.resume()

    stack.publish(order_event(3))
    stack.wait_settled(paid(3))
    assert after_slow_work == 0
    stack.assert_books_agree(1, 2, 3)


def test_a_memory_alarm_stops_error_copies_but_no_booking_and_ends_by_itself(
    open_stack: OpenStack,
    shaken_broker: Broker,
    usual_database_url: str,
    sandbox: SandboxServer,
    shaken_node: PrivateNode,
) -> None:
    with TcpProxy.to(sandbox.url) as way:
        stack = open_stack(shaken_broker, usual_database_url, quickbooks_url=way.url(sandbox.url))
        worker = stack.start("worker", "orders")
        error = {"code": "6540", "message": "no", "detail": "no"}
        stack.sandbox.fault(stack.realm_id, "refused", body='"DocNumber":"2"', error=error)
        stack.publish(order_event(4))
        stack.wait_settled(paid(4))
        way.stall()
        stack.publish(*(order_event(number) for number in (1, 2, 3)))
        wait_for(lambda: stack.count_intents() == 3, timeout_seconds=60.0, what="the writes are under way")

        shaken_node.ctl("set_vm_memory_high_watermark", "0.000001")
        way.pass_on()
        worker.wait_line("takes no messages", timeout_seconds=60.0)
        worker.wait_line("round failed", timeout_seconds=60.0)
        failed_meanwhile = stack.failures()
        shaken_node.ctl("set_vm_memory_high_watermark", "0.4")

        stack.wait_failed(paid(2))
        stack.wait_settled(paid(1), paid(3))
        assert failed_meanwhile == []
        stack.assert_books_agree(1, 3, 4, failed=[paid(2)])


def test_a_delivery_that_is_kept_longer_than_the_broker_allows_is_booked_once(
    own_stack: Stack, shaken_node: PrivateNode
) -> None:
    stack = own_stack
    usual = shaken_node.ctl("eval", "application:get_env(rabbit, consumer_timeout).")
    tick = "application:set_env(rabbit, channel_tick_interval, 500)"
    shaken_node.ctl("eval", f"{tick}, application:set_env(rabbit, consumer_timeout, {CONSUMER_TIMEOUT_MS}).")
    worker = stack.start("worker", "orders")
    slow = {"entity": "SalesReceipt", "seconds": 3 * CONSUMER_TIMEOUT_MS / 1000}
    stack.sandbox.fault(stack.realm_id, "latency", count=1, **slow)

    stack.publish(order_event(1), order_event(2))
    worker.wait_line("broker lost", timeout_seconds=60.0)
    stack.wait_settled(paid(1), paid(2))
    number = usual.partition(",")[2].rstrip("}")
    shaken_node.ctl("eval", f"application:set_env(rabbit, consumer_timeout, {number}).")

    stack.assert_books_agree(1, 2)
    wait_for(lambda: stack.broker.consumers("orders") == 1, timeout_seconds=60.0, what="one consumer")
    assert set(stack.attempts().values()) == {1}


def test_after_a_restart_and_a_kill_of_the_broker_the_same_worker_consumes_and_nothing_is_doubled(
    own_stack: Stack, shaken_node: PrivateNode
) -> None:
    stack = own_stack
    worker = stack.start("worker", "orders")
    stack.publish(*(order_event(number) for number in range(1, 61)))
    stack.wait_entries(1)

    shaken_node.write_down()
    shaken_node.restart()
    stack.wait_settled(*map(paid, range(1, 61)))
    stack.publish(*(order_event(number) for number in range(61, 121)))
    shaken_node.write_down()
    shaken_node.kill()
    shaken_node.start()

    stack.wait_settled(*map(paid, range(1, 121)))
    assert worker.is_running
    wait_for(lambda: stack.broker.consumers("orders") == 1, timeout_seconds=60.0, what="one consumer")
    stack.assert_books_agree(*range(1, 121))
