"""Webhooks, worker, desk and sandbox run once for all journeys; each journey has orders of its own."""

import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ops.node.node import PrivateNode
from ops.sandbox.testing import SandboxServer
from tests.journeys.shop import Shop
from tests.rig.broker import Broker
from tests.rig.fixtures import usual_database
from tests.rig.ports import free_port
from tests.rig.processes import Process, clean_environment
from tests.rig.stack import Stack


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture(scope="session")
def shop(
    node: PrivateNode,
    sandbox: SandboxServer,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Shop]:
    """Everything runs. Tests leave no failed message of theirs behind that another could trip over."""
    folder = tmp_path_factory.mktemp("shop")
    name = f"test-{uuid.uuid4().hex[:12]}"
    broker = Broker(node.add_vhost(name), node.management_url, name, node.management)
    started: list[Process] = []

    def start(*argv: str, environment: Mapping[str, str] | None = None, folder: Path = folder) -> Process:
        started.append(Process(argv, environment=clean_environment(environment or {}), folder=folder))
        return started[-1]

    port = free_port()
    with usual_database(request, folder) as database_url:
        stack = Stack(
            broker=broker,
            database_url=database_url,
            sandbox=sandbox,
            start=start,  # type: ignore[arg-type]
            listen=f"127.0.0.1:{port}",
            spool_path=str(folder / "spool.db"),
        )
        shop = Shop(stack, port)
        for words in ("webhooks", "worker", "desk"):
            stack.start(words)
        yield shop
        for one in started:
            one.close()
            sys.stdout.write(one.describe() + "\n")
        stack.close()
    node.management.delete_vhost(name)
