"""OAuth tokens in the ledger, and the lease that lets one worker at a time refresh those of a company."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update

from workers.ledger.engine import insert_for
from workers.ledger.tables import quickbooks_tokens as table

REASON_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """The tokens of one company. ``version`` rises with every new pair; ``revoked`` is "" while they are good."""

    realm_id: str
    sealed: bytes
    access_expires_at: datetime
    refresh_expires_at: datetime
    version: int
    revoked: str
    stored_at: datetime
    refreshing_until: datetime | None = None


def read_tokens(connection: Connection, realm_id: str) -> StoredTokens | None:
    """Read a company's tokens; None when it was never connected."""
    row = connection.execute(select(table).where(table.c.realm_id == realm_id)).one_or_none()
    return _stored(row) if row is not None else None


def put_tokens(
    connection: Connection,
    realm_id: str,
    *,
    sealed: bytes,
    access_expires_at: datetime,
    refresh_expires_at: datetime,
    now: datetime,
) -> None:
    """Store what a person's consent gave: it replaces everything, a revocation and a running refresh too."""
    values = {
        "tokens": sealed,
        "access_expires_at": access_expires_at,
        "refresh_expires_at": refresh_expires_at,
        "refreshing_by": "",
        "refreshing_until": None,
        "revoked": "",
        "updated_at": now,
    }
    insert = insert_for(connection.dialect, table).values(realm_id=realm_id, version=1, **values)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["realm_id"], set_={**values, "version": table.c.version + 1}
        )
    )


def lease_refresh(
    connection: Connection, realm_id: str, *, owner: str, now: datetime, until: datetime
) -> StoredTokens | None:
    """Become the one that refreshes, and read the tokens again; None when somebody else is at it."""
    statement = (
        update(table)
        .where(
            table.c.realm_id == realm_id,
            table.c.revoked == "",
            or_(table.c.refreshing_until.is_(None), table.c.refreshing_until < now),
        )
        .values(refreshing_by=owner, refreshing_until=until)
        .returning(*table.c)
    )
    row = connection.execute(statement).one_or_none()
    return _stored(row) if row is not None else None


def release_refresh(connection: Connection, realm_id: str, *, owner: str) -> None:
    """Give the lease back without new tokens."""
    connection.execute(
        update(table)
        .where(table.c.realm_id == realm_id, table.c.refreshing_by == owner)
        .values(refreshing_by="", refreshing_until=None)
    )


def store_refreshed(
    connection: Connection,
    seen: StoredTokens,
    *,
    sealed: bytes,
    access_expires_at: datetime,
    refresh_expires_at: datetime,
    now: datetime,
) -> bool:
    """Replace the pair that was ``seen`` and give the lease back; False when a newer pair is there already."""
    return _change(
        connection,
        seen,
        tokens=sealed,
        access_expires_at=access_expires_at,
        refresh_expires_at=refresh_expires_at,
        version=seen.version + 1,
        updated_at=now,
    )


def mark_revoked(connection: Connection, seen: StoredTokens, *, why: str) -> bool:
    """Say that the pair that was ``seen`` is no longer good; False when a newer pair is there already."""
    return _change(connection, seen, revoked=why[:REASON_CHARACTERS])


def delete_tokens(connection: Connection, realm_id: str) -> None:
    """Forget a company's tokens."""
    connection.execute(delete(table).where(table.c.realm_id == realm_id))


def _change(connection: Connection, seen: StoredTokens, **values: object) -> bool:
    statement = (
        update(table)
        .where(table.c.realm_id == seen.realm_id, table.c.version == seen.version)
        .values(refreshing_by="", refreshing_until=None, **values)
    )
    return connection.execute(statement).rowcount == 1


def _stored(row: Row[Any]) -> StoredTokens:
    return StoredTokens(
        realm_id=row.realm_id,
        sealed=row.tokens,
        access_expires_at=row.access_expires_at,
        refresh_expires_at=row.refresh_expires_at,
        version=row.version,
        revoked=row.revoked,
        stored_at=row.updated_at,
        refreshing_until=row.refreshing_until,
    )
