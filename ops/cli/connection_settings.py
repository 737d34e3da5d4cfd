"""``counterfoil connections export|import|history|undo``: a connection's settings as a file, and their versions."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ops.cli.commanding import operator_name
from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.configuring.describe import described, differences, shown
from ops.configuring.toml_file import TomlRefused, read, written
from ops.configuring.versions import Step, history, undo
from ops.connections import replace_settings, require, require_open
from ops.settings import Settings
from schemas.connection import ConnectionSettings
from workers.ledger.engine import reading
from workers.ledger.setting_versions import MappingChange

Changes = Iterable[tuple[str, Any, Any]]


@click.command("export")
@click.argument("connection_id")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")
@JSON_OPTION
@click.pass_obj
def export(settings: Settings, connection_id: str, file: str, *, as_json: bool) -> None:
    """Write a connection's settings to FILE ("-": to the terminal) as TOML, each with what it does. No secrets."""
    with ledger(settings) as engine, reading(engine) as database:
        stored = require(database, connection_id)
    values = stored.connection.settings
    if as_json and file == "-":
        printed({"connection": connection_id, "version": stored.settings_version, "settings": _json(values)})
        return
    text = written(connection_id, stored.settings_version, values)
    if file == "-":
        click.echo(text, nl=False)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"Cannot write {file}: {error.strerror}.") from error
    if as_json:
        printed({"connection": connection_id, "version": stored.settings_version, "file": file})
    else:
        click.echo(f"Wrote the settings of {connection_id}, version {stored.settings_version}, to {file}.")


@click.command("import")
@click.argument("connection_id")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@JSON_OPTION
@click.pass_obj
def import_(settings: Settings, connection_id: str, file: Any, *, dry_run: bool, as_json: bool) -> None:
    """Take a connection's settings from a TOML FILE ("-": from standard input); what it leaves out gets its default.

    One mistake, and nothing is changed.
    """
    try:
        values = read(file.read())
    except (TomlRefused, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from error
    with ledger(settings) as engine:
        with reading(engine) as database:
            before = require_open(database, connection_id).connection.settings
        after = replace_settings(
            engine,
            connection_id,
            values,
            now=datetime.now(UTC),
            by=operator_name(),
            why="import",
            dry_run=dry_run,
        )
    changes = differences(_json(before), _json(after))
    if as_json:
        printed({"connection": connection_id, "dry_run": dry_run, "changes": _listed(changes)})
        return
    for line in _lines(changes):
        click.echo(line)
    if not changes:
        click.echo("The file says what the settings are already.")
    else:
        click.echo("These settings are good; nothing was changed." if dry_run else "Changed.")


@click.command("history")
@click.argument("connection_id")
@JSON_OPTION
@click.pass_obj
def history_(settings: Settings, connection_id: str, *, as_json: bool) -> None:
    """Show who changed a connection's settings and mappings, when, and what; the newest last."""
    with ledger(settings) as engine:
        steps = history(engine, connection_id)
    if as_json:
        printed([_step(one) for one in steps])
        return
    if not steps:
        click.echo("The settings were never changed.")
        return
    table = Table("Version", "When", "Who", "Why", "What")
    for one in steps:
        version = one.version
        what = [*_lines(one.changes), *_mapping_lines(version.mappings)]
        when = f"{version.at:%Y-%m-%d %H:%M}"
        table.add_row(str(version.version), when, version.by, version.why, "\n".join(what))
    Console().print(table)


@click.command("undo")
@click.argument("connection_id")
@click.argument("version", type=click.IntRange(min=1), required=False)
@JSON_OPTION
@click.pass_obj
def undo_(settings: Settings, connection_id: str, version: int | None, *, as_json: bool) -> None:
    """Put settings and mappings back to what they were at VERSION; without it, to before the last change.

    What is booked stays as it is. The undo is a version too, so it can be undone.
    """
    with ledger(settings) as engine:
        done = undo(engine, connection_id, version, now=datetime.now(UTC), by=operator_name())
    if as_json:
        printed(
            {
                "connection": connection_id,
                "version": done.version,
                "changes": _listed(done.changes),
                "mappings": [_mapping(one) for one in done.mappings],
                "kept": [_mapping(one) for one in done.kept],
            }
        )
        return
    for line in [*_lines(done.changes), *_mapping_lines(done.mappings)]:
        click.echo(line)
    for one in done.kept:
        click.echo(f"Left as it is, since it was changed again: {one.kind} {one.store_id}")
    click.echo(f"The settings are those of version {done.version} again.")


def explained(settings: ConnectionSettings, *, with_text: bool) -> list[str]:
    """The settings as ``connections show`` prints them; with what each does and its default."""
    lines: list[str] = []
    for one in described(settings):
        lines.append(f"{one.path:<30} {shown(one.value)}")
        if with_text:
            facts = [one.text, f"One of: {', '.join(one.allowed)}" if one.allowed else ""]
            facts.append("" if one.value == one.default else f"Default: {shown(one.default)}")
            lines += [f"{'':<31}{fact}" for fact in facts if fact]
    return lines


def explanations(settings: ConnectionSettings) -> dict[str, Any]:
    """The same for programs."""
    all_ = described(settings)
    return {
        "explanations": {one.path: one.text for one in all_},
        "defaults": {one.path: one.default for one in all_},
        "allowed": {one.path: list(one.allowed) for one in all_ if one.allowed},
    }


def _json(settings: ConnectionSettings) -> dict[str, Any]:
    return settings.model_dump(mode="json")


def _listed(changes: Changes) -> list[dict[str, Any]]:
    return [{"setting": path, "from": old, "to": new} for path, old, new in changes]


def _lines(changes: Changes) -> list[str]:
    return [f"{path}: {shown(old)} → {shown(new)}" for path, old, new in changes]


def _mapping_lines(changes: Iterable[MappingChange]) -> list[str]:
    return [
        f"{one.kind} {one.store_id}: {shown(one.before)} → {shown(one.after)} ({one.entity})"
        for one in changes
    ]


def _mapping(one: MappingChange) -> dict[str, str]:
    return {
        "kind": one.kind,
        "store_id": one.store_id,
        "entity": one.entity,
        "from": one.before,
        "to": one.after,
    }


def _step(one: Step) -> dict[str, Any]:
    version = one.version
    return {
        "version": version.version,
        "at": version.at.isoformat(),
        "by": version.by,
        "why": version.why,
        "changes": _listed(one.changes),
        "mappings": [_mapping(change) for change in version.mappings],
    }
