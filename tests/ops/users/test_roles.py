"""Each role tries everything, over AMQP and over the management API: what it may do works, all else is refused."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pika
import pika.exceptions
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from events import names
from events.broker.topology import QUEUES
from ops.node.management import ManagementRefused, part
from tests.ops.users.conftest import Person
from tests.rig.broker import Broker
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker
Make = Callable[[str], Person]
ALL_QUEUES = sorted(str(queue.name) for queue in QUEUES)
MAY_READ = {"orders.errors", "inventory.errors", "contacts.errors", "commands.log", "commands.rejected"}
QUORUM = {"x-queue-type": "quorum"}

# Over AMQP: what nobody with a role may do
FORBIDDEN: dict[str, Callable[[BlockingChannel], Any]] = {
    "declare a queue": lambda channel: channel.queue_declare("mine", durable=True, arguments=QUORUM),
    "declare an exchange": lambda channel: channel.exchange_declare("mine", "topic", durable=True),
    "delete an error queue": lambda channel: channel.queue_delete("orders.errors"),
    "delete the command exchange": lambda channel: channel.exchange_delete(names.COMMANDS),
    "bind an error queue": lambda channel: channel.queue_bind("orders.errors", names.COMMANDS, "orders"),
    "unbind the commands": lambda channel: channel.queue_unbind("orders.commands", names.COMMANDS, "orders"),
    "publish an event": lambda channel: channel.basic_publish(names.EVENTS, "orders.paid", b"{}"),
    "publish straight to a queue": lambda channel: channel.basic_publish("", "orders", b"{}"),
    "publish to an error queue": lambda channel: channel.basic_publish("", "orders.errors", b"{}"),
    "read the workflow's queue": lambda channel: channel.basic_get("orders"),
    "consume the workflow's commands": lambda channel: channel.basic_consume("orders.commands", print),
    "purge the workflow's queue": lambda channel: channel.queue_purge("orders"),
    "purge the held events": lambda channel: channel.queue_purge("orders.held"),
}

# Over the management API
FORBIDDEN_REQUESTS: list[tuple[str, str, object]] = [
    ("PUT", "queues/{vhost}/mine", {"durable": True}),
    ("DELETE", "queues/{vhost}/orders.errors", None),
    ("DELETE", "queues/{vhost}/orders/contents", None),
    ("DELETE", "exchanges/{vhost}/counterfoil.commands", None),
    ("POST", "bindings/{vhost}/e/counterfoil.commands/q/orders.errors", {"routing_key": "orders"}),
    ("POST", "exchanges/{vhost}/amq.default/publish", {"routing_key": "orders"}),
    ("POST", "exchanges/{vhost}/counterfoil.events/publish", {"routing_key": "orders.paid"}),
    ("PUT", "policies/{vhost}/mine", {"pattern": ".*", "definition": {"max-length": 1}}),
    ("PUT", "users/boss", {"password": "long enough", "tags": "administrator"}),
    ("PUT", "permissions/{vhost}/{me}", {"configure": ".*", "write": ".*", "read": ".*"}),
    ("DELETE", "users/guest", None),
    ("POST", "definitions", {"users": []}),
    ("GET", "users", None),
    ("DELETE", "vhosts/{vhost}", None),
]


@contextmanager
def connected(person: Person) -> Iterator[pika.BlockingConnection]:
    """A connection of that user's; a refusal closes only the channel."""
    connection = pika.BlockingConnection(pika.URLParameters(person.broker.url))
    try:
        yield connection
    finally:
        connection.close()


def assert_refused(connection: pika.BlockingConnection, attempt: Callable[[BlockingChannel], Any]) -> None:
    """The broker must say no, with nothing else wrong."""
    channel = connection.channel()
    channel.confirm_delivery()
    with pytest.raises(pika.exceptions.ChannelClosedByBroker) as no:
        attempt(channel)
    assert no.value.reply_code == 403, no.value


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_role_may_change_nothing_over_amqp(person: Make, counter: Broker, role: str) -> None:
    someone = person(role)

    with connected(someone) as connection:
        for attempt in FORBIDDEN.values():
            assert_refused(connection, attempt)

    assert counter.count("orders") == counter.count("orders.errors") == 1


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_role_may_change_nothing_over_the_management_api(person: Make, counter: Broker, role: str) -> None:
    someone = person(role)

    for method, path, body in FORBIDDEN_REQUESTS:
        full = path.format(vhost=part(counter.vhost), me=part(someone.name))
        if isinstance(body, dict) and path.endswith("/publish"):
            body = {**body, "properties": {}, "payload": "{}", "payload_encoding": "string"}
        with pytest.raises(ManagementRefused) as no:
            someone.broker.management.request(method, full, body)
        assert no.value.status in (400, 401, 403), (method, full, no.value)
        if no.value.status == 400:
            assert "ACCESS_REFUSED" in str(no.value) or "access" in str(no.value), no.value

    assert counter.count("orders") == counter.count("orders.errors") == 1


@pytest.mark.parametrize(("role", "may_read"), [("operator", MAY_READ), ("viewer", set())])
def test_role_reads_these_queues_and_no_others(
    person: Make, counter: Broker, role: str, may_read: set[str]
) -> None:
    someone = person(role)

    readable: set[str] = set()
    with connected(someone) as connection:
        for queue in ALL_QUEUES:
            try:
                connection.channel().basic_get(queue)
            except pika.exceptions.ChannelClosedByBroker as no:
                assert no.reply_code == 403
            else:
                readable.add(queue)

    assert readable == may_read


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_role_sees_every_queue_and_how_many_messages_it_holds(
    person: Make, counter: Broker, role: str
) -> None:
    someone = person(role)

    assert sorted(someone.broker.queues()) == ALL_QUEUES
    wait_for(
        lambda: someone.broker.queues()["orders.errors"].get("messages") == 1,
        timeout_seconds=20,
        what="the UI's number of waiting failures",
    )
    assert set(someone.broker.exchanges()) == {
        "counterfoil.events",
        "counterfoil.commands",
        "counterfoil.unrouted",
    }


def test_operator_peeks_at_an_error_queue_and_the_message_stays(person: Make, counter: Broker) -> None:
    someone = person("operator")

    for _ in range(50):
        (message,) = someone.broker.peek("orders.errors")
        assert message.headers["reason"] == "why"

    assert counter.count("orders.errors") == 1


def test_viewer_cannot_peek(person: Make, counter: Broker) -> None:
    someone = person("viewer")

    with pytest.raises(ManagementRefused) as no:
        someone.broker.peek("orders.errors")

    assert no.value.status in (400, 401, 403)


def test_operator_publishes_a_command_under_the_own_name(person: Make, counter: Broker) -> None:
    someone = person("operator")

    assert someone.broker.publish(
        names.COMMANDS, "orders", {"command": "retry_all"}, properties={"user_id": someone.name}
    )

    with counter.channel() as channel:
        _, properties, body = next(channel.consume("orders.commands", inactivity_timeout=10))
    assert (properties.user_id, json.loads(body)) == (someone.name, {"command": "retry_all"})


def test_broker_refuses_a_command_under_another_users_name(person: Make, counter: Broker) -> None:
    someone = person("operator")
    command = json.dumps({"command": "retry_all"}).encode()

    with person("operator").broker.channel() as channel:
        channel.confirm_delivery()
        with pytest.raises(pika.exceptions.ChannelClosedByBroker) as no:
            channel.basic_publish(
                names.COMMANDS, "orders", command, pika.BasicProperties(user_id=someone.name)
            )

    assert no.value.reply_code == 406
    assert counter.count("orders.commands") == 0


def test_viewer_cannot_publish_a_command(person: Make, counter: Broker) -> None:
    with connected(person("viewer")) as connection:
        assert_refused(
            connection,
            lambda channel: channel.basic_publish(names.COMMANDS, "orders", b'{"command": "retry_all"}'),
        )

    assert counter.count("orders.commands") == 0


def test_person_of_one_virtual_host_sees_nothing_of_another(person: Make, counter: Broker) -> None:
    someone = person("operator")
    other = f"{counter.vhost}-other"
    counter.management.add_vhost(other)
    try:
        with pytest.raises(ManagementRefused) as no:
            someone.broker.management.request("GET", f"queues/{part(other)}")
        with pytest.raises(pika.exceptions.ProbableAccessDeniedError):
            pika.BlockingConnection(pika.URLParameters(someone.broker.url.replace(counter.vhost, other)))
    finally:
        counter.management.delete_vhost(other)

    assert no.value.status in (401, 403)
