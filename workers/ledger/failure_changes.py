"""What the desk does to failed messages: claim, ignore, restore, give back. One UPDATE each, so nobody is in two."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, or_, select, tuple_, update

from schemas.envelope import Workflow
from workers.ledger.engine import insert_for
from workers.ledger.failed_bodies import HAS_BODY, add_bodies, with_body
from workers.ledger.failures import LATER_EVENT, Failure, batched_ids, new_body, new_row
from workers.ledger.tables import failed_messages as rows


@dataclass(frozen=True, slots=True)
class Target:
    """Which failed messages a command means. None = any."""

    workflow: Workflow
    event_id: str | None = None
    group: str | None = None
    connection_id: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """Who changes them, by which command; ``at`` is when the desk received it."""

    command_id: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in the order of arrival; a replay goes on behind the last one it published."""

    sequence: int
    event_id: str


START = Place(-1, "")

Before = Literal["unresolved", "ignored"]
"""What a row was before a command took it for a replay."""


def claim_for_retry(connection: Connection, target: Target, order: Order) -> int:
    """Take unresolved messages for a replay. Returns how many: a second presser gets 0."""
    return connection.execute(
        update(rows)
        .where(*_unresolved(target, order))
        .values(status="retry_issued", command_id=order.command_id, changed_by=order.by, changed_at=order.at)
    ).rowcount


def ignore(connection: Connection, target: Target, order: Order, reason: str) -> int:
    """Drop unresolved messages; their store objects are not synced again until Restore. Returns how many."""
    return connection.execute(
        update(rows)
        .where(*_unresolved(target, order))
        .values(
            status="ignored",
            command_id=order.command_id,
            changed_by=order.by,
            changed_at=order.at,
            ignore_reason=reason,
        )
    ).rowcount


@dataclass(frozen=True, slots=True)
class Restored:
    """How many messages are taken for a replay, and how many have no payload any more: those are just not ignored."""

    replayed: int = 0
    emptied: int = 0


def restore(connection: Connection, workflow: Workflow, event_id: str, order: Order) -> Restored:
    """Take an ignored message for a replay, and all that was ignored of the same store object.

    A refund needs its order, so an ignored order is restored with its refund. What came later of the object, and
    of an order's refunds, was kept as ignored and comes back too.
    """
    ignored = (rows.c.workflow == workflow, rows.c.status == "ignored")
    named = connection.execute(
        select(rows.c.connection_id, rows.c.subject, rows.c.object_key).where(
            *ignored, rows.c.event_id == event_id
        )
    ).all()
    if not named:
        return Restored()
    same_object = or_(rows.c.event_id == event_id, *(_same_object(*row) for row in named))
    # A worker that keeps one more event of the object holds these rows; the UPDATE then sees its row as well.
    connection.execute(
        select(rows.c.event_id)
        .where(*ignored, same_object)
        .order_by(rows.c.sequence, rows.c.event_id)
        .with_for_update()
    )
    ordered = {"command_id": order.command_id, "changed_by": order.by, "changed_at": order.at}
    taken = update(rows).where(*ignored, same_object, HAS_BODY)
    replayed = connection.execute(taken.values(status="retry_issued", **ordered)).rowcount
    rest = update(rows).where(*ignored, same_object).values(status="resolved", **ordered)
    return Restored(replayed, connection.execute(rest).rowcount)


def _same_object(connection_id: str, subject: str, object_key: str) -> ColumnElement[bool]:
    objects = {subject, object_key} - {""}
    came_later = rows.c.object_key.in_(objects) & (rows.c.reason == LATER_EVENT)
    same: ColumnElement[bool] = rows.c.subject.in_(objects)
    return and_(rows.c.connection_id == connection_id, or_(same, came_later))


def claimed_places(
    connection: Connection,
    workflow: Workflow,
    command_id: str,
    after: Place,
    *,
    only_event: str | None = None,
) -> list[Place]:
    """What a command has claimed and not yet published, oldest first. Bodies come later, in chunks.

    ``only_event`` finds the one row by its key, however many others are being retried.
    """
    wanted = select(rows.c.sequence, rows.c.event_id).where(
        rows.c.command_id == command_id,
        tuple_(rows.c.sequence, rows.c.event_id) > (after.sequence, after.event_id),
    )
    if only_event is not None:
        wanted = wanted.where(*_by_key(only_event, workflow, "retry_issued"))
    else:
        wanted = wanted.where(rows.c.workflow == workflow, rows.c.status == "retry_issued")
    wanted = wanted.order_by(rows.c.sequence, rows.c.event_id)
    return [Place(row.sequence, row.event_id) for row in connection.execute(wanted)]


def read_bodies(connection: Connection, workflow: Workflow, places: Sequence[Place]) -> dict[Place, bytes]:
    """The messages as they came. A place that is left out has failed again since: it waits for the next command."""
    found: dict[Place, bytes] = {}
    for ids in batched_ids([place.event_id for place in places]):
        wanted = with_body(rows.c.sequence, rows.c.event_id).where(
            rows.c.event_id.in_(ids), rows.c.workflow == workflow
        )
        found.update(
            {Place(row.sequence, row.event_id): row.body or b"" for row in connection.execute(wanted)}
        )
    return {place: found[place] for place in places if place in found}


def give_back(
    connection: Connection,
    workflow: Workflow,
    event_ids: Collection[str],
    command_id: str,
    status: Before,
) -> None:
    """The broker took no message of these: they are what they were before the command."""
    for ids in batched_ids(event_ids):
        connection.execute(
            update(rows)
            .where(
                rows.c.workflow == workflow,
                rows.c.event_id.in_(ids),
                rows.c.command_id == command_id,
                rows.c.status == "retry_issued",
            )
            .values(status=status)
        )


def give_back_rest(
    connection: Connection,
    workflow: Workflow,
    command_id: str,
    after: Place,
    status: Before,
) -> int:
    """A command was cancelled: what it has not published is what it was before. Returns how many."""
    return connection.execute(
        update(rows)
        .where(
            rows.c.workflow == workflow,
            rows.c.status == "retry_issued",
            rows.c.command_id == command_id,
            tuple_(rows.c.sequence, rows.c.event_id) > (after.sequence, after.event_id),
        )
        .values(status=status)
    ).rowcount


def add_missing_failures(connection: Connection, found: Sequence[tuple[Failure, datetime, str]]) -> None:
    """Write rows for copies that have none (a restored database); rows that are there stay as they are.

    Each failure comes with the time of its first one and the id of its group, as the copy's headers say.
    """
    if not found:
        return
    connection.execute(
        insert_for(connection.dialect, rows).on_conflict_do_nothing(),
        [
            new_row(failure) | {"first_failed_at": first_failed_at, "group_id": group}
            for failure, first_failed_at, group in found
        ],
    )
    add_bodies(connection, [new_body(failure) for failure, _, _ in found])


def _by_key(event_id: str, workflow: Workflow, status: str) -> list[ColumnElement[bool]]:
    """One event's rows of a status. No index fits the status as it is written here: SQLite would else take the

    one on workflow and status, and read all of that status.
    """
    return [rows.c.event_id == event_id, rows.c.workflow == workflow, rows.c.status + "" == status]


def _unresolved(target: Target, order: Order) -> list[ColumnElement[bool]]:
    wanted = [rows.c.workflow == target.workflow, rows.c.status == "unresolved"]
    if target.event_id is not None:
        return _by_key(target.event_id, target.workflow, "unresolved")
    wanted.append(rows.c.failed_at <= order.at)  # what fails while the command runs is not meant by it
    if target.group is not None:
        wanted.append(rows.c.group_id == target.group)
    if target.connection_id is not None:
        wanted.append(rows.c.connection_id == target.connection_id)
    return wanted
