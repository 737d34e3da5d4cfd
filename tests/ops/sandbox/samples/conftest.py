"""A sandbox of this folder's own: it stays up for all situations, each in a new company."""

from collections.abc import Callable, Iterator

import pytest

from ops.sandbox.testing import SandboxServer
from tests.ops.sandbox.http.caller import Caller, Reply
from tests.ops.sandbox.samples.situations.every import Situation, country_of


@pytest.fixture(scope="session")
def sample_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def answer(sample_sandbox: SandboxServer) -> Iterator[Callable[[Situation], Reply]]:
    """Brings a new company into a situation and gives its answer."""
    callers = []

    def bring(situation: Situation) -> Reply:
        realm_id = sample_sandbox.add_company(country_of(situation))
        callers.append(Caller(sample_sandbox, realm_id))
        return situation(callers[-1])

    yield bring
    for caller in callers:
        caller.close()
    sample_sandbox.reset()
