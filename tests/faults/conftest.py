"""A stack for each test, on both databases; one sandbox for all of them, a company of it for each."""

from collections.abc import Iterator

import pytest

from ops.sandbox.testing import SandboxServer
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.stack import Stack


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def stack(broker: Broker, sqlite_url: str, sandbox: SandboxServer, process: StartProcess) -> Iterator[Stack]:
    stack = Stack(
        broker=broker,
        database_url=sqlite_url,
        sandbox=sandbox,
        realm_id=sandbox.add_company("US"),
        start=process,
    )
    yield stack
    stack.close()
