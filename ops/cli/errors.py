"""``counterfoil errors …``: see failed messages, and give the commands about them."""

from datetime import datetime

import click
import orjson
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from events.broker.topology import WORKFLOWS
from ops.cli.error_commands import ignore, ignore_all, restore, retry, retry_all
from ops.cli.error_edit import cancel, edit
from ops.cli.error_fix import fix
from ops.cli.error_history import history
from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.settings import Settings
from schemas.failure import FailureStatus
from workers.ledger.engine import reading
from workers.ledger.failure_views import FailedMessage, find_failed, list_failed

STATUSES = ("unresolved", "retry_issued", "resolved", "ignored")


@click.group()
def errors() -> None:
    """List, show, fix, retry and ignore failed messages."""


for command in (retry, retry_all, ignore, ignore_all, restore, fix, edit, cancel):
    errors.add_command(command)


@errors.command("list")
@click.option("--workflow", type=click.Choice(WORKFLOWS))
@click.option("--connection", "connection_id", help="Only this connection's.")
@click.option("--group", help="Only this failure group's.")
@click.option("--status", type=click.Choice(STATUSES), default="unresolved", show_default=True)
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@JSON_OPTION
@click.pass_obj
def list_(
    settings: Settings,
    workflow: str | None,
    connection_id: str | None,
    group: str | None,
    status: FailureStatus,
    limit: int,
    *,
    as_json: bool,
) -> None:
    """List failed messages in the order in which they arrived."""
    with ledger(settings) as engine, reading(engine) as database:
        found = list_failed(
            database,
            workflow=workflow,
            connection_id=connection_id,
            group=group,
            status=status,
            limit=limit + 1,
        )
    more, found = len(found) > limit, found[:limit]
    if as_json:
        printed([facts(one) for one in found])
        return
    if not found:
        click.echo("There are none.")
        return
    table = Table("Event", "Group", "Workflow", "Connection", "Failed", "Times", "What is wrong")
    for one in found:
        table.add_row(
            one.event_id,
            one.group,
            one.workflow,
            one.connection_id,
            moment(one.failed_at),
            str(one.failures),
            one.message,
        )
    Console().print(table)
    if more:
        click.echo(f"There are more than these {limit}: --limit shows more, `counterfoil status` the groups.")


EMPTIED = "Its payload was emptied, as COUNTERFOIL_PAYLOAD_DAYS says."


@errors.command("show")
@click.argument("event_id")
@JSON_OPTION
@click.pass_obj
def show(settings: Settings, event_id: str, *, as_json: bool) -> None:
    """Show one failed message in full: what is wrong, how to fix it, what was done about it, and the event itself."""
    with ledger(settings) as engine, reading(engine) as database:
        found = failed_message(database, event_id)
        done = history(database, found)
    if as_json:
        told = {"history": [one.facts() for one in done], "body": _body(found.body)}
        printed(facts(found) | told)
        return
    for name, value in facts(found).items():
        if value != "":
            click.echo(f"{name:<16} {value}")
    for place, line in enumerate(line for one in done for line in one.lines()):
        click.echo(f"{'history' if place == 0 else '':<16} {line}")
    click.echo("\n" + (_pretty(found.body) if found.body else EMPTIED))


def failed_message(database: Connection, event_id: str) -> FailedMessage:
    """The failed message of an event.

    Raises:
        click.ClickException: there is none.
    """
    found = find_failed(database, event_id)
    if not found:
        raise click.ClickException(
            f"There is no failed message {event_id}. `counterfoil errors list` shows all."
        )
    return found[0]


def facts(one: FailedMessage) -> dict[str, str | int]:
    """A failed message in the contract's words."""
    return {
        "event_id": one.event_id,
        "workflow": one.workflow,
        "connection": one.connection_id,
        "subject": one.subject,
        "status": one.status,
        "group": one.group,
        "reason": one.reason,
        "message": one.message,
        "fix": one.fix,
        "fault_code": one.fault_code,
        "runbook": f"ops/runbooks/{one.reason}.md",
        "attempts": one.attempts,
        "failures": one.failures,
        "first_failed_at": one.first_failed_at.isoformat(),
        "failed_at": one.failed_at.isoformat(),
        "changed_at": one.changed_at.isoformat(),
        "changed_by": one.changed_by,
        "ignore_reason": one.ignore_reason,
    }


def moment(at: datetime) -> str:
    """A time as a person reads it."""
    return f"{at:%Y-%m-%d %H:%M}"


def _body(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")


def _pretty(body: bytes) -> str:
    parsed = _body(body)
    return parsed if isinstance(parsed, str) else orjson.dumps(parsed, option=orjson.OPT_INDENT_2).decode()
