"""Request budgets in the ledger: the permits of a company, shared by all workers, and the reads of the month.

On PostgreSQL the database's clock counts, so machines whose clocks differ agree; SQLite means one machine.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select, text, update

from workers.ledger.engine import insert_for
from workers.ledger.lists import among
from workers.ledger.tables import budgets as table

APP_CHARACTERS = 64

GATE = "gate"
"""The row that says whether the company rests: ``blocked_until``; ``used`` is the percent of permits held back."""

READS = "reads"
"""The row that counts the reads of a month; ``window_start`` is the month's first moment."""

_NO_WAIT = text("SET LOCAL synchronous_commit = off")
_CLOCK = select(func.clock_timestamp())
NEVER = timedelta(days=1)
"""How long ago a permit that is new was used, so to say."""


@dataclass(frozen=True, slots=True)
class BudgetState:
    """What the ledger knows of one company's budget, at the moment ``now``; ``used_at`` of permits by name."""

    now: datetime
    used_at: Mapping[str, datetime]
    blocked_until: datetime | None
    withheld_percent: int
    throttled_at: datetime


def lock_budget(
    connection: Connection, realm_id: str, app: str, *, permits: Iterable[str], clock: Callable[[], datetime]
) -> BudgetState:
    """Read a company's budget and keep it from everyone else until the transaction ends."""
    if connection.dialect.name == "postgresql":
        # A permit forgotten in a crash of the database costs nothing; waiting for its disk at every call would
        connection.execute(_NO_WAIT)
    rows = _locked(connection, realm_id, app)
    missing = {GATE, *permits} - rows.keys()
    if missing:
        _add(connection, realm_id, app, missing, now=_now(connection, clock))
        rows = _locked(connection, realm_id, app)
    now = _now(connection, clock)
    gate = rows.pop(GATE)
    return BudgetState(
        now=now,
        used_at={kind: row[0] for kind, row in rows.items()},
        blocked_until=gate[1],
        withheld_percent=gate[2],
        throttled_at=gate[0],
    )


def use_permits(
    connection: Connection, realm_id: str, app: str, permits: Iterable[str], *, at: datetime
) -> None:
    """Say that permits are used ``at`` this moment."""
    parameters = {"of": realm_id, "by": app, "kinds": list(permits), "at": at}
    connection.execute(_use(connection.dialect.name), parameters)


@cache
def _use(dialect: str) -> Any:
    return (
        update(table)
        .where(
            table.c.realm_id == bindparam("of"),
            table.c.app == bindparam("by"),
            among(dialect, table.c.kind, "kinds"),
        )
        .values(window_start=bindparam("at", type_=table.c.window_start.type), used=table.c.used + 1)
    )


def close_gate(
    connection: Connection,
    realm_id: str,
    app: str,
    *,
    until: datetime,
    withheld_percent: int,
    now: datetime,
) -> None:
    """Let a company rest, and hold back some of its permits after that."""
    connection.execute(
        update(table)
        .where(table.c.realm_id == realm_id, table.c.app == app, table.c.kind == GATE)
        .values(blocked_until=until, used=withheld_percent, window_start=now)
    )


def add_reads(connection: Connection, realm_id: str, app: str, reads: int, *, month: datetime) -> None:
    """Count reads; a new month starts from zero."""
    insert = insert_for(connection.dialect, table).values(
        realm_id=realm_id, app=app, kind=READS, window_start=month, used=reads
    )
    same_month = table.c.window_start == month
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["realm_id", "app", "kind"],
            set_={"used": case((same_month, table.c.used), else_=0) + reads, "window_start": month},
        )
    )


def reads_in(connection: Connection, app: str, *, month: datetime) -> int:
    """The reads of all companies in a month: Intuit meters the app, not the company."""
    statement = select(func.coalesce(func.sum(table.c.used), 0)).where(
        table.c.app == app, table.c.kind == READS, table.c.window_start == month
    )
    return int(connection.scalar(statement) or 0)


def _locked(
    connection: Connection, realm_id: str, app: str
) -> dict[str, tuple[datetime, datetime | None, int]]:
    found = connection.execute(_LOCK, {"of": realm_id, "by": app})
    return {kind: (start, until, used) for kind, start, until, used in found}


_LOCK = (
    select(table.c.kind, table.c.window_start, table.c.blocked_until, table.c.used)
    .where(table.c.realm_id == bindparam("of"), table.c.app == bindparam("by"), table.c.kind != READS)
    .order_by(table.c.kind)  # one order for all workers, so that none waits in a circle
    .with_for_update()
)


def _add(connection: Connection, realm_id: str, app: str, kinds: Iterable[str], *, now: datetime) -> None:
    rows = [
        {"realm_id": realm_id, "app": app, "kind": kind, "window_start": now - NEVER, "used": 0}
        for kind in sorted(kinds)
    ]
    connection.execute(insert_for(connection.dialect, table).on_conflict_do_nothing(), rows)


def _now(connection: Connection, clock: Callable[[], datetime]) -> datetime:
    if connection.dialect.name == "postgresql":
        now: datetime = connection.execute(_CLOCK).scalar_one()
        return now
    return clock()
