"""Edited messages in the ledger: the original stays, the edited one is what a replay publishes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from schemas.envelope import Workflow
from workers.ledger.tables import edited_messages as rows


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of one failed message, made by a command."""

    workflow: Workflow
    command_id: str
    connection_id: str
    event_id: str
    original: bytes
    edited: bytes
    edited_by: str
    edited_at: datetime


def store_edit(connection: Connection, edit: Edit) -> None:
    """Write an edit, once for each command."""
    connection.execute(
        insert(rows),
        {
            "workflow": edit.workflow,
            "command_id": edit.command_id,
            "connection_id": edit.connection_id,
            "event_id": edit.event_id,
            "original": edit.original,
            "edited": edit.edited,
            "edited_by": edit.edited_by[:200],
            "edited_at": edit.edited_at,
        },
    )


def edited_body(connection: Connection, workflow: Workflow, command_id: str) -> bytes | None:
    """What a command made of its message; None for a command that edits nothing."""
    wanted = select(rows.c.edited).where(rows.c.workflow == workflow, rows.c.command_id == command_id)
    found: bytes | None = connection.execute(wanted).scalar()
    return found


def edits_of(connection: Connection, workflow: Workflow, connection_id: str, event_id: str) -> Sequence[Edit]:
    """All edits of a message, oldest first."""
    wanted = select(rows).where(
        rows.c.event_id == event_id, rows.c.workflow == workflow, rows.c.connection_id == connection_id
    )
    return [Edit(*row) for row in connection.execute(wanted.order_by(rows.c.edited_at))]
