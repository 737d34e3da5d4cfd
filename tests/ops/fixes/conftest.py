"""One sandbox for all fixes; each test has an office, and so a company, of its own."""

from collections.abc import Iterator

import pytest

from ops.sandbox.testing import SandboxServer
from tests.ops.office import Office, open_office


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def office(sandbox: SandboxServer, sqlite_url: str) -> Iterator[Office]:
    with open_office(sandbox, sqlite_url) as office:
        yield office
