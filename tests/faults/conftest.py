"""A stack for each test; one sandbox for all of them, a company of it for each."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ops.sandbox.testing import SandboxServer
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.stack import Stack

OpenStack = Callable[..., Stack]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def open_stack(sandbox: SandboxServer, process: StartProcess) -> Iterator[OpenStack]:
    """``open_stack(broker, database_url, **settings)`` gives a stack."""
    opened: list[Stack] = []

    def start(broker: Broker, database_url: str, **changes: Any) -> Stack:
        one = Stack(broker=broker, database_url=database_url, sandbox=sandbox, start=process, **changes)
        opened.append(one)
        return one

    yield start
    for stack in opened:
        stack.close()


@pytest.fixture
def stack(open_stack: OpenStack, broker: Broker, usual_database_url: str) -> Stack:
    """On the database of this run."""
    return open_stack(broker, usual_database_url)


@pytest.fixture
def either_stack(open_stack: OpenStack, broker: Broker, database_url: str) -> Stack:
    """Once on SQLite and once on PostgreSQL."""
    return open_stack(broker, database_url)
