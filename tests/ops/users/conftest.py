"""A virtual host with our topology, and people with a role in it."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest
from kombu.connection import Connection

from events import names
from events.broker.topology import declare
from ops.node.management import Management
from ops.users.accounts import Accounts
from ops.users.roles import ROLES
from tests.rig.broker import Broker

PASSWORD = "correct horse"


@dataclass(frozen=True)
class Person:
    """One user, and the broker as that user reaches it."""

    name: str
    broker: Broker


@pytest.fixture
def counter(broker: Broker) -> Broker:
    """The virtual host with our topology and a message in some of the queues."""
    with Connection(broker.url) as connection:
        declare(connection)
    for queue in ("orders", "orders.errors", "orders.dead", names.COMMANDS_LOG, names.UNROUTED):
        broker.publish("", queue, {"lies in": queue}, headers={"reason": "why"})
    return broker


@pytest.fixture
def accounts(counter: Broker) -> Accounts:
    return Accounts(counter.management, counter.vhost)


@pytest.fixture
def person(accounts: Accounts, counter: Broker) -> Iterator[Callable[[str], Person]]:
    """Make a user of a role; all of them are gone afterwards (users belong to the node, not to the test)."""
    made: list[str] = []

    def make(role: str) -> Person:
        name = f"{role}-{uuid.uuid4().hex[:8]}"
        accounts.add(name, PASSWORD, ROLES[role])
        made.append(name)
        return Person(name, seen_by(counter, name))

    yield make
    for name in made:
        accounts.management.request("DELETE", f"users/{name}")


def seen_by(broker: Broker, name: str, password: str = PASSWORD) -> Broker:
    """The same virtual host with another user's name and password."""

    def as_user(url: str) -> str:
        parts = urlsplit(url)
        return parts._replace(
            netloc=f"{name}:{password.replace(' ', '%20')}@{parts.hostname}:{parts.port}"
        ).geturl()

    url = as_user(broker.management_url)
    return replace(broker, url=as_user(broker.url), management_url=url, management=Management(url))
