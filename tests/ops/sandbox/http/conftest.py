"""One sandbox process for all tests of this folder; each test gets a company of its own."""

from collections.abc import Iterator

import pytest

from ops.sandbox.testing import SandboxServer
from tests.ops.sandbox.http.caller import Caller


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def server(running_sandbox: SandboxServer) -> Iterator[SandboxServer]:
    yield running_sandbox
    running_sandbox.reset()


@pytest.fixture
def us(server: SandboxServer) -> Iterator[Caller]:
    """A caller of a fresh US company."""
    caller = Caller(server, server.add_company("US"))
    yield caller
    caller.close()
