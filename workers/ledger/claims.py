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
from workers.ledger.prepared import Part, rows_of
from workers.ledger.tables import claims

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
    wanted = set(keys)
    got = object_keys_of(rows_of(connection, claiming(connection.dialect.name, wanted, owner=owner, now=now)))
    return got | take_over(connection, wanted - got, owner=owner, now=now)


def claiming(dialect: str, keys: Iterable[ObjectKey], *, owner: str, now: datetime) -> list[Part]:
    """Take the objects that are free; returns connection ids and object keys. Ask ``take_over`` for the others."""
    rows = [
        {"connection_id": connection_id, "object_key": key, "owner": owner, "until": _until(now)}
        for connection_id, key in sorted(set(keys))
    ]
    return [Part(_claim(dialect), new_rows(dialect, claims, rows))] if rows else []


def take_over(
    connection: Connection, keys: Iterable[ObjectKey], *, owner: str, now: datetime
) -> set[ObjectKey]:
    """Take the objects that are ours, or whose worker is dead. Returns the ones we got."""
    taken = sorted(set(keys))
    if not taken:
        return set()
    values = {"keys": taken, "by": owner, "at": now, "renewed": _until(now)}
    return object_keys_of(rows_of(connection, [Part(_take_over(connection.dialect.name), values)]))


def _until(now: datetime) -> datetime:
    return now + timedelta(seconds=CLAIM_SECONDS)


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
    return object_keys_of(rows_of(connection, renewing(connection.dialect.name, keys, owner=owner, now=now)))


def renewing(dialect: str, keys: Iterable[ObjectKey], *, owner: str, now: datetime) -> list[Part]:
    """The same for a commit; returns connection ids and object keys."""
    kept = sorted(set(keys))
    return [Part(_renew(dialect), {"kept": kept, "by": owner, "renewed": _until(now)})] if kept else []


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
    return object_keys_of(rows_of(connection, releasing(connection.dialect.name, keys, owner=owner)))


def releasing(dialect: str, keys: Iterable[ObjectKey], *, owner: str) -> list[Part]:
    """The same for a commit; returns connection ids and object keys."""
    released = sorted(set(keys))
    return [Part(_release(dialect), {"released": released, "by": owner})] if released else []


@cache
def _release(dialect: str) -> Any:
    return delete(claims).where(*_ours(dialect, "released")).returning(*_KEY)


def _ours(dialect: str, keys: str) -> tuple[ColumnElement[bool], ...]:
    return rows_among(dialect, keys, *_KEY), claims.c.owner == bindparam("by")


def object_keys_of(found: Iterable[Any]) -> set[ObjectKey]:
    """The objects that a part of ours returned."""
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
