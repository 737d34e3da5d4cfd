"""Payloads are not kept for ever: the bodies of settled failed messages go, their rows stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, tuple_, update

from workers.ledger.failed_bodies import HAS_BODY, KEY, drop_body, with_body
from workers.ledger.tables import connections, edited_messages, failed_messages

EMPTY = b""
Place = tuple[str, str, str]
"""Event id, workflow and connection id: the order in which all rows are walked through."""

START: Place = ("", "", "")
_rows = failed_messages.c
_KEY: tuple[ColumnElement[Any], ...] = tuple(_rows[name] for name in KEY)
_SETTLED = _rows.status.in_(("resolved", "ignored"))
_TEXTS = ("cause", "message", "fix", "ignore_reason")


@dataclass(frozen=True, slots=True)
class OldPayload:
    """A settled message's body, and the sentences about it."""

    place: Place
    cause: str
    message: str
    fix: str
    ignore_reason: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some rows, one after another: what is old among them. ``end`` None: there are no more rows."""

    old: Sequence[OldPayload]
    end: Place | None


def old_payloads(connection: Connection, *, after: Place, before: datetime, limit: int) -> Stretch:
    """Look at the next ``limit`` rows for bodies of messages that were resolved or ignored before that moment.

    A bounded number of rows, whatever they are: a table of millions is walked through without ever being locked.
    """
    is_old = _SETTLED & (_rows.changed_at < before) & HAS_BODY
    wanted = select(*_KEY, is_old.label("is_old")).where(tuple_(*_KEY) > after).order_by(*_KEY).limit(limit)
    seen = connection.execute(wanted).all()
    places = [(row.event_id, row.workflow, row.connection_id) for row in seen if row.is_old]
    columns = (*_KEY, *(_rows[name] for name in _TEXTS))
    found = connection.execute(with_body(*columns).where(tuple_(*_KEY).in_(places))) if places else ()
    last = seen[-1] if len(seen) == limit else None
    return Stretch(
        [OldPayload((row[0], row[1], row[2]), *row[3:]) for row in found],
        (last.event_id, last.workflow, last.connection_id) if last is not None else None,
    )


def empty_payloads(connection: Connection, cleaned: Sequence[OldPayload], *, before: datetime) -> int:
    """Drop these bodies, and write the sentences as they are given. Returns how many; one that was restored stays.

    The row stays with its reason, its counts and who settled it. What has no body any more cannot be replayed.
    """
    emptied = 0
    here = [column == bindparam(f"is_{column.name}") for column in _KEY]
    statement = (
        update(failed_messages)
        .where(*here, _SETTLED, _rows.changed_at < before)
        .values({name: bindparam(f"new_{name}") for name in _TEXTS})
    )
    for one in cleaned:
        is_at = dict(zip((f"is_{column.name}" for column in _KEY), one.place, strict=True))
        texts = {f"new_{name}": getattr(one, name) for name in _TEXTS}
        if connection.execute(statement, is_at | texts).rowcount:
            drop_body(connection, one.place)
            emptied += 1
    return emptied


def empty_edits(connection: Connection, *, before: datetime, limit: int) -> int:
    """Drop both bodies of messages that were edited before that moment. Returns how many."""
    rows = edited_messages.c
    key: tuple[ColumnElement[Any], ...] = (rows.workflow, rows.command_id)
    wanted = select(*key).where(rows.edited_at < before, func.length(rows.original) > 0).limit(limit)
    found = [tuple(row) for row in connection.execute(wanted)]
    if found:
        emptied = update(edited_messages).where(tuple_(*key).in_(found)).values(original=EMPTY, edited=EMPTY)
        connection.execute(emptied)
    return len(found)


def count_payloads(connection: Connection, *, before: datetime) -> int:
    """How many bodies are older than that moment and not dropped yet; reads the whole table."""
    old = (_SETTLED, _rows.changed_at < before, HAS_BODY)
    return int(connection.execute(select(func.count()).select_from(failed_messages).where(*old)).scalar_one())


def closed_since(connection: Connection, since: datetime) -> list[str]:
    """The connections that were closed, or closed once more, since then."""
    rows = connections.c
    wanted = select(rows.connection_id).where(rows.status == "closed", rows.updated_at >= since)
    return list(connection.scalars(wanted.order_by(rows.connection_id)))
