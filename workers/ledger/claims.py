"""Claims: one worker at a time on one store object, over all processes and machines.

A claim is short and renewed while its worker lives, so that a dead worker's objects are free again soon.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, delete, or_, select, update

from workers.ledger.engine import insert_for
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
    insert = insert_for(connection.dialect, claims)
    statement = insert.on_conflict_do_update(
        index_elements=["connection_id", "object_key"],
        set_={"owner": insert.excluded.owner, "until": insert.excluded.until},
        where=or_(claims.c.until < now, claims.c.owner == owner),
    ).returning(claims.c.object_key)
    return set(connection.scalars(statement, rows))


def renew_claims(
    connection: Connection, connection_id: str, object_keys: Iterable[str], *, owner: str, now: datetime
) -> set[str]:
    """Keep the claims of a living worker. Returns those that were still ours."""
    wanted = sorted(set(object_keys))
    if not wanted:
        return set()
    statement = (
        update(claims)
        .where(
            claims.c.connection_id == connection_id,
            claims.c.object_key.in_(wanted),
            claims.c.owner == owner,
        )
        .values(until=now + timedelta(seconds=CLAIM_SECONDS))
        .returning(claims.c.object_key)
    )
    return set(connection.scalars(statement))


def release_claims(
    connection: Connection, connection_id: str, object_keys: Iterable[str], *, owner: str
) -> set[str]:
    """Give objects back. Returns those that were still ours: one that is missing was taken over meanwhile."""
    wanted = sorted(set(object_keys))
    if not wanted:
        return set()
    statement = (
        delete(claims)
        .where(
            claims.c.connection_id == connection_id,
            claims.c.object_key.in_(wanted),
            claims.c.owner == owner,
        )
        .returning(claims.c.object_key)
    )
    return set(connection.scalars(statement))


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
