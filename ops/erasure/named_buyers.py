"""The setting ``buyers`` may name people by their e-mail, and so do its earlier versions and who chose them."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from ops.erasure.person import Person
from ops.erasure.scrub import scrubbed_text
from schemas.connection import ConnectionSettings
from workers.ledger.connections import read_connection, store_settings
from workers.ledger.setting_versions import SettingVersion, record_version, rewrite_versions


def named_buyers(settings: ConnectionSettings, person: Person) -> list[str]:
    """The keys of ``buyers`` that are this person's e-mail."""
    return [name for name in settings.buyers if person.is_buyer(name)]


def forget_buyers(connection: Connection, connection_id: str, person: Person, *, now: datetime) -> None:
    """Remove them from the settings and from all earlier ones; that the settings changed stays in the history."""
    stored = read_connection(connection, connection_id)
    if stored is None:
        return
    settings, version = stored.connection.settings, stored.settings_version
    if named_buyers(settings, person):
        changed = _without(settings, person)
        store_settings(connection, connection_id, changed, version=version, now=now)
        before = SettingVersion(version, _json(settings), "", "as it was before", now)
        record_version(connection, connection_id, before)
        after = SettingVersion(version + 1, _json(changed), "", "a contact was erased", now)
        record_version(connection, connection_id, after)
    rewrite_versions(connection, connection_id, lambda one: _rewritten(one, person))


def _without(settings: ConnectionSettings, person: Person) -> ConnectionSettings:
    kept = {name: value for name, value in settings.buyers.items() if not person.is_buyer(name)}
    return settings.model_copy(update={"buyers": kept})


def _json(settings: ConnectionSettings) -> dict[str, object]:
    return settings.model_dump(mode="json")


def _rewritten(version: SettingVersion, person: Person) -> SettingVersion:
    buyers = version.settings.get("buyers") or {}
    kept = {name: value for name, value in buyers.items() if not person.is_buyer(name)}
    return replace(
        version,
        settings={**version.settings, "buyers": kept} if kept != buyers else version.settings,
        why=scrubbed_text(version.why, sorted(person.emails)),
        mappings=tuple(
            change
            for change in version.mappings
            if not (change.kind == "email" and person.is_buyer(change.store_id.partition("/")[0]))
        ),
    )
