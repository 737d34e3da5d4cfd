"""Claims: one worker at a time on one store object, over all processes and machines.

A claim is short and renewed while its worker lives, so that a dead worker's objects are free again soon.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, or_, select, update

from workers.ledger.lists import among, insert_many, insert_rows
from workers.ledger.tables import claims

CLAIM_SECONDS = 15.0
"""How long a dead worker's claims last. Renewed every third of it."""


def claim_objects(
    connection: Connection, connection_id: str, object_keys: Iterable[str], *, owner: str, now: datetime
) -> set[str]:
    """Take the objects that are free, or ours, or whose worker is dead. Returns the ones we got."""
    rows = [
        {
            "connection_id": connection_id,
            "object_key": key,
            "owner": owner,
            "until": now + timedelta(seconds=CLAIM_SECONDS),
        }
        for key in sorted(set(object_keys))  # one order for all workers, so that none waits in a circle
    ]
    if not rows:
        return set()
    statement = _claim(connection.dialect.name)
    return set(insert_many(connection, statement, rows, claim_now=now, claim_owner=owner).scalars())


@cache
def _claim(dialect: str) -> Any:
    insert = insert_rows(dialect, claims)
    return insert.on_conflict_do_update(
        index_elements=["connection_id", "object_key"],
        set_={"owner": insert.excluded.owner, "until": insert.excluded.until},
        where=or_(
            claims.c.until < bindparam("claim_now", type_=claims.c.until.type),
            claims.c.owner == bindparam("claim_owner"),
        ),
    ).returning(claims.c.object_key)


def renew_claims(
    connection: Connection, connection_id: str, object_keys: Iterable[str], *, owner: str, now: datetime
) -> set[str]:
    """Keep the claims of a living worker. Returns those that were still ours."""
    wanted = sorted(set(object_keys))
    if not wanted:
        return set()
    until = now + timedelta(seconds=CLAIM_SECONDS)
    parameters = {"of": connection_id, "keys": wanted, "by": owner, "renewed": until}
    return set(connection.scalars(_renew(connection.dialect.name), parameters))


@cache
def _renew(dialect: str) -> Any:
    return (
        update(claims)
        .where(*_ours(dialect))
        .values(until=bindparam("renewed", type_=claims.c.until.type))
        .returning(claims.c.object_key)
    )


def release_claims(
    connection: Connection, connection_id: str, object_keys: Iterable[str], *, owner: str
) -> set[str]:
    """Give objects back. Returns those that were still ours: one that is missing was taken over meanwhile."""
    wanted = sorted(set(object_keys))
    if not wanted:
        return set()
    parameters = {"of": connection_id, "keys": wanted, "by": owner}
    return set(connection.scalars(_release(connection.dialect.name), parameters))


@cache
def _release(dialect: str) -> Any:
    return delete(claims).where(*_ours(dialect)).returning(claims.c.object_key)


def _ours(dialect: str) -> tuple[ColumnElement[bool], ...]:
    return (
        claims.c.connection_id == bindparam("of"),
        among(dialect, claims.c.object_key, "keys"),
        claims.c.owner == bindparam("by"),
    )


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
