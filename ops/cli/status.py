"""``counterfoil status``: the banner, the blocks (connection and workflow) and their groups, and what to do next."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

import click
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.settings import Settings
from workers.ledger.connections import StoredConnection, read_connections
from workers.ledger.engine import reading
from workers.ledger.failure_views import FailureGroup, list_groups

WATCH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Banner:
    """One connection: all is well, or ``warning`` says in a few words what is not."""

    connection_id: str
    status: str
    warning: str
    groups: tuple[FailureGroup, ...]


def banners(stored: Sequence[StoredConnection], groups: Sequence[FailureGroup]) -> list[Banner]:
    """One banner for each connection, and one for what failed without a known connection."""
    connections = {one.connection.connection_id: one.connection for one in stored}
    found: list[Banner] = []
    for name in sorted({*connections, *(group.connection_id for group in groups)}):
        mine = tuple(group for group in groups if group.connection_id == name)
        count = sum(group.count for group in mine)
        known = connections.get(name)
        status = known.status if known else "unknown"
        warnings = [f"paused: {known.pause_reason}"] if known and known.status == "paused" else []
        if count:
            warnings.append(
                f"{count} failed message{'s' if count != 1 else ''} need{'s' if count == 1 else ''} you"
            )
        found.append(Banner(name, status, ", ".join(warnings), mine))
    return found


def next_action(group: FailureGroup) -> str:
    """The command to type next."""
    if group.fix.startswith("counterfoil connections set "):
        return f"counterfoil errors fix {group.group}"
    return group.fix or f"counterfoil errors retry-all {group.group}"


@click.command()
@click.option("--watch", is_flag=True, help="Show it anew every two seconds, until Ctrl-C.")
@JSON_OPTION
@click.pass_obj
def status(settings: Settings, *, watch: bool, as_json: bool) -> None:
    """Show a tick for each connection, or a warning with what failed, why, and what to do."""
    with ledger(settings) as engine:

        def look() -> list[Banner]:
            with reading(engine) as database:
                return banners(read_connections(database), list_groups(database))

        if as_json:
            printed(_facts(look()))
            return
        console = Console(highlight=False)
        if not watch:
            console.print(_screen(look()))
            return
        with Live(_screen(look()), console=console, auto_refresh=False) as live:
            try:
                while True:
                    time.sleep(WATCH_SECONDS)
                    live.update(_screen(look()), refresh=True)
            except KeyboardInterrupt:
                return


def _screen(found: Sequence[Banner]) -> Group:
    lines: list[Text] = []
    if not found:
        lines.append(Text("No connections yet. Next: counterfoil connections add"))
    for banner in found:
        name = banner.connection_id or "(no connection)"
        if banner.warning:
            lines.append(Text(f"⚠ {name}: {banner.warning}", style="bold yellow"))
        else:
            word = "all is well" if banner.status == "active" else banner.status
            lines.append(Text(f"✓ {name}: {word}", style="green"))
        for workflow, groups in groupby(banner.groups, key=lambda group: group.workflow):
            lines.append(Text(f"  {workflow}", style="bold"))
            for group in groups:
                lines += _block(group)
    return Group(*lines)


def _block(group: FailureGroup) -> list[Text]:
    again = f", {group.failed_again} failed again after a retry" if group.failed_again else ""
    seen = f"{group.first_seen:%Y-%m-%d %H:%M} to {group.last_seen:%Y-%m-%d %H:%M} UTC"
    return [
        Text(f"    {group.count} × {group.reason}  [{group.group}]  {seen}{again}"),
        Text(f"      {group.message}"),
        Text(f"      Fix:  {group.fix}"),
        Text(f"      Next: {next_action(group)}", style="cyan"),
    ]


def _facts(found: Sequence[Banner]) -> dict[str, object]:
    return {
        "ok": not any(banner.warning for banner in found),
        "unresolved": sum(group.count for banner in found for group in banner.groups),
        "at": datetime.now(UTC).isoformat(),
        "connections": [
            {
                "connection": banner.connection_id,
                "status": banner.status,
                "ok": not banner.warning,
                "warning": banner.warning,
                "blocks": [
                    {"workflow": workflow, "groups": [_group_facts(group) for group in groups]}
                    for workflow, groups in groupby(banner.groups, key=lambda group: group.workflow)
                ],
            }
            for banner in found
        ],
    }


def _group_facts(group: FailureGroup) -> dict[str, object]:
    return {
        "group": group.group,
        "reason": group.reason,
        "cause": group.cause,
        "count": group.count,
        "failed_again": group.failed_again,
        "first_seen": group.first_seen.isoformat(),
        "last_seen": group.last_seen.isoformat(),
        "message": group.message,
        "fix": group.fix,
        "next": next_action(group),
    }
