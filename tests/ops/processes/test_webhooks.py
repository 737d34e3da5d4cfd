"""``counterfoil webhooks`` as a process: started without its neighbours, ended politely, killed, and losing nothing."""

import http.client
import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kombu.connection import Connection as BrokerConnection
from sqlalchemy import Engine

from events.broker import topology
from ops.migrations.migrate import upgrade
from ops.node.node import PrivateNode
from schemas.connection import Connection
from tests.events.webhooks.store import SECRET, Delivery, Store, envelope, order_gone, woo
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.ports import free_port
from tests.rig.processes import Process, counterfoil
from tests.rig.proxy import TcpProxy
from tests.rig.waiting import wait_for
from workers.ledger.connections import add_connection
from workers.ledger.engine import open_ledger, writing
from workers.secrets import Secrets

pytestmark = pytest.mark.broker
KEY = "a passphrase that only this test knows"
MakeProxy = Callable[[str], TcpProxy]


@dataclass
class Server:
    """How to start ``counterfoil webhooks`` again and again on the same ports, database and spool."""

    start_process: StartProcess
    environment: dict[str, str]
    store: Store
    metrics: Store

    def start(self, broker_url: str) -> Process:
        environment = {**self.environment, "COUNTERFOIL_BROKER_URL": broker_url}
        process = self.start_process(*counterfoil("webhooks"), environment=environment)
        process.wait_port(int(environment["COUNTERFOIL_LISTEN"].rpartition(":")[2]))
        return process


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    engine = open_ledger(sqlite_url)
    upgrade(engine)
    sealed = Secrets(KEY).seal({"webhook_secrets": [SECRET]})
    with writing(engine) as database:
        for name, platform in (("acme-woo", "woocommerce"), ("canonical", "counterfoil")):
            connection = Connection.model_validate({"connection_id": name, "platform": platform})
            add_connection(database, connection, secrets=sealed, now=datetime.now(UTC))
    yield engine
    engine.dispose()


@pytest.fixture
def server(process: StartProcess, engine: Engine, tmp_path: Path) -> Server:
    listen, metrics_listen = free_port(), free_port()
    environment = {
        "COUNTERFOIL_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "COUNTERFOIL_SECRET_KEY": KEY,
        "COUNTERFOIL_LISTEN": f"127.0.0.1:{listen}",
        "COUNTERFOIL_METRICS_LISTEN": f"127.0.0.1:{metrics_listen}",
        "COUNTERFOIL_SPOOL_PATH": str(tmp_path / "spool.db"),
        "COUNTERFOIL_SHUTDOWN_SECONDS": "10",
    }
    return Server(process, environment, Store(listen), Store(metrics_listen))


class Load:
    """Some stores that send without a pause until they are told to stop or nobody answers."""

    def __init__(self, store: Store, *, senders: int = 6) -> None:
        self.taken: set[str] = set()
        self.statuses: list[int] = []
        self._store = store
        self._numbers = itertools.count(1)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(senders)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(30.0)

    def wait_taken(self, count: int) -> None:
        """Wait until so many more webhooks were answered 200."""
        goal = len(self.taken) + count
        wait_for(lambda: len(self.taken) >= goal, timeout_seconds=30.0, what=f"{count} webhooks taken")

    def _send(self) -> None:
        while not self._stopping.is_set():
            event_id = f"event-{next(self._numbers)}"
            try:
                status = self._store.send("canonical", envelope(event_id, "16")).status
            except (OSError, http.client.HTTPException):
                self._stopping.wait(0.05)  # nobody there, or hung up without an answer: the store knows that
                continue
            self.statuses.append(status)
            if status == 200:
                self.taken.add(event_id)


def _declare(broker: Broker) -> None:
    with BrokerConnection(broker.url) as connection:
        topology.declare(connection)


def _arrived(broker: Broker, into: set[str]) -> set[str]:
    """Every event id that is or was in the queue; takes them out, so that ``into`` must be kept."""
    into |= {message.json()["id"] for message in broker.take("orders", 5000)}
    return into


def test_it_tells_how_it_is_and_what_it_did(server: Server, broker: Broker) -> None:
    _declare(broker)
    process = server.start(broker.url)
    process.wait_url(f"http://{server.environment['COUNTERFOIL_METRICS_LISTEN']}/health/live")
    wait_for(lambda: server.metrics.ask("GET", "/health/ready").status == 200)
    assert server.store.send("acme-woo", order_gone(16)).status == 200
    server.store.send("acme-woo", Delivery(b"{}", {}))

    pages = [side.ask("GET", path) for side in (server.store, server.metrics) for path in _PAGES]

    assert [page.status for page in pages] == [200] * 6
    for metrics in (pages[2], pages[5]):
        assert b'counterfoil_webhooks_total{platform="woocommerce",result="published"} 1.0' in metrics.body
        assert (
            b'counterfoil_webhooks_total{platform="woocommerce",result="bad_signature"} 1.0' in metrics.body
        )


def test_only_a_good_signature_counts_as_a_sign_of_life_of_the_store(server: Server, broker: Broker) -> None:
    _declare(broker)
    server.start(broker.url)
    server.store.send("canonical", Delivery(b"{}", {}))
    server.store.send("acme-woo", woo("order.deleted", b"not JSON"))

    numbers = server.metrics.ask("GET", "/metrics").body

    assert b'counterfoil_last_webhook_timestamp_seconds{connection="acme-woo"}' in numbers
    assert b'connection="canonical"' not in numbers


_PAGES = ("/health/live", "/health/ready", "/metrics")


def test_started_without_a_broker_it_takes_webhooks_and_delivers_them_later(
    server: Server, broker: Broker, proxy: MakeProxy
) -> None:
    _declare(broker)
    between = proxy(broker.url)
    between.refuse()
    server.start(between.url(broker.url))
    reply = server.store.send("acme-woo", order_gone(16))
    wait_for(lambda: server.metrics.ask("GET", "/health/live").status == 200)
    ready = server.metrics.ask("GET", "/health/ready")

    between.pass_on()

    assert (reply.status, ready.status) == (200, 200)
    wait_for(lambda: broker.count("orders") == 1)
    wait_for(lambda: b"counterfoil_spooled_webhooks 0.0" in server.metrics.ask("GET", "/metrics").body)


def test_with_neither_broker_nor_spool_it_is_not_ready(server: Server) -> None:
    server.environment["COUNTERFOIL_SPOOL_LIMIT"] = "0"
    process = server.start("amqp://guest:guest@127.0.0.1:9/")
    process.wait_url(f"http://{server.environment['COUNTERFOIL_METRICS_LISTEN']}/health/live")

    ready = server.metrics.ask("GET", "/health/ready")

    assert (ready.status, ready.json()["failed"]) == (503, ["storage"])
    assert server.store.send("acme-woo", order_gone(16)).status == 503


def test_terminated_under_load_it_answers_what_it_took_and_loses_nothing(
    server: Server, broker: Broker
) -> None:
    _declare(broker)
    process = server.start(broker.url)

    with Load(server.store) as load:
        load.wait_taken(200)
        code = process.terminate()

    assert code == 0, process.describe()
    assert set(load.statuses) == {200}
    assert load.taken <= _arrived(broker, set())


def test_terminated_while_the_broker_is_away_it_keeps_everything_for_the_next_start(
    server: Server, broker: Broker, proxy: MakeProxy
) -> None:
    _declare(broker)
    between = proxy(broker.url)
    process = server.start(between.url(broker.url))
    with Load(server.store) as load:
        load.wait_taken(50)
        between.refuse()
        load.wait_taken(50)
        assert process.terminate() == 0

    between.pass_on()
    server.start(between.url(broker.url))

    arrived: set[str] = set()
    wait_for(lambda: load.taken <= _arrived(broker, arrived), timeout_seconds=30.0)


@pytest.mark.parametrize("broker_is_there", [True, False], ids=["with-broker", "while-spooling"])
def test_killed_under_load_everything_it_answered_with_200_still_arrives(
    server: Server, broker: Broker, proxy: MakeProxy, broker_is_there: bool
) -> None:
    _declare(broker)
    between = proxy(broker.url)
    process = server.start(between.url(broker.url))
    with Load(server.store) as load:
        load.wait_taken(100)
        if not broker_is_there:
            between.refuse()
            load.wait_taken(100)
        process.kill()

    between.pass_on()
    server.start(between.url(broker.url))

    arrived: set[str] = set()
    wait_for(lambda: load.taken <= _arrived(broker, arrived), timeout_seconds=30.0)


def test_a_killed_broker_costs_no_webhook(server: Server, own_node: PrivateNode, own_broker: Broker) -> None:
    _declare(own_broker)
    server.start(own_broker.url)

    with Load(server.store, senders=3) as load:
        load.wait_taken(100)
        own_node.kill()
        load.wait_taken(100)
        own_node.start()
        load.wait_taken(100)

    assert set(load.statuses) == {200}
    arrived: set[str] = set()
    wait_for(lambda: load.taken <= _arrived(own_broker, arrived), timeout_seconds=60.0)


def test_nothing_of_a_body_or_a_secret_is_logged(server: Server, broker: Broker) -> None:
    _declare(broker)
    server.environment["COUNTERFOIL_LOG"] = "debug"
    process = server.start(broker.url)
    marked = json.dumps(
        {"id": "MARK-1", "billing": {"email": "mark2@example.org"}, "number": "MARK-3"}
    ).encode()

    for delivery in (
        woo("order.updated", marked),
        woo("order.updated", marked, secret="wrong"),
        woo("order.deleted", marked),
        woo("order.updated", marked + b"MARK-4"),
        woo("order.updated", marked * 100_000),
    ):
        server.store.send("acme-woo", delivery)

    process.terminate()
    assert "mark" not in process.output.lower()
    assert SECRET not in process.output
    assert KEY not in process.output


@pytest.mark.parametrize("setting", ["COUNTERFOIL_LISTEN", "COUNTERFOIL_METRICS_LISTEN"])
def test_a_taken_port_is_one_sentence(server: Server, process: StartProcess, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        program = process(*counterfoil("webhooks"), environment={**server.environment, setting: taken})

        code = program.wait_end()

    assert code == 1
    assert f"Cannot listen on {taken} (Address already in use)" in program.output
    assert "Traceback" not in program.output


def test_a_wrong_secret_key_is_one_sentence(server: Server, process: StartProcess) -> None:
    environment = {**server.environment, "COUNTERFOIL_SECRET_KEY": "another passphrase"}

    program = process(*counterfoil("webhooks"), environment=environment)

    assert program.wait_end() == 1
    assert "COUNTERFOIL_SECRET_KEY is not the key" in program.output
