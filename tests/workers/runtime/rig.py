"""A round on a real ledger, with a QuickBooks and a mail that behave, and a death wherever a test wants one."""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection as Database
from sqlalchemy import Engine

from events.outgoing import BrokerAway, NotConfirmed, Outgoing
from schemas.connection import Connection
from workers.context import Context
from workers.errors import SyncError
from workers.ledger.connections import add_connection
from workers.ledger.engine import open_ledger, writing
from workers.ledger.prepared import Part, Rows
from workers.ledger.tables import metadata
from workers.outcomes import Booked, Document
from workers.quickbooks.client import BatchItem, Operation, Query
from workers.runtime.alone import run_alone
from workers.runtime.books import Books
from workers.runtime.delivery import Delivery
from workers.runtime.round import Round
from workers.runtime.services import Services
from workers.runtime.settle import Policy
from workers.runtime.settlements import Settled
from workers.steps import Company, Json, Steps, StoreKey, Write, recall, write

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class Died(BaseException):
    """The process ends here; nothing after this point happens."""


def book_receipt(context: Context, data: dict[str, Any]) -> Steps:
    """A workflow function as small as can be: one receipt for each order."""
    key = StoreKey("order", context.envelope.subject)
    known = (yield from recall([key])).get(key)
    if known is not None:
        return Booked((Document("SalesReceipt", known.quickbooks_id),))
    document = {"DocNumber": context.envelope.subject, "PrivateNote": f"mark:{key.store_id}", **data}
    answer = yield from write(Write("receipt", "SalesReceipt", "create", document, key=key))
    return Booked((Document("SalesReceipt", answer["Id"]),))


@dataclass
class FakeQuickBooks:
    """Books documents and answers a repeated request id as the first time, as Intuit says it does.

    ``troubles`` are raised by the next calls instead of an answer, ``lost`` after the documents are booked.
    ``refusals``: the error that a document with this DocNumber gets.
    """

    documents: list[Json] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    troubles: list[SyncError] = field(default_factory=list)
    lost: list[SyncError] = field(default_factory=list)
    refusals: dict[str, SyncError] = field(default_factory=dict)
    answers: dict[tuple[str, str], Json | SyncError] = field(default_factory=dict)
    queries: list[str] = field(default_factory=list)

    def write(self, realm_id: str, operation: Operation, *, request_id: str) -> Json:
        (answer,) = self._call([("", operation)], request_id)
        if isinstance(answer, SyncError):
            raise answer
        assert isinstance(answer, dict)
        return answer

    def batch(
        self, realm_id: str, items: Sequence[BatchItem], *, request_id: str
    ) -> list[Json | list[Json] | SyncError]:
        return self._call([(item.item_id, item.operation) for item in items], request_id)

    def query(self, realm_id: str, statement: str) -> list[Json]:
        self.queries.append(statement)
        return list(self.documents)

    def company(self, realm_id: str) -> Company:
        return Company(realm_id)

    def _call(
        self, operations: list[tuple[str, Operation | Query]], request_id: str
    ) -> list[Json | list[Json] | SyncError]:
        self.calls.append(len(operations))
        if self.troubles:
            raise self.troubles.pop(0)
        answers: list[Json | list[Json] | SyncError] = [
            self._answer(operation, (request_id, item_id)) for item_id, operation in operations
        ]
        if self.lost:
            raise self.lost.pop(0)
        return answers

    def _answer(self, operation: Operation | Query, key: tuple[str, str]) -> Json | list[Json] | SyncError:
        if isinstance(operation, Query):
            return []
        if key not in self.answers:
            self.answers[key] = self._book(operation)
        return self.answers[key]

    def _book(self, operation: Operation) -> Json | SyncError:
        document = orjson.loads(operation.body)
        refusal = self.refusals.get(document.get("DocNumber", ""))
        if refusal is not None:
            return refusal
        booked = {**document, "Id": str(len(self.documents) + 1), "SyncToken": "0"}
        self.documents.append(booked)
        return booked


@dataclass
class FakeMail:
    """Confirms what it is given, or says that the broker is away."""

    sent: list[Outgoing] = field(default_factory=list)
    away: bool = False

    def publish_all(
        self, messages: Sequence[Outgoing], *, timeout_seconds: float
    ) -> list[NotConfirmed | None]:
        if self.away:
            return [BrokerAway("no connection") for _ in messages]
        self.sent.extend(messages)
        return [None for _ in messages]


@dataclass
class FakeBreaker:
    """Lets every call out, and counts failures in a row."""

    failures: int = 0
    is_silent: bool = False
    answers_others: bool = False

    def delay(self, realm_id: str) -> float:
        return 0.0

    def succeeded(self, realm_id: str) -> None:
        self.failures = 0

    def failed(self, realm_id: str) -> None:
        self.failures += 1

    def unused(self, realm_id: str) -> None:
        """Nothing to give back."""

    def is_open(self, realm_id: str) -> bool:
        return self.is_silent

    def others_answered(self, realm_id: str) -> bool:
        return self.answers_others


class FreeBudget:
    """Never makes anybody wait; remembers who was throttled."""

    def __init__(self) -> None:
        self.throttles: list[float] = []

    def at_hand(self, realm_id: str, *, batch: bool) -> float | None:
        return 0.0

    def locking(self, dialect: str, wanted: Sequence[tuple[str, bool]]) -> list[Part]:
        return []

    def take_all(
        self, database: Database, wanted: Sequence[tuple[str, bool]], locked: Rows, *, ends: bool
    ) -> list[float]:
        raise AssertionError("every permit is at hand")

    def throttled(self, realm_id: str, seconds: float) -> None:
        self.throttles.append(seconds)


class Counts:
    """An observer that counts."""

    def __init__(self) -> None:
        self.settled_as: list[str] = []

    def settled(self, workflow: str, settlement: str, *, seconds: float, age_seconds: float | None) -> None:
        self.settled_as.append(settlement)


class Rig:
    """One ledger, one connection ``acme-woo``, and rounds on it."""

    def __init__(self, database_url: str) -> None:
        self.engine: Engine = open_ledger(database_url)
        metadata.create_all(self.engine)
        self.quickbooks = FakeQuickBooks()
        self.mail = FakeMail()
        self.budget = FreeBudget()
        self.breaker = FakeBreaker()
        self.counts = Counts()
        self.now = START
        self.acked: list[str] = []
        self.pauses: list[float] = []
        self.owner = "worker-1"
        self._numbers = itertools.count(1)
        self.add_connection("acme-woo")

    def add_connection(self, connection_id: str) -> None:
        """One more store; all are linked to the same company."""
        connection = Connection(connection_id=connection_id, platform="woocommerce", realm_id="1")
        with writing(self.engine) as database:
            add_connection(database, connection, secrets=b"", now=START)

    def run(
        self,
        *deliveries: Delivery,
        steps_for: Callable[[Context, dict[str, Any]], Steps] = book_receipt,
        die_at: str = "",
        blamed: bool = False,
    ) -> dict[str, str]:
        """Run one round; gives each settled event's word.

        ``die_at`` ends it at a point, "after commit 2" at the second time that the point is passed.
        """
        passed: Counter[str] = Counter()

        def crash(point: str) -> None:
            passed[point] += 1
            if die_at in (point, f"{point} {passed[point]}"):
                raise Died(point)

        words: dict[str, str] = {}

        def settled(batch: list[Settled]) -> None:
            words.update({one.delivery.event_id: one.word for one in batch})
            self.acked.extend(one.delivery.event_id for one in batch)

        services = self.services(steps_for, crash)
        self.pauses = []
        run_alone(Round(deliveries, services, settled, blamed=blamed), Books(services), self.pauses.append)
        return words

    def services(
        self,
        steps_for: Callable[[Context, dict[str, Any]], Steps] = book_receipt,
        crash: Callable[[str], None] = lambda _point: None,
    ) -> Services:
        """What a worker has."""
        return Services(
            engine=self.engine,
            quickbooks=self.quickbooks,  # type: ignore[arg-type]
            budget=self.budget,
            breaker=self.breaker,
            mail=self.mail,
            steps_for=steps_for,
            observer=self.counts,
            policy=Policy(max_attempts=3, sale_wait_seconds=100.0),
            owner=self.owner,
            clock=lambda: self.now,
            new_id=lambda: f"request-{next(self._numbers)}",
            crash=crash,
        )

    def restart(self) -> None:
        """Another worker takes over after the dead one's claims have ended."""
        self.owner = f"worker-{next(self._numbers)}"
        self.now += timedelta(seconds=60)

    def close(self) -> None:
        self.engine.dispose()
