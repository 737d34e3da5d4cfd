"""``counterfoil errors fix``: shows what to change, changes it, and offers to retry the group."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from ops.cli.commanding import operator_name
from ops.cli.error_commands import run_command
from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.connections import change_settings, parse_assignment
from ops.settings import Settings
from workers.ledger.connections import StoredConnection, read_connection
from workers.ledger.engine import reading
from workers.ledger.failure_views import FailureGroup, find_failed, list_groups

_SETS = re.compile(r"^counterfoil connections set (?P<connection>[a-z0-9-]+) (?P<assignment>.+)$")
PLACEHOLDERS = ("ID", "CODE")


@dataclass(frozen=True, slots=True)
class SettingFix:
    """A fix that is one setting of the connection. ``proposal`` is "" when a person must choose the value."""

    connection_id: str
    path: tuple[str, ...]
    proposal: str

    def change(self, value: str) -> dict[str, Any]:
        """The change as ``change_settings`` takes it."""
        changed: Any = value
        for key in reversed(self.path):
            changed = {key: changed}
        assert isinstance(changed, dict)
        return changed


def setting_fix(text: str) -> SettingFix | None:
    """Read a fix such as ``counterfoil connections set acme-woo taxes."GST 5%"=ID``; None for any other."""
    match = _SETS.match(text.strip())
    if match is None:
        return None
    try:
        written = match["assignment"]
        path, value = parse_assignment(shlex.split(written)[0] if written.startswith("'") else written)
    except ValueError:
        return None
    proposal = "" if value in PLACEHOLDERS or not isinstance(value, str) else value
    return SettingFix(match["connection"], tuple(path), proposal)


def choices(fix: SettingFix, stored: StoredConnection | None) -> dict[str, str]:
    """What can be chosen, as far as we know of the company: tax codes with their percentage."""
    percents = stored.company.get("tax_percent") if stored is not None else None
    if fix.path[0] != "taxes" or not isinstance(percents, Mapping):
        return {}
    return {str(code): f"{percent} %" for code, percent in percents.items()}


@click.command()
@click.argument("group_or_event")
@click.option("--to", "value", help="The value to set, for example the id of a QuickBooks tax code.")
@click.option(
    "--retry/--no-retry", "retry_it", default=None, help="Retry the group afterwards, without asking."
)
@JSON_OPTION
@click.pass_obj
def fix(
    settings: Settings, group_or_event: str, value: str | None, *, retry_it: bool | None, as_json: bool
) -> None:
    """Show what repairs a failure group, change it, and retry the group.

    Without --to, a value is asked for; where no setting helps, the way to repair it is shown.
    """
    with ledger(settings) as engine:
        with reading(engine) as database:
            group = _group(database, group_or_event)
            known = setting_fix(group.fix)
            stored = read_connection(database, known.connection_id) if known else None
        if known is None:
            _show_only(group, value, as_json=as_json)
        else:
            chosen = _choose(group, known, choices(known, stored), value, as_json=as_json)
            changed = known.change(chosen)
            change_settings(
                engine,
                known.connection_id,
                changed,
                now=datetime.now(UTC),
                by=operator_name(),
                why=f"fix of {group.group}",
            )
            if as_json:
                printed({"group": group.group, "connection": known.connection_id, "changed": changed})
            else:
                click.echo(f"Changed: {'.'.join(known.path)} = {chosen}")
    if known is None and not retry_it:
        return
    if retry_it is None and not as_json:
        retry_it = click.confirm(f"Retry the group ({group.count} failed messages)?", default=True)
    if retry_it:
        command: dict[str, str | None] = {"command": "retry_all", "group": group.group}
        row = run_command(settings, group.workflow, command, by="", wait=True, as_json=as_json)
        if row is not None and not as_json:
            click.echo(f"Retried: {row.done} failed messages.")


def _group(database: Any, group_or_event: str) -> FailureGroup:
    found = list_groups(database, group=group_or_event)
    if not found:
        of_event = find_failed(database, group_or_event)
        found = list_groups(database, group=of_event[0].group) if of_event else []
    if not found:
        raise click.ClickException(
            f"Nothing is unresolved under {group_or_event}. `counterfoil status` shows the groups."
        )
    return found[0]


def _choose(
    group: FailureGroup, known: SettingFix, offered: Mapping[str, str], value: str | None, *, as_json: bool
) -> str:
    if value is not None:
        return value
    if as_json:
        raise click.UsageError("With --json, say the value: --to VALUE.")
    click.echo(f"{group.message}\n")
    for code, meaning in offered.items():
        click.echo(f"  {code:<8} {meaning}")
    chosen: str = click.prompt(".".join(known.path), default=known.proposal or None)
    return chosen


def _show_only(group: FailureGroup, value: str | None, *, as_json: bool) -> None:
    if value is not None:
        raise click.ClickException(f"No setting repairs this group. {group.fix}")
    runbook = f"ops/runbooks/{group.reason}.md"
    if as_json:
        printed({"group": group.group, "message": group.message, "fix": group.fix, "runbook": runbook})
        return
    click.echo(f"{group.message}\n\nFix:     {group.fix or 'see the runbook'}\nRunbook: {runbook}")
