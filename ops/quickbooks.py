"""QuickBooks as a process uses it: one pool of connections, tokens, budget and breaker, put together from settings."""

import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from ops.metrics import Metrics
from ops.settings import Settings
from workers.ledger.prepared import Part, Rows
from workers.quickbooks.breakers import Breakers
from workers.quickbooks.budget import Budget
from workers.quickbooks.client import QuickBooks
from workers.quickbooks.http import Http
from workers.quickbooks.limits import Limits
from workers.quickbooks.oauth import OAuth
from workers.quickbooks.reads import ReadMeter
from workers.quickbooks.tokens import TokenSource
from workers.secrets import Secrets


@dataclass(frozen=True, slots=True)
class CountedReads:
    """Counts reads in the ledger, for the month's quota, and in the metrics."""

    meter: ReadMeter
    metrics: Metrics

    def count_reads(self, realm_id: str, reads: int) -> None:
        """So many reads of a company succeeded."""
        self.meter.count_reads(realm_id, reads)
        self.metrics.reads_done(realm_id, reads)

    def used_up(self) -> bool:
        """Whether the month's quota is used up."""
        return self.meter.used_up()


@dataclass(frozen=True, slots=True)
class CountedBudget:
    """A budget whose remainder is seen in the metrics."""

    budget: Budget
    metrics: Metrics

    def take(self, realm_id: str, *, batch: bool) -> float:
        """Take the right to one call, in a transaction of its own."""
        seconds = self.budget.take(realm_id, batch=batch)
        self.metrics.budget_left(realm_id, self.budget.batches_left(realm_id) or 0)
        return seconds

    def at_hand(self, realm_id: str, *, batch: bool) -> float | None:
        """Take the right to one call without the ledger; None when it must be asked."""
        return self.budget.at_hand(realm_id, batch=batch)

    def locking(self, dialect: str, wanted: Sequence[tuple[str, bool]]) -> list[Part]:
        """What to ask of the ledger first."""
        return self.budget.locking(dialect, wanted)

    def take_all(
        self, database: Connection, wanted: Sequence[tuple[str, bool]], locked: Rows, *, ends: bool
    ) -> list[float]:
        """Take the right to calls of many companies."""
        seconds = self.budget.take_all(database, wanted, locked, ends=ends)
        for realm_id, _ in wanted:
            self.metrics.budget_left(realm_id, self.budget.batches_left(realm_id) or 0)
        return seconds

    def throttled(self, realm_id: str, seconds: float) -> None:
        """The company rests everywhere."""
        self.budget.throttled(realm_id, seconds)
        self.metrics.budget_left(realm_id, 0)


@dataclass(frozen=True, slots=True)
class Online:
    """The client and what keeps it within QuickBooks' limits."""

    client: QuickBooks
    oauth: OAuth
    budget: CountedBudget
    breaker: Breakers
    reads: ReadMeter


def utc_now() -> datetime:
    """The clock of every process."""
    return datetime.now(UTC)


def open_oauth(settings: Settings, http: Http, clock: Callable[[], datetime] = utc_now) -> OAuth:
    """Intuit's OAuth, or the sandbox's, as the settings say."""
    return OAuth(
        http=http,
        discovery_url=settings.intuit_discovery_url,
        client_id=settings.intuit_client_id,
        client_secret=settings.intuit_client_secret.get_secret_value(),
        clock=clock,
    )


def open_quickbooks(settings: Settings, engine: Engine, secrets: Secrets, metrics: Metrics) -> Online:
    """Put a client together. Nothing is sent before the first call."""
    http = Http(connections=settings.worker_threads * 2)
    oauth = open_oauth(settings, http)
    owner = f"{socket.gethostname()[:30]}-{os.getpid()}"
    tokens = TokenSource(
        engine=engine, secrets=secrets, oauth=oauth, owner=owner, clock=utc_now, sleep=time.sleep
    )
    reads = ReadMeter(engine=engine, app=settings.intuit_client_id, clock=utc_now)
    client = QuickBooks(
        settings.quickbooks_url,
        http=http,
        tokens=tokens,
        clock=utc_now,
        observer=metrics,
        reads=CountedReads(reads, metrics),
    )
    budget = Budget(
        engine=engine,
        app=settings.intuit_client_id,
        clock=utc_now,
        monotonic=time.monotonic,
        limits=Limits().scaled(settings.quickbooks_limits_scale),
    )
    return Online(client, oauth, CountedBudget(budget, metrics), Breakers(monotonic=time.monotonic), reads)
