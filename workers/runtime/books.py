"""The rounds' dealings with the ledger: what several of them ask for at the same moment is one transaction.

A transaction costs the same for one event and for a hundred, and most of it is waiting for the disk.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection as Database
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from workers.errors import Hold
from workers.ledger.claims import (
    ObjectKey,
    claiming,
    object_keys_of,
    release_claims,
    releasing,
    renew_claims,
    renewing,
    take_over,
)
from workers.ledger.connections import StoredConnection, change_status, read_connection, read_some
from workers.ledger.engine import writing
from workers.ledger.entries import recording
from workers.ledger.failures import record_failures, resolving, set_aside_ignored
from workers.ledger.intents import finishing, open_intents, starting
from workers.ledger.mappings import mappings_of, recalling, storing
from workers.ledger.prepared import Part, Rows, rows_by_name, rows_of
from workers.ledger.stock_moves import moves_of_item, note_stock, see_stock
from workers.ledger.surroundings import looking, surroundings_of
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
from workers.steps import StoreKey, SyncMapping

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
        opens, commits = _of(Open, requests), _of(Commit, requests)
        looks, permits = _of(Look, requests), _of(Permit, requests)
        calls = [(one.realm_id, one.batch) for one in permits]
        answers: dict[int, Any] = {}
        with writing(self._services.engine) as database:
            asked = self._asked(database.dialect.name, opens, commits, looks, calls)
            # claims stand by themselves; what a commit writes stands or falls with the claims that are looked at next
            found = rows_by_name(database, asked, ends=not commits and not calls)
            _check_claims(commits, found["ours"])
            self._take_over(database, opens, asked, found)
            # before anything rare is written: what is seen here outlives a transaction that fails
            self._open(database, opens, found, answers)
            self._commit(database, commits)
            _answer_looks(looks, mappings_of(found["known"]), answers)
            for one in _of(LookAtStock, requests):
                answers[id(one)] = moves_of_item(database, one.connection_id, one.asked)
            if _rare(commits):
                found["budgets"] = rows_of(
                    database, self._services.budget.locking(database.dialect.name, calls)
                )
            if calls:
                seconds = self._services.budget.take_all(database, calls, found["budgets"], ends=True)
                answers.update(zip(map(id, permits), seconds, strict=True))
        return [tuple(answers.get(id(request)) for request in wish) for wish in wishes]

    def _asked(
        self,
        dialect: str,
        opens: Sequence[Open],
        commits: Sequence[Commit],
        looks: Sequence[Look],
        calls: Sequence[tuple[str, bool]],
    ) -> dict[str, list[Part]]:
        """Everything that is usual, in one trip. Only what is rare comes after it, in the same transaction."""
        services, now = self._services, self._services.clock()
        keys = _objects(opens)
        deliveries = [(one.connection_id, delivery) for one in opens for delivery in one.deliveries]
        return {
            # claims are made before any is given back: so two workers never wait in a circle
            "claimed": claiming(dialect, keys, owner=services.owner, now=now),
            "written": list(_writes(dialect, commits, now)),
            # also before a call: a worker that stood still must not write what its successor has written
            "ours": [
                *releasing(dialect, _released(commits), owner=services.owner),
                *renewing(dialect, _held(commits), owner=services.owner, now=now),
            ],
            "around": looking(
                dialect,
                {name for name, _ in deliveries},
                {(name, delivery.event_id) for name, delivery in deliveries},
                objects=keys | {(name, delivery.subject) for name, delivery in deliveries},
                claimed=keys,
            ),
            "known": recalling(dialect, {(one.connection_id, key) for one in looks for key in one.keys}),
            # what is rare may wait for others, and nobody waits with a budget in hand: the permit's time would be old,
            # and an operator's command that waits for us in turn would close a circle
            "budgets": [] if _rare(commits) else services.budget.locking(dialect, calls),
        }

    def _take_over(
        self,
        database: Database,
        opens: Sequence[Open],
        asked: Mapping[str, Sequence[Part]],
        found: dict[str, Rows],
    ) -> None:
        """Claim the objects of dead workers too, and look again: one that only stood still may have written since."""
        services = self._services
        others = _objects(opens) - object_keys_of(found["claimed"])
        taken = take_over(database, others, owner=services.owner, now=services.clock())
        if taken:
            found["claimed"] += taken
            found |= rows_by_name(database, {name: asked[name] for name in ("around", "known")})

    def _open(
        self,
        database: Database,
        wanted: Sequence[Open],
        found: Mapping[str, Rows],
        answers: dict[int, Any],
    ) -> None:
        if not wanted:
            return
        claimed, around = object_keys_of(found["claimed"]), surroundings_of(found["around"])
        for name in {one.connection_id for one in wanted} - around.revisions.keys():
            self._seen.pop(name, None)
        self._look_up(database, around.revisions)
        intents = open_intents(database, around.begun & claimed)
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
        """Write what is rare."""
        if not wanted:
            return
        record_failures(database, [failure for one in wanted for failure in one.changes.failures])
        for one in wanted:
            note_stock(database, one.connection_id, one.changes.stock, self._services.clock())
            see_stock(database, one.connection_id, one.changes.counted)
            if not set_aside_ignored(database, one.connection_id, one.changes.set_aside):
                raise ClaimLost(f"{one.connection_id}: restored meanwhile")
            if one.changes.hold is not None:
                self._pause(database, one.connection_id, one.changes.hold)

    def _pause(self, database: Database, connection_id: str, hold: Hold) -> None:
        stored = read_connection(database, connection_id)
        if stored is not None and _is_paused_by_a_person(stored):
            return  # that must not become a pause that ends by itself
        now = self._services.clock()
        until = now + timedelta(seconds=hold.seconds) if hold.seconds is not None else None
        change_status(database, connection_id, "paused", reason=str(hold), until=until, now=now)


def _writes(dialect: str, wanted: Sequence[Commit], now: datetime) -> Iterable[Part]:
    """What most commits write; a step that was refused is finished before it begins anew under the same name."""
    yield from finishing(dialect, [intent for one in wanted for intent in one.changes.finished])
    yield from storing(
        dialect, [(one.connection_id, item) for one in wanted for item in one.changes.remembered], now
    )
    yield from starting(dialect, [intent for one in wanted for intent in one.changes.started])
    yield from recording(dialect, [entry for one in wanted for entry in one.changes.entries], now)
    ended = [
        (one.workflow, (one.connection_id, entry.event_id)) for one in wanted for entry in one.changes.entries
    ]
    yield from resolving(dialect, ended, now)


def _rare(wanted: Sequence[Commit]) -> bool:
    """Whether a commit has something that most have not."""
    return any(
        changes.failures or changes.stock or changes.counted or changes.set_aside or changes.hold is not None
        for changes in (one.changes for one in wanted)
    )


def _check_claims(wanted: Sequence[Commit], ours: Rows) -> None:
    """Raise ClaimLost unless all that the commits work on is still ours."""
    lost = (_held(wanted) | _released(wanted)) - object_keys_of(ours)
    if lost:
        raise ClaimLost(", ".join(sorted({connection_id for connection_id, _ in lost})))


def _objects(opens: Sequence[Open]) -> set[ObjectKey]:
    return {(one.connection_id, delivery.object_key) for one in opens for delivery in one.deliveries}


def _held(commits: Sequence[Commit]) -> set[ObjectKey]:
    return {key for one in commits for key in object_keys(one.connection_id, one.held)}


def _released(commits: Sequence[Commit]) -> set[ObjectKey]:
    return {key for one in commits for key in object_keys(one.connection_id, one.changes.released)}


def _answer_looks(
    wanted: Sequence[Look],
    found: Mapping[tuple[str, StoreKey], SyncMapping],
    answers: dict[int, Any],
) -> None:
    for one in wanted:
        answers[id(one)] = {
            key: mapping for key in one.keys if (mapping := found.get((one.connection_id, key)))
        }


def _is_paused_by_a_person(stored: StoredConnection) -> bool:
    return stored.connection.status == "paused" and stored.paused_until is None


def _of(kind: type[T], requests: Sequence[LedgerRequest]) -> list[T]:
    return [request for request in requests if isinstance(request, kind)]
