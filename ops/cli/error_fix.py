"""``counterfoil errors fix``: shows the ways out of a failure, takes one, and offers to retry the group."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy import Connection as Database
from sqlalchemy import Engine

from ops.cli.commanding import operator_name
from ops.cli.error_commands import run_command
from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.company_reader import open_company
from ops.connections import ConnectionRefusal, change_settings
from ops.fixes.case import read_case
from ops.fixes.mend import mend, read_company_anew
from ops.fixes.way import ByHand, Ignore, ReadCompany, SetTo, Way, choices, setting_fix
from ops.fixes.ways import Case, ways_of
from ops.settings import Settings
from schemas.connection import ConnectionSettings
from workers.errors import SyncError
from workers.ledger.connections import StoredConnection, read_connection
from workers.ledger.engine import reading
from workers.ledger.failure_views import FailureGroup, find_failed, list_groups


@dataclass(frozen=True, slots=True)
class Offer:
    """A group with its ways out. ``stored`` None: its connection does not exist."""

    group: FailureGroup
    stored: StoredConnection | None
    ways: Sequence[Way]


@click.command()
@click.argument("group_or_event")
@click.option("--way", "wanted", help="Which way out: its name or number. Without it, you are asked.")
@click.option("--to", "value", help="The value to set, for example the id of a QuickBooks tax code.")
@click.option("--dry-run", is_flag=True, help="Check and show what would change; change nothing.")
@click.option(
    "--retry/--no-retry", "retry_it", default=None, help="Retry the group afterwards, without asking."
)
@JSON_OPTION
@click.pass_obj
def fix(
    settings: Settings,
    group_or_event: str,
    wanted: str | None,
    value: str | None,
    *,
    dry_run: bool,
    retry_it: bool | None,
    as_json: bool,
) -> None:
    """Show the ways out of a failure group, take one, and retry the group.

    With --json and neither --way nor --to, the ways are listed and nothing is changed.
    """
    with ledger(settings) as engine:
        offer = _offer(engine, group_or_event)
        way = _chosen(offer, wanted, value, ask=not as_json and not dry_run)
        if way is None:
            _list(offer, as_json=as_json)
            return
        if not isinstance(way.act, Ignore):
            _carry_out(settings, engine, offer, way, value, dry_run=dry_run, as_json=as_json)
    if dry_run and isinstance(way.act, Ignore):
        _tell(offer, way, f"Would ignore {offer.group.count} failed messages.", as_json=as_json)
    if not dry_run:
        _finish(settings, offer.group, way, retry_it, as_json=as_json)


def _offer(engine: Engine, group_or_event: str) -> Offer:
    with reading(engine) as database:
        group = _group(database, group_or_event)
        stored = read_connection(database, group.connection_id)
        if stored is None:
            case = Case(group.reason, group.cause, group.fix, ConnectionSettings())
        else:
            case = read_case(database, group, stored)
    return Offer(group, stored, ways_of(case))


def _group(database: Database, group_or_event: str) -> FailureGroup:
    found = list_groups(database, group=group_or_event)
    if not found:
        of_event = find_failed(database, group_or_event)
        found = list_groups(database, group=of_event[0].group) if of_event else []
    if not found:
        raise click.ClickException(
            f"Nothing is unresolved under {group_or_event}. `counterfoil status` shows the groups."
        )
    return found[0]


def _chosen(offer: Offer, wanted: str | None, value: str | None, *, ask: bool) -> Way | None:
    """The way that the words name, or that a person chooses; None: show them only."""
    if wanted is not None:
        return _by_name(offer.ways, wanted)
    if value is not None:
        return _by_value(offer)
    settings_only = [way for way in offer.ways if way.changes not in ("", "ignore")]
    if not ask or not settings_only:
        return None
    click.echo(f"{offer.group.message}\n")
    if len(settings_only) == 1 and settings_only[0].name == "set":
        return settings_only[0]
    _numbered(offer.ways)
    return _by_name(offer.ways, click.prompt("\nWhich way", default="1"))


def _by_name(ways: Sequence[Way], wanted: str) -> Way:
    numbered = {str(number): way for number, way in enumerate(ways, start=1)}
    found = {**numbered, **{way.name: way for way in ways}}.get(wanted)
    if found is None:
        raise click.UsageError(
            f'There is no way "{wanted}" here; there are: {", ".join(way.name for way in ways)}.'
        )
    return found


def _by_value(offer: Offer) -> Way:
    """The setting that the failure itself names, else the first one."""
    settings = [way for way in offer.ways if isinstance(way.act, SetTo)]
    known = setting_fix(offer.group.fix)
    named = [
        way
        for way in settings
        if known is not None and isinstance(way.act, SetTo) and way.act.path == known.path
    ]
    if not settings:
        raise click.ClickException(f"No setting repairs this group. {offer.group.fix}")
    return (named or settings)[0]


def _carry_out(
    settings: Settings,
    engine: Engine,
    offer: Offer,
    way: Way,
    value: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    act, group, now = way.act, offer.group, datetime.now(UTC)
    if isinstance(act, ByHand):
        _tell(offer, way, "", as_json=as_json)
        return
    if offer.stored is None:
        raise click.ClickException(f"The connection {group.connection_id} does not exist. {group.fix}")
    if isinstance(act, SetTo):
        chosen = _value(act, offer.stored, value, ask=not as_json and not dry_run)
        changed = act.change(chosen)
        change_settings(
            engine,
            group.connection_id,
            changed,
            now=now,
            by=operator_name(),
            why=f"fix of {group.group}",
            dry_run=dry_run,
        )
        would = "Would change" if dry_run else "Changed"
        _tell(offer, way, f"{would}: {act.name} = {chosen}", as_json=as_json, changed=changed)
        return
    try:
        with open_company(settings, engine, offer.stored) as reader:
            if isinstance(act, ReadCompany):
                said = read_company_anew(engine, offer.stored, act, reader, now=now, dry_run=dry_run)
            else:
                assert not isinstance(act, Ignore), "that is a command, and changes nothing by itself"
                said = mend(engine, offer.stored, act, reader, now=now, dry_run=dry_run)
    except SyncError as error:
        raise ConnectionRefusal(f"QuickBooks cannot be asked now: {error}") from error
    _tell(offer, way, f"Would change: {said}" if dry_run else f"Changed: {said}", as_json=as_json)


def _value(act: SetTo, stored: StoredConnection, value: str | None, *, ask: bool) -> str:
    if value is not None:
        return value
    if act.value and not (act.asked and ask):
        return act.value
    if not ask:
        raise click.UsageError(f"Say the value of {act.name}: --to VALUE.")
    for code, meaning in choices(act.path, stored.company).items():
        click.echo(f"  {code:<8} {meaning}")
    chosen: str = click.prompt(act.name, default=act.value or None)
    return chosen


def _finish(
    settings: Settings, group: FailureGroup, way: Way, retry_it: bool | None, *, as_json: bool
) -> None:
    """Give the command that the way ends with."""
    if isinstance(way.act, Ignore):
        command = {"command": "ignore_all", "group": group.group, "reason": f"errors fix: {way.name}"}
        row = run_command(settings, group.workflow, command, by="", wait=True, as_json=as_json)
        done = "Ignored"
    else:
        if retry_it is None and not as_json:
            retry_it = click.confirm(f"Retry the group ({group.count} failed messages)?", default=True)
        if not retry_it:
            return
        command = {"command": "retry_all", "group": group.group}
        row = run_command(settings, group.workflow, command, by="", wait=True, as_json=as_json)
        done = "Retried"
    if row is not None and not as_json:
        click.echo(f"{done}: {row.done} failed messages.")


def _tell(offer: Offer, way: Way, said: str, *, as_json: bool, changed: dict[str, Any] | None = None) -> None:
    if as_json:
        facts: dict[str, Any] = {
            "group": offer.group.group,
            "connection": offer.group.connection_id,
            "way": way.name,
        }
        if changed is not None:
            facts["changed"] = changed
        printed(facts | ({"said": said} if said else {}))
    elif said:
        click.echo(said)


def _list(offer: Offer, *, as_json: bool) -> None:
    group = offer.group
    runbook = f"ops/runbooks/{group.reason}.md"
    if as_json:
        facts = {"group": group.group, "message": group.message, "fix": group.fix, "runbook": runbook}
        printed(facts | {"ways": [_facts(way) for way in offer.ways]})
        return
    click.echo(f"{group.message}\n\nFix:     {group.fix or 'see the runbook'}\nRunbook: {runbook}\n")
    _numbered(offer.ways)
    click.echo(f"\nTo take one: counterfoil errors fix {group.group} --way NAME")


def _facts(way: Way) -> dict[str, str]:
    facts = {"name": way.name, "text": way.text, "changes": way.changes}
    if isinstance(way.act, SetTo):
        facts |= {"setting": way.act.name, "value": way.act.value}
    return facts


def _numbered(ways: Sequence[Way]) -> None:
    width = max(len(way.name) for way in ways)
    for number, way in enumerate(ways, start=1):
        click.echo(f"  {number}  {way.name:<{width}}  {way.text}")
