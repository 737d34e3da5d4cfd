"""The topology is the contract's, and declaring it is safe to repeat."""

from pathlib import Path

import pytest
from kombu.connection import Connection
from kombu.entity import Queue

from events import names
from events.broker import topology
from tests.rig.broker import Broker
from tests.rig.waiting import wait_for

APPROVED = Path(__file__).with_name("topology.approved.txt")


def _listing() -> str:
    lines = [
        f"exchange {exchange.name} ({exchange.type}){_arguments(exchange.arguments)}"
        for exchange in sorted(topology.EXCHANGES, key=lambda exchange: exchange.name)
    ]
    for queue in sorted(topology.QUEUES, key=lambda queue: queue.name):
        source = f" <- {queue.exchange.name} [{queue.routing_key}]" if queue.exchange.name else ""
        lines.append(f"queue {queue.name}{source}{_arguments(queue.queue_arguments)}")
    return "\n".join(lines) + "\n"


def _arguments(arguments: dict[str, object] | None) -> str:
    return "".join(f"\n    {key} = {value}" for key, value in sorted((arguments or {}).items()))


def _declare(url: str) -> None:
    with Connection(url) as connection:
        topology.declare(connection)


def test_topology_is_the_approved_one() -> None:
    """After a wanted change: write ``_listing()`` into the approved file, and say so in the changelog."""
    assert _listing() == APPROVED.read_text()


@pytest.mark.parametrize("queue", topology.QUEUES, ids=lambda queue: queue.name)
def test_every_queue_is_a_durable_quorum_queue_with_a_finite_delivery_limit(queue: Queue) -> None:
    assert queue.durable
    assert queue.queue_arguments["x-queue-type"] == "quorum"
    assert 0 < queue.queue_arguments["x-delivery-limit"] < 2**31


@pytest.mark.broker
def test_declaring_twice_gives_what_declaring_once_gives(broker: Broker) -> None:
    _declare(broker.url)
    once = (sorted(broker.exchanges()), sorted(broker.queues()), broker.bindings())

    _declare(broker.url)

    assert (sorted(broker.exchanges()), sorted(broker.queues()), broker.bindings()) == once
    assert once[1] == sorted(queue.name for queue in topology.QUEUES)


@pytest.mark.broker
def test_a_queue_that_is_there_with_other_properties_is_named_in_one_sentence(broker: Broker) -> None:
    with broker.channel() as channel:
        channel.queue_declare("orders", durable=True, arguments={"x-queue-type": "quorum"})

    with pytest.raises(topology.TopologyMismatch, match=r'Queue "orders" already exists .*inequivalent arg'):
        _declare(broker.url)


@pytest.mark.broker
def test_an_event_goes_to_its_workflow_and_a_stray_one_to_unrouted(broker: Broker) -> None:
    _declare(broker.url)

    routed = [broker.publish(names.EVENTS, key, "{}") for key in ("orders.paid", "parcels.sent")]

    assert routed == [True, True]
    wait_for(lambda: (broker.count("orders"), broker.count(names.UNROUTED)) == (1, 1))


@pytest.mark.broker
def test_a_command_for_no_workflow_is_not_routed_and_the_publisher_is_told(broker: Broker) -> None:
    _declare(broker.url)

    assert broker.publish(names.COMMANDS, "orders", "{}")
    assert not broker.publish(names.COMMANDS, "order", "{}")


@pytest.mark.broker
def test_a_delayed_event_goes_back_to_its_workflow_again_and_again(broker: Broker) -> None:
    _declare(broker.url)
    shortest = names.delayed("orders", names.DELAYS_SECONDS[0])

    for _ in range(2):  # RabbitMQ drops a message that expires round in a circle: ours is published anew
        assert broker.publish("", shortest, {"id": "1"})
        wait_for(lambda: broker.count("orders") == 1, timeout_seconds=names.DELAYS_SECONDS[0] + 10)
        assert broker.take("orders")[0].json() == {"id": "1"}


@pytest.mark.broker
def test_a_message_that_kills_its_worker_too_often_is_set_aside(broker: Broker) -> None:
    _declare(broker.url)
    broker.publish(names.EVENTS, "orders.paid", {"id": "1"})

    with broker.channel() as channel:
        for _ in range(topology.WORK_DELIVERY_LIMIT + 1):
            method, _properties, _body = wait_for(lambda: _got(channel.basic_get("orders")))
            channel.basic_reject(method.delivery_tag, requeue=True)

    wait_for(lambda: broker.count(names.dead("orders")) == 1)
    assert broker.count("orders") == 0


@pytest.mark.broker
def test_looking_at_an_error_queue_fifty_times_loses_nothing(broker: Broker) -> None:
    _declare(broker.url)
    broker.publish("", names.errors("orders"), {"id": "1"})

    for _ in range(50):
        assert wait_for(lambda: broker.peek(names.errors("orders")))[0].json() == {"id": "1"}

    wait_for(lambda: broker.count(names.errors("orders")) == 1)


def _got(answer: tuple[object, object, object]) -> tuple[object, object, object] | None:
    return answer if answer[0] is not None else None
