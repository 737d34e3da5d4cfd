"""The rounds' dealings with the ledger: what several of them ask for at the same moment is one transaction.

A transaction costs the same for one event and for a hundred, and most of it is waiting for the disk.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection as Database
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from workers.errors import Hold
from workers.ledger.claims import (
    ObjectKey,
    claim_objects,
    release_claims,
    releasing,
    renew_claims,
    renewing,
)
from workers.ledger.connections import StoredConnection, change_status, read_connection, read_some
from workers.ledger.engine import writing
from workers.ledger.entries import recording
from workers.ledger.failures import record_failures, resolving, set_aside_ignored
from workers.ledger.intents import Intent, finishing, open_intents, starting
from workers.ledger.mappings import recall_all, storing
from workers.ledger.stock_moves import moves_of_item, note_stock, see_stock
from workers.ledger.surroundings import look_around
from workers.ledger.together import Part, run_together
from workers.runtime.requests import (
    ClaimLost,
    Commit,
    LedgerRequest,
    Look,
    LookAtStock,
    Open,
    Opening,
    Permit,
    object_keys,
)
from workers.runtime.services import Services

T = TypeVar("T", bound=LedgerRequest)
Answers = tuple[Any, ...] | Exception

LEDGER_AWAY = (OperationalError, InterfaceError, PoolTimeout)
"""Errors that say nothing about what was asked for: the database is not there, too slow, or broke a deadlock."""


class Books:
    """The ledger, for all rounds of a process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seen: dict[str, tuple[str, StoredConnection]] = {}

    def carry_out(self, wishes: Sequence[tuple[LedgerRequest, ...]]) -> list[Answers]:
        """Answer each wish, all in one transaction; if one of them cannot be, each in a transaction of its own."""
        try:
            return list(self._together(wishes))
        except LEDGER_AWAY as error:
            return [error for _ in wishes]
        except Exception as error:  # of one wish, whichever it is
            if len(wishes) == 1:
                return [error]
        return [answers for wish in wishes for answers in self.carry_out([wish])]

    def keep(self, keys: Iterable[ObjectKey]) -> None:
        """Renew claims."""
        with writing(self._services.engine) as database:
            renew_claims(database, keys, owner=self._services.owner, now=self._services.clock())

    def release(self, keys: Iterable[ObjectKey]) -> None:
        """Give claims back."""
        with writing(self._services.engine) as database:
            release_claims(database, keys, owner=self._services.owner)

    def _together(self, wishes: Sequence[tuple[LedgerRequest, ...]]) -> Iterable[Answers]:
        requests = [request for wish in wishes for request in wish]
        answers: dict[int, Any] = {}
        with writing(self._services.engine) as database:
            # claims are made before any is given back: so two workers never wait in a circle
            self._open(database, _of(Open, requests), answers)
            self._commit(database, _of(Commit, requests))
            self._look(database, _of(Look, requests), answers)
            for one in _of(LookAtStock, requests):
                answers[id(one)] = moves_of_item(database, one.connection_id, one.asked)
            self._permit(database, _of(Permit, requests), answers)
        return [tuple(answers.get(id(request)) for request in wish) for wish in wishes]

    def _open(self, database: Database, wanted: Sequence[Open], answers: dict[int, Any]) -> None:
        if not wanted:
            return
        deliveries = [(one.connection_id, delivery) for one in wanted for delivery in one.deliveries]
        keys = {(name, delivery.object_key) for name, delivery in deliveries}
        claimed = claim_objects(database, keys, owner=self._services.owner, now=self._services.clock())
        around = look_around(
            database,
            {name for name, _ in deliveries},
            {(name, delivery.event_id) for name, delivery in deliveries},
            objects=keys | {(name, delivery.subject) for name, delivery in deliveries},
            claimed=claimed,
        )
        for name in {name for name, _ in deliveries} - around.revisions.keys():
            self._seen.pop(name, None)
        self._look_up(database, around.revisions)
        intents = open_intents(database, around.begun)
        for one in wanted:
            name = one.connection_id
            ours = {
                delivery.object_key for delivery in one.deliveries if (name, delivery.object_key) in claimed
            }
            answers[id(one)] = Opening(
                self.seen(name),
                ours,
                {event_id for connection_id, event_id in around.applied if connection_id == name},
                {key for connection_id, key in around.ignored if connection_id == name},
                [one for one in intents if one.connection_id == name and one.object_key in ours],
            )

    def seen(self, connection_id: str) -> StoredConnection | None:
        """A connection as it was when a round of it began last."""
        return self._seen[connection_id][1] if connection_id in self._seen else None

    def _look_up(self, database: Database, revisions: dict[str, str]) -> None:
        """Read the connections that have changed since we saw them."""
        changed = {name for name, revision in revisions.items() if self._seen.get(name, ("",))[0] != revision}
        if changed:
            stored = read_some(database, changed)
            self._seen.update({name: (revisions[name], one) for name, one in stored.items()})

    def _commit(self, database: Database, wanted: Sequence[Commit]) -> None:
        if not wanted:
            return
        now = self._services.clock()
        released = {key for one in wanted for key in object_keys(one.connection_id, one.changes.released)}
        held = {key for one in wanted for key in object_keys(one.connection_id, one.held)}
        # also before a call: a worker that stood still must not write what its successor has written
        owner, dialect = self._services.owner, database.dialect.name
        checks = [
            *releasing(dialect, released, owner=owner),
            *renewing(dialect, held, owner=owner, now=now),
        ]
        finished = finishing(dialect, [intent for one in wanted for intent in one.changes.finished])
        if _begins_again(
            wanted
        ):  # parts do not see each other's rows: the old one goes before the new one comes
            run_together(database, finished)
            finished = []
        ours = set(run_together(database, [*finished, *_writes(dialect, wanted, now), *checks]))
        if ours != held | released:
            lost = (held | released) - ours
            raise ClaimLost(", ".join(sorted({connection_id for connection_id, _ in lost})))
        record_failures(database, [failure for one in wanted for failure in one.changes.failures])
        for one in wanted:
            note_stock(database, one.connection_id, one.changes.stock, now)
            see_stock(database, one.connection_id, one.changes.counted)
            if not set_aside_ignored(database, one.connection_id, one.changes.set_aside):
                raise ClaimLost(f"{one.connection_id}: restored meanwhile")
            if one.changes.hold is not None:
                self._pause(database, one.connection_id, one.changes.hold)

    def _look(self, database: Database, wanted: Sequence[Look], answers: dict[int, Any]) -> None:
        found = recall_all(database, {(one.connection_id, key) for one in wanted for key in one.keys})
        for one in wanted:
            answers[id(one)] = {
                key: mapping for key in one.keys if (mapping := found.get((one.connection_id, key)))
            }

    def _permit(self, database: Database, wanted: Sequence[Permit], answers: dict[int, Any]) -> None:
        if not wanted:
            return
        seconds = self._services.budget.take_all(database, [(one.realm_id, one.batch) for one in wanted])
        answers.update(zip(map(id, wanted), seconds, strict=True))

    def _pause(self, database: Database, connection_id: str, hold: Hold) -> None:
        stored = read_connection(database, connection_id)
        if stored is not None and _is_paused_by_a_person(stored):
            return  # that must not become a pause that ends by itself
        now = self._services.clock()
        until = now + timedelta(seconds=hold.seconds) if hold.seconds is not None else None
        change_status(database, connection_id, "paused", reason=str(hold), until=until, now=now)


def _writes(dialect: str, wanted: Sequence[Commit], now: datetime) -> Iterable[Part]:
    """What most commits write; the rest is rare."""
    yield from storing(
        dialect, [(one.connection_id, item) for one in wanted for item in one.changes.remembered], now
    )
    yield from starting(dialect, [intent for one in wanted for intent in one.changes.started])
    yield from recording(dialect, [entry for one in wanted for entry in one.changes.entries], now)
    ended = [
        (one.workflow, (one.connection_id, entry.event_id)) for one in wanted for entry in one.changes.entries
    ]
    yield from resolving(dialect, ended, now)


def _begins_again(wanted: Sequence[Commit]) -> bool:
    """Whether a step that was refused is tried anew: its new intent then has the name of the old one."""
    finished = {_step(intent) for one in wanted for intent in one.changes.finished}
    return any(_step(intent) in finished for one in wanted for intent in one.changes.started)


def _step(intent: Intent) -> tuple[str, str, str]:
    return intent.connection_id, intent.event_id, intent.name


def _is_paused_by_a_person(stored: StoredConnection) -> bool:
    return stored.connection.status == "paused" and stored.paused_until is None


def _of(kind: type[T], requests: Sequence[LedgerRequest]) -> list[T]:
    return [request for request in requests if isinstance(request, kind)]
