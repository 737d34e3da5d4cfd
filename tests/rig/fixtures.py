"""The fixtures themselves; ``tests/conftest.py`` makes them known everywhere."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from ops.node import newer
from ops.node.node import PrivateNode
from ops.node.postgres import PrivatePostgres, binaries_folder
from ops.node.server import Server, installed
from tests.rig.broker import Broker
from tests.rig.lease import shared
from tests.rig.processes import Process, clean_environment
from tests.rig.proxy import TcpProxy

NO_RABBITMQ = "RabbitMQ is not installed; `make test` as root installs it."
NO_POSTGRES = "PostgreSQL is not installed; `make test` as root installs it."
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
"""A test's database need not survive a power cut."""
TEST_FOLDER = Path(__file__).resolve().parents[2] / ".counterfoil" / "test"


class StartProcess(Protocol):
    """What the fixture ``process`` gives."""

    def __call__(
        self, *argv: str, environment: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> Process: ...


def missing(sentence: str) -> None:
    """Skip on a laptop; fail in CI, where what is missing would otherwise stay unnoticed."""
    if os.environ.get("CI"):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def generation() -> str:
    """Which RabbitMQ the tests run on: "" for the machine's own, "4" for RabbitMQ 4 beside it (`make test-matrix`)."""
    return os.environ.get("RABBITMQ_GENERATION", "")


def rabbitmq_server() -> Server:
    """That RabbitMQ."""
    found = newer.find() if generation() else installed()
    if found is None:
        missing(NO_RABBITMQ)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def node() -> Iterator[PrivateNode]:
    """The private RabbitMQ node that all test processes share. Never stop, kill or pause it: see ``own_node``."""
    folder = f"rabbitmq-{generation()}" if generation() else "rabbitmq"
    node = PrivateNode(TEST_FOLDER / folder, server=rabbitmq_server())
    with shared(node, TEST_FOLDER / f"{folder}-holders"):
        yield node


@pytest.fixture
def broker(node: PrivateNode) -> Iterator[Broker]:
    """A fresh virtual host for this test."""
    yield from vhost(node)


@pytest.fixture
def own_node(tmp_path: Path) -> Iterator[PrivateNode]:
    """A running node for this test alone, to be killed, paused and restarted (takes about 10 s)."""
    node = PrivateNode(tmp_path / "rabbitmq", server=rabbitmq_server(), preferred_ports=own_ports())
    try:
        node.start()
        yield node
    finally:
        node.kill()
        node.remove()


@pytest.fixture
def own_broker(own_node: PrivateNode) -> Iterator[Broker]:
    """A fresh virtual host on the node that belongs to this test alone."""
    yield from vhost(own_node)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """The private PostgreSQL server that all test processes share."""
    if binaries_folder() is None:
        missing(NO_POSTGRES)
    server = PrivatePostgres(TEST_FOLDER / "postgres", settings=FORGETFUL)
    with shared(server, TEST_FOLDER / "postgres-holders"):
        yield server


@pytest.fixture
def postgres_url(postgres: PrivatePostgres) -> Iterator[str]:
    """A fresh PostgreSQL database for this test."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield postgres.database(name)
    postgres.drop_database(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite file for this test."""
    return f"sqlite:///{tmp_path / 'counterfoil.db'}"


@contextmanager
def usual_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """A fresh database of the kind of this run: SQLite, or with TEST_DATABASE=postgres (`make test-matrix`) that."""
    if os.environ.get("TEST_DATABASE") != "postgres":
        yield f"sqlite:///{folder / 'counterfoil.db'}"
        return
    server: PrivatePostgres = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield server.database(name)
    server.drop_database(name)


@pytest.fixture
def usual_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database for this test, of the kind of this run."""
    with usual_database(request, tmp_path) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database for this test, once of each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def process(tmp_path: Path) -> Iterator[StartProcess]:
    """Start programs; what they printed is shown if the test fails, and none of them outlives it."""
    started: list[Process] = []

    def start(
        *argv: str, environment: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> Process:
        one = Process(argv, environment=clean_environment(environment or {}), folder=folder or tmp_path)
        started.append(one)
        return one

    yield start
    for one in started:
        one.close()
        sys.stdout.write(one.describe() + "\n")


@pytest.fixture
def proxy() -> Iterator[Callable[[str], TcpProxy]]:
    """Put a ``TcpProxy`` before the host and port of a URL."""
    opened: list[TcpProxy] = []

    def before(url: str) -> TcpProxy:
        opened.append(TcpProxy.to(url))
        return opened[-1]

    yield before
    for one in opened:
        one.close()


def own_ports() -> dict[str, int]:
    """Preferred ports for one more node, apart from the shared one's and from another test process's."""
    offset = 1000 + 20 * (os.getpid() % 100)
    return {"amqp": 5680 + offset, "management": 15680 + offset, "prometheus": 15690 + offset,
            "distribution": 25680 + offset, "epmd": 4380 + offset}  # fmt: skip


def vhost(node: PrivateNode) -> Iterator[Broker]:
    """A fresh virtual host on a node, for fixtures."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    url = node.add_vhost(name)
    yield Broker(url, node.management_url, name, node.management)
    if node.is_running():
        node.management.delete_vhost(name)
