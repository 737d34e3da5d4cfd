"""The archive that the tests of erasing use."""

from collections.abc import Iterator

import pytest

from ops.sandbox.testing import SandboxServer
from tests.ops.erasure.room import Archive, open_archive
from tests.rig.broker import Broker


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def archive(broker: Broker, sandbox: SandboxServer, usual_database_url: str) -> Iterator[Archive]:
    with open_archive(broker, sandbox, usual_database_url) as archive:
        yield archive
