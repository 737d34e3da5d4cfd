"""A sandbox with production's limits off: a tour is about behaviour, not speed."""

from collections.abc import Iterator

import pytest

from ops.sandbox.testing import SandboxServer


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def server(running_sandbox: SandboxServer) -> Iterator[SandboxServer]:
    yield running_sandbox
    running_sandbox.reset()
