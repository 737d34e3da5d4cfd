"""What the ledger knows around events that are about to run, in one look: a round asks for it each time it begins."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, String, cast, literal, select, union_all

from workers.ledger.claims import ObjectKey
from workers.ledger.entries import EventKey
from workers.ledger.lists import among, rows_by_key
from workers.ledger.prepared import Part, Rows
from workers.ledger.tables import connections, entries, failed_messages, intents

_LOOK = "connection"
_APPLIED = "applied"
_IGNORED = "ignored"
_BEGUN = "begun"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``revisions``: a text for each connection that changes when anything of it does. ``applied``: events that are
    in the books. ``ignored``: objects that an operator ignores.
    ``begun``: objects with writes of unknown outcome."""

    revisions: dict[str, str] = field(default_factory=dict)
    applied: set[EventKey] = field(default_factory=set)
    ignored: set[ObjectKey] = field(default_factory=set)
    begun: set[ObjectKey] = field(default_factory=set)


def looking(
    dialect: str,
    connection_ids: Collection[str],
    events: Collection[EventKey],
    *,
    objects: Collection[ObjectKey],
    claimed: Collection[ObjectKey],
) -> list[Part]:
    """What a round asks each time it begins, for ``surroundings_of``.

    ``objects``: subjects, and object keys, of the events; an ignored order also stops its refunds (their object key is
    the order), an ignored refund stops no order. ``claimed``: where to look for writes of unknown outcome.
    """
    values = {
        "connections": sorted(connection_ids),
        "events": sorted(events),
        "objects": sorted(key for key in objects if key[1]),
        "claimed": sorted(claimed),
    }
    return [Part(_statement(dialect), values)] if connection_ids else []


def surroundings_of(rows: Rows) -> Surroundings:
    """What ``looking`` found."""
    found = Surroundings()
    places = {_APPLIED: found.applied, _IGNORED: found.ignored, _BEGUN: found.begun}
    for what, connection_id, name in rows:
        if what == _LOOK:
            found.revisions[connection_id] = name
        else:
            places[what].add((connection_id, name))
    return found


@cache
def _statement(dialect: str) -> Any:
    failed = failed_messages.c
    entry = (entries.c.connection_id, entries.c.event_id)
    subject = (failed.connection_id, failed.subject)
    object_ = (intents.c.connection_id, intents.c.object_key)
    return union_all(
        select(literal(_LOOK), connections.c.connection_id, cast(connections.c.updated_at, String)).where(
            among(dialect, connections.c.connection_id, "connections")
        ),
        rows_by_key(
            dialect, "events", entry, _named(_APPLIED), *entry, where=[entries.c.status != "skipped"]
        ),
        rows_by_key(
            dialect, "objects", subject, _named(_IGNORED), *subject, where=[failed.status == "ignored"]
        ),
        rows_by_key(dialect, "claimed", object_, _named(_BEGUN), *object_),
    )


def _named(what: str) -> ColumnElement[str]:
    return literal(what).label("what")
