"""Commands in the ledger: what was asked, by whom, what came of it. A running one can be taken up after a crash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, or_, select, update

from schemas.envelope import Workflow
from workers.ledger.engine import insert_for
from workers.ledger.failure_changes import START, Place
from workers.ledger.tables import commands as rows

CommandStatus = Literal["running", "done", "cancelled", "refused"]


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One command. ``matched`` failed messages are meant, ``done`` of them are published; ``why`` is a sentence.

    ``published_to`` is the place of the last one that was published.
    """

    workflow: Workflow
    command_id: str
    command: str
    arguments: Mapping[str, str]
    by: str
    status: CommandStatus
    received_at: datetime
    why: str = ""
    matched: int = 0
    done: int = 0
    published_to: Place = START
    finished_at: datetime | None = None


def store_command(connection: Connection, row: CommandRow) -> None:
    """Write a new command. One that was refused under the same id made no difference and is replaced."""
    values = _values(row)
    insert = insert_for(connection.dialect, rows)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=[rows.c.workflow, rows.c.command_id],
            set_={name: insert.excluded[name] for name in values},
            where=rows.c.status == "refused",
        ),
        values,
    )


def update_command(connection: Connection, row: CommandRow) -> bool:
    """Write how far a running command has come. False, and nothing written, when somebody ended it meanwhile."""
    changed = connection.execute(
        update(rows)
        .where(
            rows.c.workflow == row.workflow, rows.c.command_id == row.command_id, rows.c.status == "running"
        )
        .values(_values(row))
    )
    return changed.rowcount > 0


def find_command(connection: Connection, workflow: Workflow, command_id: str) -> CommandRow | None:
    """One command by its id."""
    found = connection.execute(
        select(rows).where(rows.c.workflow == workflow, rows.c.command_id == command_id)
    ).one_or_none()
    return _row(found) if found is not None else None


def latest_command(connection: Connection, workflow: Workflow) -> CommandRow | None:
    """The command that the desk received last: after a crash, the only one that can come again."""
    found = connection.execute(
        select(rows).where(rows.c.workflow == workflow).order_by(rows.c.received_at.desc()).limit(1)
    ).one_or_none()
    return _row(found) if found is not None else None


def running_commands(connection: Connection, workflow: Workflow) -> list[CommandRow]:
    """Commands that have begun and not ended, oldest first."""
    found = connection.execute(
        select(rows)
        .where(rows.c.workflow == workflow, rows.c.status == "running")
        .order_by(rows.c.received_at)
    )
    return [_row(row) for row in found]


def commands_about(
    connection: Connection, workflow: Workflow, *, event_id: str, group: str, since: datetime, last: str
) -> list[CommandRow]:
    """What was asked about one failed message, oldest first: by its name, by its group, or the one that changed it.

    ``since``: when it failed first; ``last``: the command that its row names.
    """
    named = rows.c.arguments["event_id"].as_string() == event_id
    grouped = and_(rows.c.arguments["group"].as_string() == group, rows.c.received_at >= since)
    wanted = select(rows).where(rows.c.workflow == workflow, or_(named, grouped, rows.c.command_id == last))
    return [_row(row) for row in connection.execute(wanted.order_by(rows.c.received_at))]


def _values(row: CommandRow) -> dict[str, Any]:
    return {
        "workflow": row.workflow,
        "command_id": row.command_id,
        "command": row.command[:20],
        "arguments": {
            **row.arguments,
            "published_to": [row.published_to.sequence, row.published_to.event_id],
        },
        "given_by": row.by[:200],
        "status": row.status,
        "why": row.why,
        "matched": row.matched,
        "done": row.done,
        "received_at": row.received_at,
        "finished_at": row.finished_at,
    }


def _row(row: Row[Any]) -> CommandRow:
    arguments = dict(row.arguments)
    return CommandRow(
        workflow=row.workflow,
        command_id=row.command_id,
        command=row.command,
        published_to=Place(*arguments.pop("published_to", (START.sequence, START.event_id))),
        arguments=arguments,
        by=row.given_by,
        status=row.status,
        why=row.why,
        matched=row.matched,
        done=row.done,
        received_at=row.received_at,
        finished_at=row.finished_at,
    )
