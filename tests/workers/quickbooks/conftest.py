"""A stub server, a client that speaks to it, and what the client tells of its work."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from tests.workers.quickbooks.stub import Stub, serving
from workers.quickbooks.client import QuickBooks
from workers.quickbooks.http import Http

NOW = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)


@dataclass
class KnownTokens:
    """Gives ``good``; a refused token is replaced by the next one."""

    values: list[str] = field(default_factory=lambda: ["first", "second"])
    refusals: list[str] = field(default_factory=list)

    def access_token(self, realm_id: str, *, refused: str = "") -> str:
        if refused and self.values[0] == refused:
            self.refusals.append(self.values.pop(0))
        return self.values[0]


@dataclass
class Observed:
    """Remembers what the client says of its calls."""

    requests: list[tuple[str, str]] = field(default_factory=list)
    reads: int = 0
    quota_is_used_up: bool = False

    def request_done(self, operation: str, result: str, seconds: float) -> None:
        assert seconds > 0
        self.requests.append((operation, result))

    def count_reads(self, realm_id: str, reads: int) -> None:
        self.reads += reads

    def used_up(self) -> bool:
        return self.quota_is_used_up


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as stub:
        yield stub


@pytest.fixture
def http() -> Iterator[Http]:
    http = Http(connect_seconds=2, answer_seconds=2)
    yield http
    http.close()


@pytest.fixture
def tokens() -> KnownTokens:
    return KnownTokens()


@pytest.fixture
def observed() -> Observed:
    return Observed()


@pytest.fixture
def quickbooks(stub: Stub, http: Http, tokens: KnownTokens, observed: Observed) -> QuickBooks:
    return QuickBooks(
        stub.url,
        http=http,
        tokens=tokens,
        clock=lambda: NOW,
        observer=observed,
        reads=observed,
    )


@dataclass
class Time:
    """A monotonic clock that stands until a test sets it."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()
