"""COUNTERFOIL_BROKER_URL with several addresses: the nodes of a cluster, one of which may be gone."""

from collections.abc import Iterator
from contextlib import closing

import pika
import pytest
from kombu.connection import Connection

from events.broker.addresses import addresses, tries
from events.broker.nodes import pika_nodes
from events.broker.publisher import Publisher
from events.broker.topology import declare
from events.outgoing import Outgoing
from tests.rig.broker import Broker

GONE = "amqp://guest:guest@127.0.0.1:1/"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("amqp://a/", ["amqp://a/"], id="one"),
        pytest.param("amqp://a/x;amqps://b/x", ["amqp://a/x", "amqps://b/x"], id="two"),
        pytest.param(" amqp://a/ ; amqp://b/ ;", ["amqp://a/", "amqp://b/"], id="blanks-and-a-last-sign"),
    ],
)
def test_addresses_are_read_in_order(url: str, expected: list[str]) -> None:
    assert addresses(url) == expected


@pytest.fixture
def publisher(broker: Broker) -> Iterator[Publisher]:
    one = Publisher(f"{GONE};{GONE};{broker.url}", jitter=lambda: 0.0)
    one.start()
    yield one
    one.close(2.0)


def test_publisher_goes_on_to_the_next_address_when_one_is_gone(broker: Broker, publisher: Publisher) -> None:
    with Connection(broker.url) as connection:
        declare(connection)

    assert publisher.wait_connected(5.0)

    publisher.publish(Outgoing("", "orders", b"{}")).result(5.0)
    assert broker.count("orders") == 1


def test_kombu_and_pika_find_the_one_address_that_answers(broker: Broker) -> None:
    url = f"{GONE};{GONE};{broker.url}"

    with Connection(url) as connection:
        connection.ensure_connection(max_retries=tries(url), interval_start=0)
        declare(connection)

    with closing(pika.BlockingConnection(pika_nodes(url, connection_name="test"))) as found:
        assert found.channel().queue_declare("orders", passive=True).method.message_count == 0
