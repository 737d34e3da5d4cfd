"""How far each store was read: the cursor of a run that may be killed, and where the next one begins."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from workers.ledger.engine import insert_for
from workers.ledger.tables import backfills


@dataclass(frozen=True, slots=True)
class Backfill:
    """One run over one kind of store object. ``until`` None: to the end. ``cursor`` "": at the beginning.

    ``covered_until``: everything that changed in the store before it was read by this run or an earlier one.
    """

    connection_id: str
    kind: str
    run_id: str
    since: datetime
    until: datetime | None
    started_at: datetime
    cursor: str = ""
    objects: int = 0
    published: int = 0
    finished_at: datetime | None = None
    covered_until: datetime | None = None


def read_backfill(connection: Connection, connection_id: str, kind: str) -> Backfill | None:
    """The run that began last; None where there never was one."""
    statement = select(backfills).where(backfills.c.connection_id == connection_id, backfills.c.kind == kind)
    row = connection.execute(statement).one_or_none()
    return _backfill(row) if row is not None else None


def begin_backfill(connection: Connection, begun: Backfill) -> None:
    """Store a run that begins or is resumed; an older one that still goes on can store nothing any more."""
    insert = insert_for(connection.dialect, backfills).values(**_row(begun))
    changed = {name: insert.excluded[name] for name in _row(begun) if name not in ("connection_id", "kind")}
    connection.execute(insert.on_conflict_do_update(index_elements=["connection_id", "kind"], set_=changed))


def advance_backfill(connection: Connection, run: Backfill) -> bool:
    """Store how far a run is; False when another run has begun meanwhile."""
    statement = (
        update(backfills)
        .where(
            backfills.c.connection_id == run.connection_id,
            backfills.c.kind == run.kind,
            backfills.c.run_id == run.run_id,
        )
        .values(cursor=run.cursor, objects=run.objects, published=run.published,
                finished_at=run.finished_at, covered_until=run.covered_until)
    )  # fmt: skip
    return connection.execute(statement).rowcount == 1


def finished(run: Backfill, now: datetime) -> Backfill:
    """The run after its last page. What changed after it began may be missing: so far the store is covered.

    A run that ends at a given moment, or begins after what is covered, leaves the cover as it is.
    """
    gap = run.covered_until is not None and run.since > run.covered_until
    covered = run.covered_until if gap or run.until is not None else run.started_at
    return replace(run, cursor="", finished_at=now, covered_until=covered)


def _row(run: Backfill) -> dict[str, Any]:
    return {name: getattr(run, name) for name in Backfill.__slots__}


def _backfill(row: Row[Any]) -> Backfill:
    return Backfill(**{name: getattr(row, name) for name in Backfill.__slots__})
