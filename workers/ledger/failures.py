"""Failed messages as the workers write them: one row for each, kept until somebody retries or ignores it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, and_, bindparam, case, or_, select, update

from schemas.envelope import Workflow
from schemas.failure import FailureHeaders, group_id
from workers.ledger.claims import ObjectKey
from workers.ledger.engine import insert_for
from workers.ledger.entries import EventKey
from workers.ledger.failed_bodies import add_bodies, store_bodies
from workers.ledger.lists import SQLITE, rows_among, rows_by_key
from workers.ledger.prepared import Part
from workers.ledger.tables import failed_messages as rows

MESSAGE_LIMIT = 4000
"""Characters of a sentence in a header: all headers must fit one frame of 128 KiB (RabbitMQ's ``frame_max``)."""

LATER_EVENT = "ignored_object"
"""Reason of a row that was written because the event's store object was ignored already."""

IDS_AT_ONCE = 500
"""Ids in one IN list: far below the number of parameters that SQLite and PostgreSQL take."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """One event that a person must look at, as the worker hands it over.

    ``body`` is the message to the byte: Retry publishes it again. ``copy_id`` names the copy in the error queue,
    ``sequence`` (nanoseconds) is the order in which failures arrived there.
    """

    event_id: str
    workflow: Workflow
    connection_id: str
    subject: str
    object_key: str
    body: bytes
    reason: str
    cause: str
    message: str
    fix: str
    fault_code: str
    attempts: int
    copy_id: str
    failed_at: datetime
    sequence: int

    @property
    def group_id(self) -> str:
        """The failure group: same root cause, same group."""
        return group_id(self.connection_id, self.workflow, self.reason, self.cause)

    def headers(self, first_failed_at: datetime | None = None) -> FailureHeaders:
        """What an operator reads on the copy. ``first_failed_at``: see the function of that name."""
        return FailureHeaders(
            reason=storable(self.reason),
            group=self.group_id,
            message=storable(self.message)[:MESSAGE_LIMIT],
            fix=storable(self.fix)[:MESSAGE_LIMIT],
            fault_code=storable(self.fault_code),
            attempts=self.attempts,
            failed_at=self.failed_at,
            first_failed_at=first_failed_at or self.failed_at,
            connection=storable(self.connection_id),
            event_id=self.event_id,
            copy_id=self.copy_id,
        )


def header_values(headers: FailureHeaders) -> dict[str, str | int]:
    """The headers as the broker takes them; times as text, since that is what a person reads in the UI."""
    return headers.model_dump(mode="json")


def storable(text: str) -> str:
    """Replace what PostgreSQL or UTF-8 cannot hold: NUL and half characters. They come from stores' data."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def record_failures(connection: Connection, failures: Sequence[Failure]) -> None:
    """Write one row for each failure: new ones are unresolved, a retried one comes back with its count.

    A failure of a message that is unresolved already, with the same number of attempts, is the same failure
    delivered twice (the worker died between this commit and its ack): it is not counted again. What an operator
    ignored stays ignored.
    """
    latest = {(failure.workflow, failure.connection_id, failure.event_id): failure for failure in failures}
    if not latest:
        return
    insert = insert_for(connection.dialect, rows)
    new = insert.excluded
    repeated = and_(rows.c.status == "unresolved", rows.c.attempts == new.attempts)
    kept = ("event_id", "workflow", "connection_id", "failures", "first_failed_at")
    statement = insert.on_conflict_do_update(
        index_elements=list(rows.primary_key),
        set_={column.name: new[column.name] for column in rows.c if column.name not in kept}
        | {"failures": rows.c.failures + case((repeated, 0), else_=1)},
        where=rows.c.status != "ignored",
    )
    connection.execute(statement, [new_row(failure) for failure in latest.values()])
    store_bodies(connection, [new_body(failure) for failure in latest.values()])


def resolve_failures(
    connection: Connection, ended: Collection[tuple[Workflow, EventKey]], now: datetime
) -> int:
    """The events ended well (booked, superseded, skipped). Returns how many failed messages that settles."""
    return sum(part.run(connection).rowcount for part in resolving(connection.dialect.name, ended, now))


def resolving(dialect: str, ended: Collection[tuple[Workflow, EventKey]], now: datetime) -> list[Part]:
    """The same for a commit."""
    keys = {(workflow, *event) for workflow, event in ended}
    # PostgreSQL takes them as one value
    lists = batched_ids(keys) if dialect == SQLITE else [tuple(keys)] if keys else []
    return [Part(_resolve(dialect), {"resolved": list(some), "resolved_at": now}) for some in lists]


@cache
def _resolve(dialect: str) -> Any:
    key = (rows.c.workflow, rows.c.connection_id, rows.c.event_id)
    return (
        update(rows)
        .where(
            rows_among(dialect, "resolved", *key),
            or_(rows.c.status == "unresolved", rows.c.status == "retry_issued"),
        )
        .values(status="resolved", changed_at=bindparam("resolved_at", type_=rows.c.changed_at.type))
    )


def set_aside_ignored(connection: Connection, connection_id: str, events: Sequence[Failure]) -> bool:
    """Keep later events of ignored store objects, for Restore; they are ignored from the start and have no copy.

    False, and nothing written, when an operator has restored one of the objects meanwhile.
    """
    latest = {(event.workflow, event.event_id): event for event in events}
    if not latest:
        return True
    held: set[str] = set()
    for keys in batched_ids([key for event in events for key in (event.subject, event.object_key)]):
        # Locked in the same order as Restore does: it waits for us and then finds our rows, or we for it.
        wanted = (
            select(rows.c.subject)
            .where(
                rows.c.connection_id == connection_id, rows.c.subject.in_(keys), rows.c.status == "ignored"
            )
            .order_by(rows.c.sequence, rows.c.event_id)
        )
        held.update(connection.execute(wanted.with_for_update(read=True)).scalars())
    if not all(held & {event.subject, event.object_key} for event in events):
        return False
    insert = insert_for(connection.dialect, rows)
    statement = insert.on_conflict_do_update(
        index_elements=list(rows.primary_key),
        # The reason too: what nobody ignored by itself must come back with its object.
        set_={
            name: insert.excluded[name]
            for name in (
                "status",
                "changed_at",
                "reason",
                "cause",
                "group_id",
                "message",
                "fix",
                "fault_code",
            )
        },
        where=rows.c.status.in_(("unresolved", "retry_issued")),
    )
    connection.execute(statement, [new_row(event) | {"status": "ignored"} for event in latest.values()])
    add_bodies(connection, [new_body(event) for event in latest.values()])
    return True


def ignored_objects(connection: Connection, keys: Collection[ObjectKey]) -> set[ObjectKey]:
    """Which of these store objects an operator ignores. ``keys``: subjects, and object keys, of events.

    An ignored order also stops its refunds (their object key is the order); an ignored refund stops no order.
    """
    ignored: set[ObjectKey] = set()
    for wanted in batched_ids({key for key in keys if key[1]}):
        found = connection.execute(_ignored(connection.dialect.name), {"keys": list(wanted)})
        ignored.update((connection_id, subject) for connection_id, subject in found)
    return ignored


@cache
def _ignored(dialect: str) -> Any:
    key = (rows.c.connection_id, rows.c.subject)
    return rows_by_key(dialect, "keys", key, *key, where=[rows.c.status == "ignored"])


def first_failed(
    connection: Connection, workflow: Workflow, event_ids: Collection[str]
) -> dict[str, datetime]:
    """When each of these events failed for the first time; events that never failed are left out."""
    found: dict[str, datetime] = {}
    for ids in batched_ids(event_ids):
        wanted = select(rows.c.event_id, rows.c.first_failed_at).where(
            rows.c.workflow == workflow, rows.c.event_id.in_(ids)
        )
        found.update({row.event_id: row.first_failed_at for row in connection.execute(wanted)})
    return found


def batched_ids(ids: Collection[T]) -> list[tuple[T, ...]]:
    """Cut ids, or tuples of them, into lists that both databases take."""
    unique = list(dict.fromkeys(ids))
    return [tuple(unique[start : start + IDS_AT_ONCE]) for start in range(0, len(unique), IDS_AT_ONCE)]


def new_row(failure: Failure) -> dict[str, Any]:
    """The row of a first failure."""
    return _key(failure) | {
        "subject": storable(failure.subject)[:200],
        "object_key": storable(failure.object_key)[:200],
        "reason": storable(failure.reason)[:60],
        "cause": storable(failure.cause),
        "group_id": failure.group_id,
        "message": storable(failure.message),
        "fix": storable(failure.fix),
        "fault_code": storable(failure.fault_code)[:20],
        "attempts": failure.attempts,
        "failures": 1,
        "status": "unresolved",
        "copy_id": failure.copy_id,
        "command_id": "",
        "changed_by": "",
        "ignore_reason": "",
        "first_failed_at": failure.failed_at,
        "failed_at": failure.failed_at,
        "changed_at": failure.failed_at,
        "sequence": failure.sequence,
    }


def new_body(failure: Failure) -> dict[str, Any]:
    """Its message, which lies apart."""
    return _key(failure) | {"body": failure.body}


def _key(failure: Failure) -> dict[str, Any]:
    return {
        "event_id": failure.event_id,
        "workflow": failure.workflow,
        "connection_id": storable(failure.connection_id)[:63],
    }
