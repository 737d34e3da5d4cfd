"""Failed messages as they are read: one, a list, groups, counts, and the copies that belong to them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, func, select

from schemas.envelope import Workflow
from schemas.failure import FailureHeaders, FailureStatus
from workers.ledger.failed_bodies import with_body
from workers.ledger.failures import MESSAGE_LIMIT, batched_ids
from workers.ledger.tables import failed_messages as rows


@dataclass(frozen=True, slots=True)
class FailedMessage:
    """One row as an operator sees it. ``failures`` counts how often it came here, retries included."""

    event_id: str
    workflow: Workflow
    connection_id: str
    subject: str
    body: bytes
    reason: str
    cause: str
    group: str
    message: str
    fix: str
    fault_code: str
    attempts: int
    failures: int
    status: FailureStatus
    copy_id: str
    command_id: str
    changed_by: str
    ignore_reason: str
    first_failed_at: datetime
    failed_at: datetime
    changed_at: datetime

    def headers(self) -> FailureHeaders:
        """The headers of its copy in the error queue."""
        return FailureHeaders(
            reason=self.reason,
            group=self.group,
            message=self.message[:MESSAGE_LIMIT],
            fix=self.fix[:MESSAGE_LIMIT],
            fault_code=self.fault_code,
            attempts=self.attempts,
            failed_at=self.failed_at,
            first_failed_at=self.first_failed_at,
            connection=self.connection_id,
            event_id=self.event_id,
            copy_id=self.copy_id,
        )


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Unresolved messages of one root cause; ``message`` is that of one of them.

    ``failed_again`` is how many of them came back after a retry.
    """

    connection_id: str
    workflow: Workflow
    group: str
    reason: str
    cause: str
    message: str
    fix: str
    count: int
    failed_again: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Copy:
    """What a row says of its copy: the sweep keeps it while the row is unresolved, or a command works on it."""

    status: FailureStatus
    copy_id: str
    command_id: str
    failed_at: datetime


def find_failed(connection: Connection, event_id: str) -> list[FailedMessage]:
    """All rows of one event: in practice none or one, unless two connections use the same id."""
    return [_message(row) for row in connection.execute(with_body(rows).where(rows.c.event_id == event_id))]


def list_failed(
    connection: Connection,
    *,
    workflow: str | None = None,
    connection_id: str | None = None,
    group: str | None = None,
    status: FailureStatus = "unresolved",
    limit: int = 100,
) -> list[FailedMessage]:
    """Failed messages in the order of their arrival."""
    wanted = with_body(rows).where(rows.c.status == status)
    if workflow is not None:
        wanted = wanted.where(rows.c.workflow == workflow)
    if connection_id is not None:
        wanted = wanted.where(rows.c.connection_id == connection_id)
    if group is not None:
        wanted = wanted.where(rows.c.group_id == group)
    found = connection.execute(wanted.order_by(rows.c.sequence, rows.c.event_id).limit(limit))
    return [_message(row) for row in found]


def list_groups(connection: Connection, *, group: str | None = None) -> list[FailureGroup]:
    """The groups of what is unresolved, largest first within connection and workflow."""
    key = (rows.c.connection_id, rows.c.workflow, rows.c.group_id, rows.c.reason)
    count = func.count().label("count")
    wanted = (
        select(
            *key,
            func.min(rows.c.cause).label("cause"),
            func.min(rows.c.message).label("message"),
            func.min(rows.c.fix).label("fix"),
            count,
            func.sum(case((rows.c.failures > 1, 1), else_=0)).label("failed_again"),
            func.min(rows.c.first_failed_at).label("first_seen"),
            func.max(rows.c.failed_at).label("last_seen"),
        )
        .where(rows.c.status == "unresolved")
        .group_by(*key)
        .order_by(rows.c.connection_id, rows.c.workflow, count.desc(), rows.c.group_id)
    )
    if group is not None:
        wanted = wanted.where(rows.c.group_id == group)
    return [
        FailureGroup(
            connection_id=row.connection_id,
            workflow=row.workflow,
            group=row.group_id,
            reason=row.reason,
            cause=row.cause,
            message=row.message,
            fix=row.fix,
            count=row._mapping["count"],
            failed_again=int(row.failed_again),
            first_seen=row.first_seen,
            last_seen=row.last_seen,
        )
        for row in connection.execute(wanted)
    ]


def group_workflow(connection: Connection, group: str) -> Workflow | None:
    """Which workflow a group belongs to; None if there never was such a group."""
    return connection.execute(select(rows.c.workflow).where(rows.c.group_id == group).limit(1)).scalar()


def count_unresolved(connection: Connection, workflow: Workflow) -> int:
    """How many copies the error queue of the workflow ought to hold."""
    return count_matching(connection, workflow)


def count_matching(
    connection: Connection,
    workflow: Workflow,
    *,
    group: str | None = None,
    connection_id: str | None = None,
) -> int:
    """How many unresolved messages a command about many would find."""
    wanted = (
        select(func.count())
        .select_from(rows)
        .where(rows.c.workflow == workflow, rows.c.status == "unresolved")
    )
    if group is not None:
        wanted = wanted.where(rows.c.group_id == group)
    if connection_id is not None:
        wanted = wanted.where(rows.c.connection_id == connection_id)
    return int(connection.execute(wanted).scalar_one())


def count_by_reason(connection: Connection) -> dict[tuple[str, str, str, str], int]:
    """How many failed messages there are for each (connection, workflow, reason, status)."""
    key = (rows.c.connection_id, rows.c.workflow, rows.c.reason, rows.c.status)
    found = connection.execute(select(*key, func.count().label("count")).group_by(*key))
    return {(row[0], row[1], row[2], row[3]): row[4] for row in found}


def oldest_unresolved(connection: Connection) -> dict[Workflow, datetime]:
    """When the longest waiting message of each workflow failed for the first time."""
    found = connection.execute(
        select(rows.c.workflow, func.min(rows.c.first_failed_at).label("oldest"))
        .where(rows.c.status == "unresolved")
        .group_by(rows.c.workflow)
    )
    return {row.workflow: row.oldest for row in found}


def read_copies(
    connection: Connection, workflow: Workflow, event_ids: Collection[str]
) -> dict[tuple[str, str], Copy]:
    """What the rows say of these events' copies, by connection and event; those without a row are left out."""
    found: dict[tuple[str, str], Copy] = {}
    columns = (
        rows.c.connection_id,
        rows.c.event_id,
        rows.c.status,
        rows.c.copy_id,
        rows.c.command_id,
        rows.c.failed_at,
    )
    for ids in batched_ids(event_ids):
        wanted = select(*columns).where(rows.c.event_id.in_(ids), rows.c.workflow == workflow)
        for row in connection.execute(wanted):
            found[row.connection_id, row.event_id] = Copy(*row[2:])
    return found


def unresolved_copies(connection: Connection, workflow: Workflow) -> dict[str, str]:
    """The copy id of every unresolved message, with its event id."""
    wanted = select(rows.c.copy_id, rows.c.event_id).where(
        rows.c.workflow == workflow, rows.c.status == "unresolved"
    )
    return dict(connection.execute(wanted).all())


def read_failed(
    connection: Connection, workflow: Workflow, event_ids: Collection[str]
) -> list[FailedMessage]:
    """These failed messages, oldest first."""
    found: list[FailedMessage] = []
    for ids in batched_ids(event_ids):
        wanted = with_body(rows).where(rows.c.event_id.in_(ids), rows.c.workflow == workflow)
        found += [_message(row) for row in connection.execute(wanted.order_by(rows.c.sequence))]
    return found


def _message(row: Row[Any]) -> FailedMessage:
    return FailedMessage(
        event_id=row.event_id,
        workflow=row.workflow,
        connection_id=row.connection_id,
        subject=row.subject,
        body=row.body or b"",
        reason=row.reason,
        cause=row.cause,
        group=row.group_id,
        message=row.message,
        fix=row.fix,
        fault_code=row.fault_code,
        attempts=row.attempts,
        failures=row.failures,
        status=row.status,
        copy_id=row.copy_id,
        command_id=row.command_id,
        changed_by=row.changed_by,
        ignore_reason=row.ignore_reason,
        first_failed_at=row.first_failed_at,
        failed_at=row.failed_at,
        changed_at=row.changed_at,
    )
