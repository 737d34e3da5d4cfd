"""A shop with one shelf, its events in queues, and a worker's rounds between it and a QuickBooks company.

The rounds, the ledger and the company are the real ones; only the broker is played: messages lie in lists.
"""

import itertools
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import create_engine

from events.outgoing import NotConfirmed, Outgoing
from ops.sandbox.company.company import Company as SandboxCompany
from ops.sandbox.company.faults import QuickBooksFault
from schemas.connection import Connection
from schemas.envelope import Envelope, Workflow
from schemas.inventory import StockLevel
from schemas.shape import Shape
from tests.workers.play import NOON, played
from tests.workers.runtime.rig import Counts, FakeBreaker, FreeBudget
from workers.errors import QuickBooksRejected, QuickBooksUnavailable, SyncError
from workers.ledger.connections import add_connection
from workers.ledger.engine import open_ledger, writing
from workers.ledger.failed_bodies import with_body
from workers.ledger.failure_changes import Order as Given
from workers.ledger.failure_changes import Target, claim_for_retry, ignore
from workers.ledger.tables import failed_messages, metadata
from workers.quickbooks.client import BatchItem, Operation, Query
from workers.route import steps_for
from workers.runtime.alone import run_alone
from workers.runtime.books import Books
from workers.runtime.delivery import read_delivery
from workers.runtime.recounts import ask_for_recounts
from workers.runtime.round import Round
from workers.runtime.services import Services
from workers.runtime.settle import Policy
from workers.runtime.settlements import Settled
from workers.steps import Company, Json

MUG = "13"
"""The sandbox's inventory item "Tin Mug", SKU TIN-MUG, with 100 on hand."""

SALES = ("SalesReceipt", "Invoice", "RefundReceipt", "CreditMemo")
Trouble = Literal["", "refused", "lost before", "lost after", "dies before", "dies after"]


def _in_memory() -> str | None:
    """A folder whose writes cost nothing, where the system has one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@cache
def _empty_ledger() -> bytes:
    """Making the tables once for all shelves saves most of their time."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "ledger.db")
        engine = create_engine(f"sqlite:///{file}")
        metadata.create_all(engine)
        engine.dispose()
        return file.read_bytes()


class WorkerDied(BaseException):
    """The process ended."""


@dataclass
class Online:
    """The company as the client shows it; request ids are remembered. ``trouble`` befalls the next write of a sale."""

    books: SandboxCompany
    company_facts: Company
    trouble: Trouble = ""
    answers: dict[tuple[str, str], Json | SyncError] = field(default_factory=dict)

    def company(self, realm_id: str) -> Company:
        return self.company_facts

    def query(self, realm_id: str, statement: str) -> list[Json]:
        entity = statement.split()[3]
        rows: list[Json] = self.books.query(statement).get(entity, [])
        return rows

    def write(self, realm_id: str, operation: Operation, *, request_id: str) -> Json:
        answer = self._answered(operation, (request_id, ""))
        if isinstance(answer, SyncError):
            raise answer
        return answer

    def batch(
        self, realm_id: str, items: Sequence[BatchItem], *, request_id: str
    ) -> list[Json | list[Json] | SyncError]:
        return [
            self.query(realm_id, item.operation.statement)
            if isinstance(item.operation, Query)
            else self._answered(item.operation, (request_id, item.item_id))
            for item in items
        ]

    def _answered(self, operation: Operation, key: tuple[str, str]) -> Json | SyncError:
        trouble = self.trouble if operation.entity in SALES else ""
        if trouble == "refused":
            self.trouble = ""  # a refusal is of one document; a cut line stays cut for the round
            return QuickBooksRejected("Something is wrong with it", fault_code="6000")
        if trouble == "lost before":
            return QuickBooksUnavailable("cut")
        if trouble == "dies before":
            raise WorkerDied
        if key not in self.answers:
            self.answers[key] = self._carried_out(operation)
        if trouble == "dies after":
            raise WorkerDied
        return QuickBooksUnavailable("cut") if trouble == "lost after" else self.answers[key]

    def _carried_out(self, operation: Operation) -> Json | SyncError:
        document = json.loads(operation.body, parse_float=Decimal)
        try:
            match operation.operation:
                case "create":
                    return self.books.create(operation.entity, document)
                case "update":
                    return self.books.update(operation.entity, document)
                case "delete":
                    return self.books.delete(operation.entity, document)
                case _:
                    return self.books.update(operation.entity, document, include=frozenset({"void"}))
        except QuickBooksFault as fault:
            return QuickBooksRejected(fault.errors[0].detail, fault_code=fault.errors[0].code)


class Shelf:
    """One shop that sells mugs. ``quantity`` is what the shop has; every change of it sends a level."""

    def __init__(self, **settings: Any) -> None:
        play = played(**settings)
        self.online = Online(play.books, play.company)
        self._folder = tempfile.TemporaryDirectory(dir=_in_memory())
        file = Path(self._folder.name, "ledger.db")
        file.write_bytes(_empty_ledger())
        self.engine = open_ledger(f"sqlite:///{file}")
        connection = Connection(
            connection_id="acme-woo", platform="woocommerce", realm_id="1", settings=play.settings
        )
        with writing(self.engine) as database:
            add_connection(database, connection, secrets=b"", now=NOON)
        self.now = NOON
        self.quantity = Decimal(100)
        self.queues: dict[Workflow, list[tuple[bytes, dict[str, object]]]] = {"orders": [], "inventory": []}
        self._numbers = itertools.count(1)
        self._owner = "worker-1"

    def publish(self, event_type: str, payload: Shape, subject: str, key: str) -> None:
        """Something happened in the shop just now."""
        envelope = Envelope(
            specversion="1.0",
            id=f"event-{next(self._numbers)}",
            source="counterfoil/connections/acme-woo",
            type=event_type,
            subject=subject,
            time=self.now,
            connection="acme-woo",
            partitionkey=key,
            data=payload.model_dump(mode="json"),
        )
        self.queues[envelope.workflow].append((envelope.model_dump_json().encode(), {}))

    def tell_level(self) -> None:
        """The shop says how many it has."""
        level = StockLevel(item_id="p-TIN-MUG", sku="TIN-MUG", quantity=self.quantity, updated_at=self.now)
        self.publish("inventory.level_changed", level, "level/shop/p-TIN-MUG", "level/p-TIN-MUG")

    def work(self, workflow: Workflow, place: int, trouble: Trouble = "") -> None:
        """A worker takes one message of a queue and settles it; one that dies is followed by another."""
        queue = self.queues[workflow]
        if not queue:
            return
        body, headers = queue.pop(place % len(queue))
        delivery = read_delivery(workflow, body, headers, None, received_at=self.now, handle=None)
        settled: list[Settled] = []
        self.online.trouble = trouble
        try:
            services = self._services()
            run_alone(Round([delivery], services, settled.extend), Books(services), lambda _seconds: None)
        except WorkerDied:
            self._owner = f"worker-{next(self._numbers)}"
            self.now += timedelta(seconds=60)  # until the dead one's claims end
        finally:
            self.online.trouble = ""
        if not settled:
            queue.append((body, headers))

    def publish_all(
        self, messages: Sequence[Outgoing], *, timeout_seconds: float
    ) -> list[NotConfirmed | None]:
        """The broker: what is delayed or published comes into a queue again; error copies are only read by people."""
        for message in messages:
            name = message.routing_key.partition(".")[0]
            if not message.routing_key.endswith(".errors"):
                queue = self.queues["orders" if name == "orders" else "inventory"]
                queue.append((message.body, dict(message.headers)))
        return [None for _ in messages]

    def failed(self) -> list[str]:
        """Ids of the events that wait for a person."""
        with writing(self.engine) as database:
            rows = database.execute(failed_messages.select()).all()
        return [row.event_id for row in rows if row.status == "unresolved"]

    def retry(self, event_id: str) -> None:
        """An operator retries one event."""
        given = Given(f"c-{next(self._numbers)}", "op", self.now)
        with writing(self.engine) as database:
            claim_for_retry(database, Target("orders", event_id=event_id), given)
            row = database.execute(
                with_body(failed_messages).where(failed_messages.c.event_id == event_id)
            ).one()
        self.queues[row.workflow].append((row.body, {"attempts": 0}))

    def ignore(self, event_id: str) -> None:
        """An operator ignores one event."""
        given = Given(f"c-{next(self._numbers)}", "op", self.now)
        with writing(self.engine) as database:
            ignore(database, Target("orders", event_id=event_id), given, "test")

    def recount(self) -> int:
        """What a worker does every now and then."""
        self.now += timedelta(seconds=600)
        return ask_for_recounts(self._services(), self.now, patience=timedelta(seconds=120))

    def finish(self) -> None:
        """All that lies in queues is worked off, and what is due is counted.

        Twice in a row nothing is due: a look may itself note that an order was ignored, which is due only later.
        """
        quiet = 0
        for _ in range(20):
            for _ in range(400):
                if not any(self.queues.values()):
                    break
                self.now += timedelta(seconds=5)
                self.work("orders", 0)
                self.work("inventory", 0)
            quiet = 0 if self.recount() else quiet + 1
            if quiet == 2:
                return
        raise AssertionError(f"it does not end: {self.queues}")

    @property
    def on_hand(self) -> Decimal:
        """QuickBooks' quantity."""
        return Decimal(self.online.books.read("Item", MUG)["QtyOnHand"])

    def adjustments(self) -> list[Decimal]:
        """The differences that were booked, oldest first."""
        rows = self.online.books.query("select * from InventoryAdjustment maxresults 1000")
        return [
            Decimal(row["Line"][0]["ItemAdjustmentLineDetail"]["QtyDiff"])
            for row in sorted(rows.get("InventoryAdjustment", []), key=lambda row: int(row["Id"]))
            if "counterfoil:" in row.get("PrivateNote", "")
        ]

    def close(self) -> None:
        """Let the ledger go."""
        self.engine.dispose()
        self._folder.cleanup()

    def _services(self) -> Services:
        return Services(
            engine=self.engine,
            quickbooks=self.online,  # type: ignore[arg-type]
            budget=FreeBudget(),
            breaker=FakeBreaker(),
            mail=self,
            steps_for=steps_for,
            observer=Counts(),
            policy=Policy(max_attempts=2),
            owner=self._owner,
            clock=self._clock,
            new_id=lambda: f"request-{next(self._numbers)}",
        )

    def _clock(self) -> datetime:
        return self.now
