"""A round's dealings with the ledger: one transaction before the first call, one between calls, one at the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection as Database

from schemas.envelope import Workflow
from workers.errors import Hold
from workers.ledger.claims import claim_objects, release_claims, renew_claims
from workers.ledger.connections import StoredConnection, change_status, read_connection
from workers.ledger.engine import reading, writing
from workers.ledger.entries import Entry, applied_events, record_entries
from workers.ledger.failures import (
    Failure,
    ignored_objects,
    record_failures,
    resolve_failures,
    set_aside_ignored,
)
from workers.ledger.intents import Intent, finish_intents, open_intents, start_intents
from workers.ledger.mappings import Remembered, recall_mappings, store_mappings
from workers.ledger.stock_moves import moves_of_item, note_stock, see_stock
from workers.runtime.delivery import Delivery
from workers.runtime.services import Services
from workers.steps import StoreKey, SyncMapping
from workers.stock import NoteStock, RecallStock, StockMoves, StockRow


class ClaimLost(Exception):
    """The ledger moved on under us: another worker took our objects over while we stood still, or an operator
    restored one that was ignored. Our results do not count."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What the ledger knows when a round begins."""

    stored: StoredConnection | None
    claimed: set[str]
    settled: set[str]
    ignored: set[str]
    intents: list[Intent]


@dataclass(slots=True)
class Changes:
    """What the next transaction writes."""

    remembered: list[Remembered] = field(default_factory=list)
    finished: list[Intent] = field(default_factory=list)
    started: list[Intent] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    set_aside: list[Failure] = field(default_factory=list)
    stock: list[NoteStock] = field(default_factory=list)
    counted: list[StockRow] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    hold: Hold | None = None


class Books:
    """The ledger, for one connection and workflow."""

    def __init__(self, services: Services, connection_id: str, workflow: Workflow) -> None:
        self._services = services
        self._connection_id = connection_id
        self._workflow = workflow

    def open(self, deliveries: Sequence[Delivery]) -> Opening:
        """Claim the store objects and read what is known of them."""
        now = self._services.clock()
        keys = [delivery.object_key for delivery in deliveries]
        subjects = [delivery.subject for delivery in deliveries]
        with writing(self._services.engine) as database:
            stored = read_connection(database, self._connection_id)
            claimed = claim_objects(database, self._connection_id, keys, owner=self._services.owner, now=now)
            event_ids = [delivery.event_id for delivery in deliveries]
            return Opening(
                stored,
                claimed,
                applied_events(database, self._connection_id, event_ids),
                ignored_objects(database, self._connection_id, {*keys, *subjects}),
                open_intents(database, self._connection_id, claimed),
            )

    def recall(self, keys: Iterable[StoreKey]) -> dict[StoreKey, SyncMapping]:
        """Read mappings."""
        with reading(self._services.engine) as database:
            return recall_mappings(database, self._connection_id, keys)

    def recall_stock(self, asked: RecallStock) -> StockMoves:
        """Read what orders and refunds move of an item."""
        with reading(self._services.engine) as database:
            return moves_of_item(database, self._connection_id, asked)

    def commit(self, changes: Changes, *, held: Iterable[str]) -> None:
        """Write everything of this stage of the round, or nothing. ``held``: the objects still worked on.

        Raises:
            ClaimLost: another worker took an object over, or an operator restored one; nothing is written.
        """
        now = self._services.clock()
        with writing(self._services.engine) as database:
            store_mappings(database, self._connection_id, changes.remembered, now)
            finish_intents(database, changes.finished)
            start_intents(database, changes.started)
            note_stock(database, self._connection_id, changes.stock, now)
            see_stock(database, self._connection_id, changes.counted)
            record_entries(database, changes.entries, now)
            ended = [entry.event_id for entry in changes.entries]
            resolve_failures(database, self._workflow, ended, now, connection_id=self._connection_id)
            record_failures(database, changes.failures)
            self._set_aside(database, changes.set_aside)
            if changes.hold is not None:
                self._pause(database, changes.hold)
            self._check(database, changes.released, set(held))

    def keep(self, object_keys: Iterable[str]) -> None:
        """Renew claims."""
        services = self._services
        with writing(services.engine) as database:
            renew_claims(
                database, self._connection_id, object_keys, owner=services.owner, now=services.clock()
            )

    def release(self, object_keys: Iterable[str]) -> None:
        """Give claims back."""
        with writing(self._services.engine) as database:
            release_claims(database, self._connection_id, object_keys, owner=self._services.owner)

    def _check(self, database: Database, released: Sequence[str], held: set[str]) -> None:
        """Also before a call: a worker that stood still must not write what its successor has written."""
        owner, now = self._services.owner, self._services.clock()
        ours = release_claims(database, self._connection_id, released, owner=owner)
        ours |= renew_claims(database, self._connection_id, held, owner=owner, now=now)
        if ours != held.union(released):
            raise ClaimLost(self._connection_id)

    def _set_aside(self, database: Database, events: Sequence[Failure]) -> None:
        if not set_aside_ignored(database, self._connection_id, events):
            raise ClaimLost(f"{self._connection_id}: restored meanwhile")

    def _pause(self, database: Database, hold: Hold) -> None:
        stored = read_connection(database, self._connection_id)
        if stored is not None and stored.connection.status == "paused" and stored.paused_until is None:
            return  # until a person resumes it: that must not become a pause that ends by itself
        now = self._services.clock()
        until = now + timedelta(seconds=hold.seconds) if hold.seconds is not None else None
        change_status(database, self._connection_id, "paused", reason=str(hold), until=until, now=now)
