"""What a round needs from outside, as small protocols, so that each can be replaced by a fake with behaviour."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection as Database
from sqlalchemy import Engine

from events.outgoing import NotConfirmed, Outgoing
from workers.context import Context
from workers.ledger.prepared import Part, Rows
from workers.quickbooks.client import QuickBooks
from workers.runtime.settle import Policy
from workers.runtime.tracing import NoTraces, Traces
from workers.steps import Steps


class Mail(Protocol):
    """Publishes under confirm (events.broker.publisher)."""

    def publish_all(
        self, messages: Sequence[Outgoing], *, timeout_seconds: float
    ) -> list[NotConfirmed | None]:
        """Publish; for each message None when confirmed, else why not."""
        ...


class Allowance(Protocol):
    """A company's request budget (workers.quickbooks.budget)."""

    def at_hand(self, realm_id: str, *, batch: bool) -> float | None:
        """Take one request without the ledger: 0.0 when granted, else seconds to wait; None: ask the ledger."""
        ...

    def locking(self, dialect: str, wanted: Sequence[tuple[str, bool]]) -> list[Part]:
        """What to ask of the ledger before ``take_all``."""
        ...

    def take_all(
        self, database: Database, wanted: Sequence[tuple[str, bool]], locked: Rows, *, ends: bool
    ) -> list[float]:
        """Take requests in a transaction of the caller's, each (realm id, whether it is a batch).

        ``locked``: what ``locking`` found. ``ends``: nothing follows in the transaction.
        """
        ...

    def throttled(self, realm_id: str, seconds: float) -> None:
        """QuickBooks answered 429: the company rests everywhere."""
        ...


class Breaker(Protocol):
    """Knows whether QuickBooks answers a company at all (workers.quickbooks.breakers)."""

    def delay(self, realm_id: str) -> float:
        """0.0 when a call may go out, else seconds to wait."""
        ...

    def succeeded(self, realm_id: str) -> None:
        """QuickBooks answered."""
        ...

    def failed(self, realm_id: str) -> None:
        """QuickBooks did not answer."""
        ...

    def unused(self, realm_id: str) -> None:
        """The call that ``delay`` allowed does not go out after all."""
        ...

    def is_open(self, realm_id: str) -> bool:
        """True while only probes go out."""
        ...

    def others_answered(self, realm_id: str) -> bool:
        """Whether QuickBooks answers others while it is silent here."""
        ...


class Observer(Protocol):
    """Counts what happens (ops.metrics)."""

    def settled(self, workflow: str, settlement: str, *, seconds: float, age_seconds: float | None) -> None:
        """One delivery is settled; ``age_seconds`` from the store's change until it was booked."""
        ...


Crash = Callable[[str], None]
"""Called at each named point between two writes; tests end the process there."""


def _no_crash(_point: str) -> None:
    return


@dataclass(frozen=True, slots=True)
class Services:
    """Everything outside that a round touches."""

    engine: Engine
    quickbooks: QuickBooks
    budget: Allowance
    breaker: Breaker
    mail: Mail
    steps_for: Callable[[Context, dict[str, Any]], Steps]
    observer: Observer
    policy: Policy
    owner: str
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    crash: Crash = field(default=_no_crash)
    traces: Traces = field(default_factory=NoTraces)
