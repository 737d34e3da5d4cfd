"""Connections as the processes and the command line use them: secrets opened, settings changed and checked."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import orjson
from pydantic import ValidationError
from sqlalchemy import Connection as Database
from sqlalchemy import Engine

from events.webhooks.directory import WebhookConnection
from ops.configuring.describe import described
from schemas.connection import ConnectionSettings
from workers.ledger.connections import StoredConnection, read_connection, read_connections, store_settings
from workers.ledger.engine import reading, writing
from workers.ledger.mappings import Remembered, recall_mappings, store_mappings
from workers.ledger.setting_versions import MappingChange, SettingVersion, record_version
from workers.secrets import Secrets
from workers.steps import SyncMapping

_NAME = re.compile(r'(?:"(?P<quoted>(?:[^"\\]|\\.)+)"|(?P<plain>[\w-]+))(?P<sign>[.=])')

DIRECTORY_SECONDS = 2.0
"""How long the webhook process believes what it read of a connection."""


BY_HAND = "chosen by a person"
"""Stands where a sync mapping names the event it comes from."""


class ConnectionRefusal(Exception):
    """What the operator asked of a connection cannot be done; the text is a sentence for a person."""


class SettingRefused(ConnectionRefusal):
    """There is no such setting, or it does not take this value."""


class Directory:
    """The connections as the webhook process sees them: platform, status and opened webhook secrets."""

    def __init__(
        self, engine: Engine, secrets: Secrets, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._secrets = secrets
        self._monotonic = monotonic
        self._read_at = float("-inf")
        self._known: dict[str, WebhookConnection] = {}

    def get(self, connection_id: str) -> WebhookConnection | None:
        """Look a connection up; the whole list is read again when it is older than two seconds.

        When the database is away, what was read last still counts: a store's webhook must not wait for it.
        """
        if self._monotonic() - self._read_at > DIRECTORY_SECONDS:
            self._refresh()
        return self._known.get(connection_id)

    def _refresh(self) -> None:
        with reading(self._engine) as database:
            stored = read_connections(database)
        self._known = {one.connection.connection_id: self._opened(one) for one in stored}
        self._read_at = self._monotonic()

    def _opened(self, stored: StoredConnection) -> WebhookConnection:
        return WebhookConnection(
            platform=stored.connection.platform,
            status=stored.connection.status,
            secrets=tuple(self._secrets.open(stored.secrets)["webhook_secrets"]),
        )


def require(database: Database, connection_id: str) -> StoredConnection:
    """Read a connection that must be there.

    Raises:
        ConnectionRefusal: it is not.
    """
    stored = read_connection(database, connection_id)
    if stored is None:
        raise ConnectionRefusal(
            f'There is no connection "{connection_id}". `counterfoil connections list` shows all.'
        )
    return stored


def require_open(database: Database, connection_id: str) -> StoredConnection:
    """Read a connection that must be there and not closed.

    Raises:
        ConnectionRefusal: it is not there, or it is closed.
    """
    stored = require(database, connection_id)
    if stored.connection.status == "closed":
        raise ConnectionRefusal(f'The connection "{connection_id}" is closed.')
    return stored


def parse_assignment(text: str) -> tuple[list[str], Any]:
    """Read ``taxes."GST 5%"=12`` into its path and value. JSON values are read as JSON, "" means remove.

    Raises:
        ValueError: no ``=``, an empty name, or a quote that does not end.
    """
    path: list[str] = []
    rest = text
    while True:
        match = _NAME.match(rest)
        if match is None:
            raise ValueError(
                f'{text!r} is not NAME=VALUE. Names with other signs need quotes: taxes."GST 5%"=12'
            )
        quoted = match["quoted"]
        path.append(match["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        rest = rest[match.end() :]
        if match["sign"] == "=":
            return path, _value(rest)


def _value(text: str) -> Any:
    if text == "":
        return None
    if text[0] in '[{"':
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"{text!r} is not JSON: {error}") from error
    return text


def change_settings(
    engine: Engine,
    connection_id: str,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    by: str = "",
    why: str = "set",
    mappings: Sequence[SyncMapping] = (),
    dry_run: bool = False,
) -> ConnectionSettings:
    """Merge ``changes`` into a connection's settings (maps key by key; None removes) and store them.

    ``mappings``: sync mappings that a person chose, stored with them. ``by`` and ``why`` are kept with the version.

    Raises:
        SettingRefused: an unknown setting or a bad value.
        ConnectionRefusal: no such connection, a closed one, or somebody was faster.
    """
    return _changed(
        engine,
        connection_id,
        lambda old: _merged(old, changes),
        now=now,
        by=by,
        why=why,
        mappings=mappings,
        dry_run=dry_run,
    )


def replace_settings(
    engine: Engine,
    connection_id: str,
    values: Mapping[str, Any],
    *,
    now: datetime,
    by: str = "",
    why: str = "import",
    mappings: Sequence[SyncMapping] = (),
    dry_run: bool = False,
) -> ConnectionSettings:
    """Put ``values`` in the place of all settings; what they leave out gets its default. Raises as above."""
    return _changed(
        engine,
        connection_id,
        lambda _old: dict(values),
        now=now,
        by=by,
        why=why,
        mappings=mappings,
        dry_run=dry_run,
    )


def _changed(
    engine: Engine,
    connection_id: str,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    now: datetime,
    by: str,
    why: str,
    mappings: Sequence[SyncMapping],
    dry_run: bool,
) -> ConnectionSettings:
    with writing(engine) as database:
        stored = require_open(database, connection_id)
        before = stored.connection.settings.model_dump(mode="json")
        try:
            settings = ConnectionSettings.model_validate(change(before))
        except ValidationError as error:
            raise _setting_refused(connection_id, error) from None
        after = settings.model_dump(mode="json")
        if dry_run or (after == before and not mappings):
            return settings
        version = stored.settings_version
        if not store_settings(database, connection_id, settings, version=version, now=now):
            raise ConnectionRefusal("Somebody changed the settings at the same time. Try again.")
        chosen = _chosen(database, connection_id, mappings)
        store_mappings(database, connection_id, [Remembered(one, BY_HAND) for one in mappings], now)
        first = SettingVersion(version, before, "", "as it was before", now)
        record_version(database, connection_id, first)
        record_version(
            database, connection_id, SettingVersion(version + 1, after, by, why, now, mappings=chosen)
        )
    return settings


def _chosen(
    database: Database, connection_id: str, mappings: Sequence[SyncMapping]
) -> tuple[MappingChange, ...]:
    known = recall_mappings(database, connection_id, [one.key for one in mappings])
    before = {key: mapping.quickbooks_id for key, mapping in known.items() if not mapping.removed}
    return tuple(
        MappingChange(one.key.kind, one.key.store_id, one.entity, before.get(one.key, ""), one.quickbooks_id)
        for one in mappings
    )


def _setting_refused(connection_id: str, error: ValidationError) -> SettingRefused:
    """One sentence for each mistake, each naming its setting."""
    problems = error.errors(include_url=False)
    known = [one.path for one in described(ConnectionSettings())]
    return SettingRefused("\n".join(_mistake(connection_id, known, problem) for problem in problems))


def _mistake(connection_id: str, known: Sequence[str], problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        near = get_close_matches(place, known, n=1)
        meant = f' Did you mean "{near[0]}"?' if near else ""
        return (
            f'There is no setting "{place}".{meant} '
            f"`counterfoil connections show {connection_id} --explain` shows all."
        )
    return f"{place}: {problem['msg'].removeprefix('Value error, ')}."


def _merged(old: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in changes.items():
        before = merged.get(key)
        if isinstance(value, Mapping) and isinstance(before, dict):
            merged[key] = _merged(before, value)
        elif value is None:
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged
