"""Request budgets in the ledger: the permits of a company, shared by all workers, and the reads of the month.

On PostgreSQL the database's clock counts, so machines whose clocks differ agree; SQLite means one machine.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, case, func, null, select, update

from workers.ledger.engine import insert_for
from workers.ledger.lists import rows_among
from workers.ledger.prepared import Part, Rows, rows_of, run_in_turn
from workers.ledger.tables import budgets as table

APP_CHARACTERS = 64

GATE = "gate"
"""The row that says what may be called when: ``permits`` and, while the company rests, ``blocked_until``; ``used`` is
the percent of permits held back."""

READS = "reads"
"""The row that counts the reads of a month; ``window_start`` is the month's first moment."""

_CLOCK = select(func.clock_timestamp())
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
NEVER = timedelta(days=1)
"""How long ago a company that is new was throttled last, so to say."""


@dataclass(frozen=True, slots=True)
class BudgetState:
    """What the ledger knows of one company's budget, at the moment ``now``; ``used_at`` of permits by name."""

    now: datetime
    used_at: Mapping[str, datetime]
    blocked_until: datetime | None
    withheld_percent: int
    throttled_at: datetime


class _Gate(NamedTuple):
    """A row read, in this order."""

    realm_id: str
    window_start: datetime
    used: int
    blocked_until: datetime | None
    permits: dict[str, int]
    now: datetime | None


def lock_budgets(
    connection: Connection, realms: Collection[str], app: str, *, clock: Callable[[], datetime]
) -> dict[str, BudgetState]:
    """Read the budgets of companies and keep them from everyone else until the transaction ends."""
    locked = rows_of(connection, locking(connection.dialect.name, realms, app))
    return locked_budgets(connection, locked, realms, app, clock=clock)


def locking(dialect: str, realms: Collection[str], app: str) -> list[Part]:
    """The same as a part, for ``locked_budgets``."""
    keys = [(realm_id, app, GATE) for realm_id in sorted(set(realms))]
    return [Part(_lock(dialect), {"realms": keys})] if keys else []


def locked_budgets(
    connection: Connection,
    locked: Rows,
    realms: Collection[str],
    app: str,
    *,
    clock: Callable[[], datetime],
) -> dict[str, BudgetState]:
    """What ``locking`` found; a company without a budget gets one."""
    found = _by_realm(locked)
    missing = set(realms) - found.keys()
    if missing:
        _add(connection, missing, app, now=_now(connection, clock))
        found = _by_realm(rows_of(connection, locking(connection.dialect.name, realms, app)))
    here = clock()
    return {
        row.realm_id: BudgetState(
            now=row.now.astimezone(UTC) if row.now is not None else here,
            used_at={name: _EPOCH + used * _MICROSECOND for name, used in row.permits.items()},
            blocked_until=row.blocked_until.astimezone(UTC) if row.blocked_until is not None else None,
            withheld_percent=row.used,
            throttled_at=row.window_start.astimezone(UTC),
        )
        for row in found.values()
    }


def store_permits(
    connection: Connection, app: str, used_at: Mapping[str, Mapping[str, datetime]], *, ends: bool = False
) -> None:
    """Write when the permits of each company were used last. ``ends``: nothing follows in this transaction."""
    changed = [
        {
            "of": realm_id,
            "by": app,
            "used_at": {name: (at - _EPOCH) // _MICROSECOND for name, at in uses.items()},
        }
        for realm_id, uses in sorted(used_at.items())
    ]
    run_in_turn(connection, [Part(_STORE, values) for values in changed], ends=ends)


_STORE = (
    update(table)
    .where(table.c.realm_id == bindparam("of"), table.c.app == bindparam("by"), table.c.kind == GATE)
    .values(permits=bindparam("used_at", type_=table.c.permits.type))
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


def _by_realm(found: Rows) -> dict[str, _Gate]:
    return {row.realm_id: row for row in map(_Gate._make, found)}


@cache
def _lock(dialect: str) -> Any:
    key = (table.c.realm_id, table.c.app, table.c.kind)
    # in one order for all workers, so that none waits in a circle
    now = func.clock_timestamp() if dialect == "postgresql" else null()
    return (
        select(*(table.c[name] for name in _Gate._fields if name != "now"), now.label("now"))
        .where(rows_among(dialect, "realms", *key))
        .order_by(*key)
        .with_for_update(of=table)
    )


def _add(connection: Connection, realms: Iterable[str], app: str, *, now: datetime) -> None:
    rows = [
        {"realm_id": realm_id, "app": app, "kind": GATE, "window_start": now - NEVER, "used": 0}
        for realm_id in sorted(realms)
    ]
    connection.execute(insert_for(connection.dialect, table).on_conflict_do_nothing(), rows)


def _now(connection: Connection, clock: Callable[[], datetime]) -> datetime:
    if connection.dialect.name == "postgresql":
        now: datetime = connection.execute(_CLOCK).scalar_one()
        return now
    return clock()
