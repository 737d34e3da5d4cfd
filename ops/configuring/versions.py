"""The history of a connection's settings, and the way back to an earlier version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from ops.configuring.describe import differences
from ops.connections import ConnectionRefusal, replace_settings, require, require_open
from workers.ledger.engine import reading
from workers.ledger.mappings import recall_mappings
from workers.ledger.setting_versions import MappingChange, SettingVersion, read_versions
from workers.steps import StoreKey, SyncMapping


@dataclass(frozen=True, slots=True)
class Step:
    """One version and what it changed: path, old value, new value; and the mappings that came with it."""

    version: SettingVersion
    changes: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class Undone:
    """The settings are as they were at ``version``. ``kept``: mappings that somebody else changed since."""

    version: int
    changes: tuple[tuple[str, Any, Any], ...]
    mappings: tuple[MappingChange, ...]
    kept: tuple[MappingChange, ...]


def history(engine: Engine, connection_id: str) -> list[Step]:
    """All versions, oldest first.

    Raises:
        ConnectionRefusal: no such connection.
    """
    with reading(engine) as database:
        require(database, connection_id)
        versions = read_versions(database, connection_id)
    before = [{}, *(one.settings for one in versions)]
    return [
        Step(one, tuple(differences(old, one.settings)) if old else ())
        for old, one in zip(before, versions, strict=False)
    ]


def undo(engine: Engine, connection_id: str, version: int | None, *, now: datetime, by: str) -> Undone:
    """Make the settings what they were at ``version``; None: before the last change. That is a new version.

    Raises:
        ConnectionRefusal: no such connection or version, a closed one, or nothing to undo.
    """
    with reading(engine) as database:
        stored = require_open(database, connection_id)
        versions = read_versions(database, connection_id)
        target = _target(versions, version, connection_id)
        chosen = [change for one in versions if one.version > target.version for change in one.mappings]
        back = _ways_back(chosen)
        known = recall_mappings(database, connection_id, [StoreKey(one.kind, one.store_id) for one in back])
    ours = [one for one in back if _now(known, one) == one.before]
    kept = tuple(one for one in back if one not in ours)
    before = stored.connection.settings.model_dump(mode="json")
    after = replace_settings(
        engine,
        connection_id,
        target.settings,
        now=now,
        by=by,
        why=f"undo, back to version {target.version}",
        mappings=[
            SyncMapping(StoreKey(one.kind, one.store_id), one.entity, one.after, removed=not one.after)
            for one in ours
        ],
    )
    changes = tuple(differences(before, after.model_dump(mode="json")))
    return Undone(target.version, changes, tuple(ours), kept)


def _target(versions: Sequence[SettingVersion], wanted: int | None, connection_id: str) -> SettingVersion:
    if len(versions) < 2:
        raise ConnectionRefusal(f'The settings of "{connection_id}" were never changed; nothing to undo.')
    if wanted is None:
        return versions[-2]
    found = next((one for one in versions if one.version == wanted), None)
    if found is None or found is versions[-1]:
        what = "is how the settings are now" if found else "is not there"
        raise ConnectionRefusal(
            f"Version {wanted} {what}. `counterfoil connections history {connection_id}` shows all."
        )
    return found


def _ways_back(chosen: Sequence[MappingChange]) -> list[MappingChange]:
    """For each store object one change from what it became last to what it was first."""
    first: dict[tuple[str, str], MappingChange] = {}
    last: dict[tuple[str, str], MappingChange] = {}
    for one in chosen:
        first.setdefault((one.kind, one.store_id), one)
        last[one.kind, one.store_id] = one
    return [
        MappingChange(*key, last[key].entity, before=last[key].after, after=first[key].before)
        for key in first
        if last[key].after != first[key].before
    ]


def _now(known: dict[StoreKey, SyncMapping], one: MappingChange) -> str:
    mapping = known.get(StoreKey(one.kind, one.store_id))
    return mapping.quickbooks_id if mapping is not None and not mapping.removed else ""
