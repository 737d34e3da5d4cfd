"""Versions of a connection's settings: who changed what and when, mappings that a person chose among them.

Written in the transaction that changes the settings, so that no change is without its version.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from workers.ledger.engine import insert_for
from workers.ledger.tables import setting_versions as rows


@dataclass(frozen=True, slots=True)
class MappingChange:
    """A sync mapping that a person chose. ``before`` and ``after`` are QuickBooks ids, "" for none."""

    kind: str
    store_id: str
    entity: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SettingVersion:
    """The settings as they were from ``at`` on. ``why`` is the command that made them so."""

    version: int
    settings: dict[str, Any]
    by: str
    why: str
    at: datetime
    mappings: tuple[MappingChange, ...] = ()


def record_version(connection: Connection, connection_id: str, version: SettingVersion) -> None:
    """Write one version; one that is there already stays as it is (the first, kept when the second is made)."""
    connection.execute(
        insert_for(connection.dialect, rows).on_conflict_do_nothing(),
        {
            "connection_id": connection_id,
            "version": version.version,
            "settings": version.settings,
            "mappings": [asdict(change) for change in version.mappings],
            "changed_by": version.by[:200],
            "why": version.why,
            "changed_at": version.at,
        },
    )


def read_versions(connection: Connection, connection_id: str) -> Sequence[SettingVersion]:
    """All versions of a connection, oldest first."""
    found = connection.execute(
        select(rows).where(rows.c.connection_id == connection_id).order_by(rows.c.version)
    )
    return [_version(row) for row in found]


def rewrite_versions(
    connection: Connection, connection_id: str, rewritten: Callable[[SettingVersion], SettingVersion]
) -> None:
    """Take something out of all versions of a connection: what a person may not stay named in."""
    for version in read_versions(connection, connection_id):
        new = rewritten(version)
        if new != version:
            values = {
                "settings": new.settings,
                "mappings": [asdict(change) for change in new.mappings],
                "why": new.why,
            }
            of = (rows.c.connection_id == connection_id, rows.c.version == version.version)
            connection.execute(update(rows).where(*of).values(**values))


def _version(row: Row[Any]) -> SettingVersion:
    return SettingVersion(
        version=row.version,
        settings=row.settings,
        by=row.changed_by,
        why=row.why,
        at=row.changed_at,
        mappings=tuple(MappingChange(**change) for change in row.mappings),
    )
