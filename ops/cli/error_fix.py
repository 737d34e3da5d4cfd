"""``counterfoil errors fix``: shows the ways out of a failure, takes one, and offers to retry the group."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy import Engine

from ops.cli.commanding import operator_name
from ops.cli.error_commands import DONE, answered, run_command
from ops.cli.fix_offers import Offer, find_offer, list_ways, number_ways
from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.company_reader import open_company
from ops.connections import ConnectionRefusal, change_settings
from ops.fixes.mend import mend, read_company_anew
from ops.fixes.way import ByHand, Ignore, ReadCompany, SetTo, Way, choices, setting_fix
from ops.settings import Settings
from workers.errors import SyncError
from workers.ledger.commands import CommandRow
from workers.ledger.connections import StoredConnection
from workers.ledger.failure_views import FailureGroup


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
        offer = find_offer(engine, group_or_event)
        way = _chosen(offer, wanted, value, ask=not as_json and not dry_run)
        if way is None and retry_it:
            way = _by_name(offer.ways, "retry")
        if way is None:
            list_ways(offer, as_json=as_json)
            return
        ask = not as_json and not dry_run
        said, changed = _carry_out(settings, engine, offer, way, value, ask=ask, dry_run=dry_run)
    if said and not as_json:
        click.echo(said)
    row = None if dry_run else _finish(settings, offer.group, way, retry_it, ask=ask)
    if as_json:
        printed(_told(offer, way, said, changed, row))
    elif row is not None:
        click.echo(f"{DONE[row.command]}: {row.done} failed messages.")


def _told(
    offer: Offer, way: Way, said: str, changed: dict[str, Any] | None, row: CommandRow | None
) -> dict[str, Any]:
    """What was done, as one JSON object."""
    told: dict[str, Any] = {
        "group": offer.group.group,
        "connection": offer.group.connection_id,
        "way": way.name,
        "said": said,
    }
    if changed is not None:
        told["changed"] = changed
    if row is not None:
        told["command"] = answered(row)
    return told


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
    number_ways(offer.ways)
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
    ask: bool,
    dry_run: bool,
) -> tuple[str, dict[str, Any] | None]:
    """Change what the way changes; the sentence, and a setting's change."""
    act, group, now = way.act, offer.group, datetime.now(UTC)
    if isinstance(act, Ignore):
        return (f"Would ignore {group.count} failed messages." if dry_run else ""), None
    if isinstance(act, ByHand):
        return "", None
    if offer.stored is None:
        raise click.ClickException(f"The connection {group.connection_id} does not exist. {group.fix}")
    would = "Would change" if dry_run else "Changed"
    if isinstance(act, SetTo):
        chosen = _value(act, offer.stored, value, ask=ask)
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
        return f"{would}: {act.name} = {chosen}", changed
    try:
        with open_company(settings, engine, offer.stored) as reader:
            if isinstance(act, ReadCompany):
                said = read_company_anew(engine, offer.stored, act, reader, now=now, dry_run=dry_run)
            else:
                said = mend(engine, offer.stored, act, reader, now=now, dry_run=dry_run)
    except SyncError as error:
        raise ConnectionRefusal(f"QuickBooks cannot be asked now: {error}") from error
    return f"{would}: {said}", None


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
    settings: Settings, group: FailureGroup, way: Way, retry_it: bool | None, *, ask: bool
) -> CommandRow | None:
    """Give the command that the way ends with; None when the group is not to be retried yet."""
    command: dict[str, str | None] = {"group": group.group}
    if isinstance(way.act, Ignore):
        command |= {"command": "ignore_all", "reason": f"errors fix: {way.name}"}
    else:
        if retry_it is None and ask:
            retry_it = click.confirm(f"Retry the group ({group.count} failed messages)?", default=True)
        if not retry_it:
            return None
        command |= {"command": "retry_all"}
    return run_command(settings, group.workflow, command, by="", wait=True, as_json=False)
