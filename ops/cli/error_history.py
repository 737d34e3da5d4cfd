"""What was done about one failed message, for ``counterfoil errors show``: commands and edits, oldest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection

from workers.ledger.commands import CommandRow, commands_about
from workers.ledger.edits import Edit, edits_of
from workers.ledger.failure_views import FailedMessage

VALUE_LIMIT = 60
"""Characters of a value that a line shows; ``--json`` has the whole event."""


@dataclass(frozen=True, slots=True)
class Done:
    """One command about the message; ``edit`` is what it made of the event, if it was one."""

    command: CommandRow
    edit: Edit | None = None

    def facts(self) -> dict[str, object]:
        """In the words of commands.log."""
        row = self.command
        return {
            "at": row.received_at.isoformat(),
            "command": row.command,
            **row.arguments,
            "by": row.by,
            "result": _result(row),
            "why": row.why,
            "id": row.command_id,
        } | ({"edited": changes(self.edit)} if self.edit is not None else {})

    def lines(self) -> list[str]:
        """As a person reads it: one line, and one more for each field that an edit changed."""
        row = self.command
        told = (
            f"{row.received_at:%Y-%m-%d %H:%M:%S} UTC  {row.command} by {row.by or 'unknown'}: {_result(row)}"
        )
        if reason := row.arguments.get("reason"):
            told += f' ("{reason}")'
        if row.why:
            told += f". {row.why}"
        edited = changes(self.edit) if self.edit is not None else {}
        return [told] + [
            f"  {name}: {_short(change['was'])} -> {_short(change['is'])}" for name, change in edited.items()
        ]


def history(database: Connection, one: FailedMessage) -> list[Done]:
    """All that was asked about a failed message, what was refused too."""
    rows = commands_about(
        database,
        one.workflow,
        event_id=one.event_id,
        group=one.group,
        since=one.first_failed_at,
        last=one.command_id,
    )
    edits = {
        edit.command_id: edit for edit in edits_of(database, one.workflow, one.connection_id, one.event_id)
    }
    return [Done(row, edits.get(row.command_id)) for row in rows]


def changes(edit: Edit) -> dict[str, dict[str, object]]:
    """Which fields of the payload an edit changed, and from what to what; a field that is missing is null."""
    was, now = (_leaves(orjson.loads(body).get("data")) for body in (edit.original, edit.edited))
    return {
        name: {"was": was.get(name), "is": now.get(name)}
        for name in {**was, **now}
        if (name in was, was.get(name)) != (name in now, now.get(name))
    }


def _leaves(value: object, place: str = "data") -> dict[str, object]:
    """Every plain value by its path, such as ``data.lines.0.total``."""
    inner: Sequence[tuple[object, object]] = ()
    if isinstance(value, Mapping):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    if not inner:
        return {place: value}
    found: dict[str, object] = {}
    for name, part in inner:
        found |= _leaves(part, f"{place}.{name}")
    return found


def _result(row: CommandRow) -> str:
    return "accepted" if row.status == "done" else row.status


def _short(value: object) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= VALUE_LIMIT else f"{text[:VALUE_LIMIT]}…"
