"""The webhook application on a real server in this process, with the parts that a test chooses."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from kombu.connection import Connection

from events.broker import topology
from events.broker.publisher import Publisher
from events.spool.relay import Relay
from events.spool.writer import SpoolWriter
from events.stores.registry import PLATFORMS
from events.webhooks.app import webhook_app
from events.webhooks.connections import Connections
from events.webhooks.directory import WebhookConnection
from events.webhooks.door import Door
from events.webhooks.outbox import Outbox
from ops.processes.webhooks import listen
from tests.events.webhooks.store import SECRET, Store
from tests.rig.broker import Broker
from tests.rig.waiting import wait_for

LIMIT_BYTES = 20_000
NO_BROKER = "amqp://guest:guest@127.0.0.1:9/"
"""Port 9 ("discard"): nothing listens there."""


class Connected:
    """A directory that a test can change, and break."""

    def __init__(self) -> None:
        self.broken = False
        self.known = {
            "acme-woo": WebhookConnection("woocommerce", "active", (SECRET,)),
            "resting": WebhookConnection("woocommerce", "paused", (SECRET,)),
            "gone": WebhookConnection("woocommerce", "closed", (SECRET,)),
            "rotating": WebhookConnection("woocommerce", "active", ("new", "old")),
            "canonical": WebhookConnection("counterfoil", "active", (SECRET,)),
        }

    def get(self, connection_id: str) -> WebhookConnection | None:
        if self.broken:
            raise OSError("the database is away")
        return self.known.get(connection_id)


@dataclass
class Seen:
    """What the observer was told."""

    results: list[tuple[str, str]] = field(default_factory=list)

    def webhook_done(self, platform: str, result: str, *, seconds: float) -> None:
        assert 0.0 <= seconds < 60.0
        self.results.append((platform, result))


@dataclass
class Ingress:
    """A running server."""

    store: Store
    directory: Connected
    seen: Seen
    publisher: Publisher
    spooled: Callable[[], int]


MakeIngress = Callable[..., Ingress]


@pytest.fixture
def make_ingress(tmp_path: Path) -> Iterator[MakeIngress]:
    """Start servers; ``spool_limit`` 0 = no spool."""
    ends: list[Callable[[], None]] = []

    def make(
        broker_url: str = NO_BROKER, *, spool_limit: int = 0, confirm_timeout_seconds: float = 5.0
    ) -> Ingress:
        directory, seen = Connected(), Seen()
        path = tmp_path / "spool.db"
        counts = [0]
        publisher = Publisher(broker_url, confirm_timeout_seconds=confirm_timeout_seconds, jitter=lambda: 0.0)
        writer = SpoolWriter(path, limit=spool_limit, on_count=counts.append)
        relay = Relay(path, publisher, on_count=counts.append)
        connections = Connections(directory)
        door = Door(connections, PLATFORMS, Outbox(publisher, writer), clock=lambda: datetime.now(UTC))
        listener = listen("127.0.0.1:0")
        app = webhook_app(door, limit_bytes=LIMIT_BYTES, observer=seen, pages={})
        server = uvicorn.Server(
            uvicorn.Config(app, loop="uvloop", http="httptools", ws="none", lifespan="off", log_config=None)
        )
        for part in (publisher, writer, relay, connections):
            part.start()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        wait_for(lambda: server.started)

        def end() -> None:
            server.should_exit = True
            thread.join(20.0)
            connections.close()
            relay.close(5.0)
            publisher.close(5.0)
            writer.close(5.0)
            listener.close()

        ends.append(end)
        store = Store(listener.getsockname()[1])
        return Ingress(store, directory, seen, publisher, lambda: counts[-1])

    yield make
    for end in ends:
        end()


@pytest.fixture
def declared(broker: Broker) -> Broker:
    """A virtual host with the whole topology."""
    declare(broker)
    return broker


def declare(broker: Broker) -> None:
    """What ``counterfoil setup`` does on the broker."""
    with Connection(broker.url) as connection:
        topology.declare(connection)
