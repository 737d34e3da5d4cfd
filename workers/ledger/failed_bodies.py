"""The messages of failed messages, to the byte, in a table of their own.

A command changes the status of a hundred thousand rows at once. With two kilobytes in each of them a database writes
it all again: SQLite took four times as long. What has no row here any more cannot be replayed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, select

from workers.ledger.engine import insert_for
from workers.ledger.tables import failed_bodies as bodies
from workers.ledger.tables import failed_messages as rows

KEY = ("event_id", "workflow", "connection_id")
_SAME = and_(*(bodies.c[name] == rows.c[name] for name in KEY))
HAS_BODY: ColumnElement[bool] = select(bodies.c.event_id).where(_SAME).correlate(rows).exists()
"""Whether a failed message still has its payload."""


def with_body(*columns: Any) -> Select[Any]:
    """Columns of failed messages, each row with its ``body``; None when it is gone."""
    return select(*columns, bodies.c.body).select_from(rows).outerjoin(bodies, _SAME)


def store_bodies(connection: Connection, new: Sequence[Mapping[str, Any]]) -> None:
    """Write the bodies of messages that have just failed; what an operator ignored keeps the one it has.

    ``new``: the columns of the table. The rows of the messages are written before.
    """
    insert = insert_for(connection.dialect, bodies)
    ignored = select(rows.c.event_id).where(
        *(rows.c[name] == insert.excluded[name] for name in KEY), rows.c.status == "ignored"
    )
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=list(bodies.primary_key),
            set_={"body": insert.excluded.body},
            where=~ignored.exists(),
        ),
        list(new),
    )


def add_bodies(connection: Connection, new: Sequence[Mapping[str, Any]]) -> None:
    """The same for rows that may be there already; those keep what they have."""
    connection.execute(insert_for(connection.dialect, bodies).on_conflict_do_nothing(), list(new))


def drop_body(connection: Connection, place: Sequence[str]) -> None:
    """Forget one message. ``place``: the values of ``KEY``."""
    here = [bodies.c[name] == value for name, value in zip(KEY, place, strict=True)]
    connection.execute(delete(bodies).where(*here))
