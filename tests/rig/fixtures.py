"""The fixtures themselves; ``tests/conftest.py`` makes them known everywhere."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from ops.node import find
from ops.node.node import PrivateNode
from tests.rig.broker import Broker
from tests.rig.lease import shared
from tests.rig.processes import Process, clean_environment
from tests.rig.proxy import TcpProxy

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


@pytest.fixture(scope="session")
def node() -> Iterator[PrivateNode]:
    """The private RabbitMQ node that all test processes share. Never stop, kill or pause it: see ``own_node``."""
    if find.server_folder() is None:
        missing("RabbitMQ is not installed; `make test` as root installs it.")
    node = PrivateNode(TEST_FOLDER / "rabbitmq")
    with shared(node, TEST_FOLDER / "rabbitmq-holders"):
        yield node


@pytest.fixture
def broker(node: PrivateNode) -> Iterator[Broker]:
    """A fresh virtual host for this test."""
    yield from _vhost(node)


@pytest.fixture
def own_node(tmp_path: Path) -> Iterator[PrivateNode]:
    """A running node for this test alone, to be killed, paused and restarted (takes about 10 s)."""
    if find.server_folder() is None:
        missing("RabbitMQ is not installed; `make test` as root installs it.")
    node = PrivateNode(tmp_path / "rabbitmq", preferred_ports=own_ports())
    try:
        node.start()
        yield node
    finally:
        node.resume() if node.is_running() else None
        node.remove()


@pytest.fixture
def own_broker(own_node: PrivateNode) -> Iterator[Broker]:
    """A fresh virtual host on the node that belongs to this test alone."""
    yield from _vhost(own_node)


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
        print(one.describe())


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


def _vhost(node: PrivateNode) -> Iterator[Broker]:
    name = f"test-{uuid.uuid4().hex[:12]}"
    url = node.add_vhost(name)
    yield Broker(url, node.management_url, name, node.management)
    if node.is_running():
        node.management.delete_vhost(name)
