"""The definitions file: as the topology is today, and a fresh RabbitMQ takes it."""

from pathlib import Path

import orjson
import pytest
from kombu.connection import Connection

from events.broker.topology import declare
from ops.node.node import PrivateNode
from ops.users.accounts import Accounts, User
from ops.users.definitions import VHOST, as_text, definitions
from tests.ops.users.conftest import PASSWORD, seen_by
from tests.rig.broker import Broker

FILE = Path(__file__).parents[3] / "ops" / "definitions.json"


def test_file_is_what_the_topology_gives() -> None:
    """After a wanted change: ``python -m ops.users.definitions > ops/definitions.json``."""
    assert FILE.read_text() == as_text(definitions())


@pytest.mark.broker
@pytest.mark.slow
def test_fresh_node_takes_the_file_and_setup_then_changes_nothing(own_node: PrivateNode) -> None:
    management = own_node.management

    management.request("POST", "definitions", orjson.loads(FILE.read_bytes()))
    management.allow(VHOST, "guest", configure=".*", write=".*", read=".*")
    broker = Broker(own_node.amqp_url(VHOST), own_node.management_url, VHOST, management)
    imported = (broker.queues().keys(), broker.exchanges(), broker.bindings())
    arguments = {name: queue["arguments"] for name, queue in broker.queues().items()}
    with Connection(broker.url) as connection:
        declare(connection)  # would refuse anything with other properties

    assert (broker.queues().keys(), broker.exchanges(), broker.bindings()) == imported
    assert {name: queue["arguments"] for name, queue in broker.queues().items()} == arguments
    accounts = Accounts(management, VHOST)
    assert accounts.known() == [User("operator", "operator", False), User("viewer", "viewer", False)]
    assert not seen_by(broker, "operator", "").management.answers()
    accounts.set_password("operator", PASSWORD)
    assert seen_by(broker, "operator").management.answers()
    management.request("POST", "definitions", orjson.loads(FILE.read_bytes()))
    assert broker.bindings() == imported[2]
