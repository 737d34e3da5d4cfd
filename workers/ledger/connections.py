"""Connections in the ledger: reading, creating, changing their settings and their status."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection as Database
from sqlalchemy import Row, bindparam, insert, select, update

from schemas.connection import Connection, ConnectionSettings, ConnectionStatus
from workers.ledger.lists import among
from workers.ledger.tables import connections


@dataclass(frozen=True, slots=True)
class StoredConnection:
    """A connection as it is stored: with its encrypted secrets and what we know of its company."""

    connection: Connection
    settings_version: int
    secrets: bytes
    company: dict[str, Any]
    paused_until: datetime | None


def read_connection(database: Database, connection_id: str) -> StoredConnection | None:
    """Read one connection; None when there is none of that name."""
    row = database.execute(_BY_ID, {"wanted": connection_id}).one_or_none()
    return _stored(row) if row is not None else None


def read_some(database: Database, connection_ids: Collection[str]) -> dict[str, StoredConnection]:
    """Read connections by their ids; those that do not exist are left out."""
    found = database.execute(_some(database.dialect.name), {"wanted": sorted(connection_ids)})
    return {row.connection_id: _stored(row) for row in found}


@cache
def _some(dialect: str) -> Any:
    return select(connections).where(among(dialect, connections.c.connection_id, "wanted"))


_BY_ID = select(connections).where(connections.c.connection_id == bindparam("wanted"))


def read_connections(database: Database) -> list[StoredConnection]:
    """Read all connections, by name."""
    rows = database.execute(select(connections).order_by(connections.c.connection_id))
    return [_stored(row) for row in rows]


def add_connection(database: Database, connection: Connection, *, secrets: bytes, now: datetime) -> None:
    """Store a new connection.

    Raises:
        sqlalchemy.exc.IntegrityError: there is one of that name.
    """
    database.execute(
        insert(connections).values(
            **connection.model_dump(exclude={"settings"}),
            settings=connection.settings.model_dump(mode="json"),
            settings_version=1,
            secrets=secrets,
            company={},
            paused_until=None,
            created_at=now,
            updated_at=now,
        )
    )


def store_settings(
    database: Database, connection_id: str, settings: ConnectionSettings, *, version: int, now: datetime
) -> bool:
    """Replace the settings if they are still those of ``version``; False when somebody was faster."""
    statement = (
        update(connections)
        .where(connections.c.connection_id == connection_id, connections.c.settings_version == version)
        .values(settings=settings.model_dump(mode="json"), settings_version=version + 1, updated_at=now)
    )
    return database.execute(statement).rowcount == 1


def store_secrets(database: Database, connection_id: str, secrets: bytes, *, now: datetime) -> None:
    """Replace the encrypted secrets."""
    database.execute(
        update(connections)
        .where(connections.c.connection_id == connection_id)
        .values(secrets=secrets, updated_at=now)
    )


def store_company(
    database: Database,
    connection_id: str,
    company: dict[str, Any],
    *,
    country: str,
    currency: str,
    now: datetime,
) -> None:
    """Keep what QuickBooks says of the company behind a connection."""
    database.execute(
        update(connections)
        .where(connections.c.connection_id == connection_id)
        .values(company=company, country=country, currency=currency, updated_at=now)
    )


def store_realm(database: Database, connection_id: str, realm_id: str, *, now: datetime) -> None:
    """Link a connection to a QuickBooks company; what we knew of another company is forgotten."""
    database.execute(
        update(connections)
        .where(connections.c.connection_id == connection_id)
        .values(realm_id=realm_id, company={}, updated_at=now)
    )


def change_status(
    database: Database,
    connection_id: str,
    status: ConnectionStatus,
    *,
    reason: str = "",
    until: datetime | None = None,
    now: datetime,
) -> bool:
    """Pause, resume or close; False when there is no such connection or it is closed already."""
    statement = (
        update(connections)
        .where(connections.c.connection_id == connection_id, connections.c.status != "closed")
        .values(status=status, pause_reason=reason, paused_until=until, updated_at=now)
    )
    return database.execute(statement).rowcount == 1


def _stored(row: Row[Any]) -> StoredConnection:
    connection = Connection(
        connection_id=row.connection_id,
        platform=row.platform,
        realm_id=row.realm_id,
        status=row.status,
        pause_reason=row.pause_reason,
        country=row.country,
        currency=row.currency,
        settings=ConnectionSettings.model_validate(row.settings),
    )
    return StoredConnection(connection, row.settings_version, row.secrets, row.company, row.paused_until)
