"""Claims: one worker at a time on one store object, over all processes and machines.

A claim is short and renewed while its worker lives, so that a dead worker's objects are free again soon.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, bindparam, delete, or_, select, tuple_, update

from workers.ledger.lists import insert_rows, new_rows, rows_among
from workers.ledger.prepared import rows_of
from workers.ledger.tables import claims
from workers.ledger.together import Part

ObjectKey: TypeAlias = tuple[str, str]
"""A store object: connection id and object key."""

_KEY = (claims.c.connection_id, claims.c.object_key)
CLAIM_SECONDS = 15.0
"""How long a dead worker's claims last. Renewed every third of it."""


def claim_objects(
    connection: Connection, keys: Iterable[ObjectKey], *, owner: str, now: datetime
) -> set[ObjectKey]:
    """Take the objects that are free, or ours, or whose worker is dead. Returns the ones we got.

    Waits for no other worker's row, only for one that is just being made: two workers never wait in a circle.
    """
    wanted = sorted(set(keys))
    if not wanted:
        return set()
    until = now + timedelta(seconds=CLAIM_SECONDS)
    rows = [
        {"connection_id": connection_id, "object_key": key, "owner": owner, "until": until}
        for connection_id, key in wanted
    ]
    dialect = connection.dialect.name
    got = _keys(rows_of(connection, _claim(dialect), new_rows(dialect, claims, rows)))
    taken = [key for key in wanted if key not in got]
    if taken:
        parameters = {"keys": taken, "by": owner, "at": now, "renewed": until}
        got |= _keys(rows_of(connection, _take_over(dialect), parameters))
    return got


@cache
def _claim(dialect: str) -> Any:
    return insert_rows(dialect, claims).on_conflict_do_nothing().returning(*_KEY)


@cache
def _take_over(dialect: str) -> Any:
    free = or_(claims.c.until < bindparam("at", type_=claims.c.until.type), claims.c.owner == bindparam("by"))
    these = select(*_KEY).where(rows_among(dialect, "keys", *_KEY), free).with_for_update(skip_locked=True)
    return (
        update(claims)
        .where(tuple_(*_KEY).in_(these))
        .values(owner=bindparam("by"), until=bindparam("renewed", type_=claims.c.until.type))
        .returning(*_KEY)
    )


def renew_claims(
    connection: Connection, keys: Iterable[ObjectKey], *, owner: str, now: datetime
) -> set[ObjectKey]:
    """Keep the claims of a living worker. Returns those that were still ours."""
    parts = renewing(connection.dialect.name, keys, owner=owner, now=now)
    return _keys(row for part in parts for row in part.run(connection))


def renewing(dialect: str, keys: Iterable[ObjectKey], *, owner: str, now: datetime) -> list[Part]:
    """The same for a commit; returns connection ids and object keys."""
    kept = sorted(set(keys))
    values = {"kept": kept, "by": owner, "renewed": now + timedelta(seconds=CLAIM_SECONDS)}
    return [Part(_renew(dialect), values, returns=True)] if kept else []


@cache
def _renew(dialect: str) -> Any:
    return (
        update(claims)
        .where(*_ours(dialect, "kept"))
        .values(until=bindparam("renewed", type_=claims.c.until.type))
        .returning(*_KEY)
    )


def release_claims(connection: Connection, keys: Iterable[ObjectKey], *, owner: str) -> set[ObjectKey]:
    """Give objects back. Returns those that were still ours: one that is missing was taken over meanwhile."""
    parts = releasing(connection.dialect.name, keys, owner=owner)
    return _keys(row for part in parts for row in part.run(connection))


def releasing(dialect: str, keys: Iterable[ObjectKey], *, owner: str) -> list[Part]:
    """The same for a commit; returns connection ids and object keys."""
    released = sorted(set(keys))
    return [Part(_release(dialect), {"released": released, "by": owner}, returns=True)] if released else []


@cache
def _release(dialect: str) -> Any:
    return delete(claims).where(*_ours(dialect, "released")).returning(*_KEY)


def _ours(dialect: str, keys: str) -> tuple[ColumnElement[bool], ...]:
    return rows_among(dialect, keys, *_KEY), claims.c.owner == bindparam("by")


def _keys(found: Iterable[Any]) -> set[ObjectKey]:
    return {(connection_id, object_key) for connection_id, object_key in found}


def release_all_claims(connection: Connection, *, owner: str) -> None:
    """Give everything back: the worker stops."""
    connection.execute(delete(claims).where(claims.c.owner == owner))


def claim_owner(host: str, pid: int, unique: str) -> str:
    """The name of a worker in claims: where it runs, so that others there can see whether it lives."""
    return f"{_place(host)}/{pid}/{unique[:16]}"


def _place(host: str) -> str:
    """Short, and another one for each host: replicas differ in the last letters of a long name."""
    return f"{host[:12]}~{sha256(host.encode()).hexdigest()[:16]}"


def release_dead_claims(connection: Connection, *, host: str, is_alive: Callable[[int], bool]) -> int:
    """Give back what workers of this host held that are dead; those of other hosts end by themselves.

    Returns how many claims that were.
    """
    owners = connection.scalars(
        select(claims.c.owner)
        .where(claims.c.owner.startswith(f"{_place(host)}/", autoescape=True))
        .distinct()
    )
    dead = [owner for owner in owners if not is_alive(int(owner.split("/")[1]))]
    return connection.execute(delete(claims).where(claims.c.owner.in_(dead))).rowcount if dead else 0
