"""The ways out of a failure group, found and shown."""

from collections.abc import Sequence
from dataclasses import dataclass

import click
from sqlalchemy import Connection as Database
from sqlalchemy import Engine

from ops.cli.showing import printed
from ops.fixes.case import read_case
from ops.fixes.way import SetTo, Way
from ops.fixes.ways import Case, ways_of
from schemas.connection import ConnectionSettings
from workers.ledger.connections import StoredConnection, read_connection
from workers.ledger.engine import reading
from workers.ledger.failure_views import FailureGroup, find_failed, list_groups


@dataclass(frozen=True, slots=True)
class Offer:
    """A group with its ways out. ``stored`` None: its connection does not exist."""

    group: FailureGroup
    stored: StoredConnection | None
    ways: Sequence[Way]


def find_offer(engine: Engine, group_or_event: str) -> Offer:
    """The offer for a group, or for the group of an event.

    Raises:
        click.ClickException: nothing is unresolved under that name.
    """
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


def list_ways(offer: Offer, *, as_json: bool) -> None:
    """Show the ways without taking one."""
    group = offer.group
    runbook = f"ops/runbooks/{group.reason}.md"
    if as_json:
        facts = {"group": group.group, "message": group.message, "fix": group.fix, "runbook": runbook}
        printed(facts | {"ways": [_facts(way) for way in offer.ways]})
        return
    click.echo(f"{group.message}\n\nFix:     {group.fix or 'see the runbook'}\nRunbook: {runbook}\n")
    number_ways(offer.ways)
    click.echo(f"\nTo take one: counterfoil errors fix {group.group} --way NAME")


def _facts(way: Way) -> dict[str, str]:
    facts = {"name": way.name, "text": way.text, "changes": way.changes}
    if isinstance(way.act, SetTo):
        facts |= {"setting": way.act.name, "value": way.act.value}
    return facts


def number_ways(ways: Sequence[Way]) -> None:
    """Print them as a list to choose from."""
    width = max(len(way.name) for way in ways)
    for number, way in enumerate(ways, start=1):
        click.echo(f"  {number}  {way.name:<{width}}  {way.text}")
