"""``counterfoil errors retry|retry-all|ignore|ignore-all|restore``: an operator's messages, published for you."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from sqlalchemy import Connection

from events.broker.topology import WORKFLOWS
from ops.cli.commanding import give, wait_with_bar
from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.settings import Settings
from schemas.envelope import Workflow
from workers.ledger.commands import CommandRow
from workers.ledger.engine import reading
from workers.ledger.failure_views import count_matching, find_failed, group_workflow

F = TypeVar("F", bound=Callable[..., Any])

BY = click.option("--by", default="", help="Who gives the command; the system's user when left out.")
WAIT = click.option("--wait/--no-wait", default=True, show_default=True, help="Wait for the desk's answer.")
YES = click.option("--yes", is_flag=True, help="Do not ask.")
WHY = click.option("--reason", default="", help="Why; kept with the failed message.")
DONE = {
    "retry": "Retried",
    "retry_all": "Retried",
    "ignore": "Ignored",
    "ignore_all": "Ignored",
    "restore": "Restored",
    "edit": "Retried",
}


@click.command()
@click.argument("event_id")
@BY
@WAIT
@JSON_OPTION
@click.pass_obj
def retry(settings: Settings, event_id: str, by: str, *, wait: bool, as_json: bool) -> None:
    """Replay one failed message."""
    _one(settings, {"command": "retry", "event_id": event_id}, by=by, wait=wait, as_json=as_json)


@click.command()
@click.argument("event_id")
@WHY
@BY
@WAIT
@JSON_OPTION
@click.pass_obj
def ignore(settings: Settings, event_id: str, reason: str, by: str, *, wait: bool, as_json: bool) -> None:
    """Drop one failed message; its store object is synced no more until it is restored."""
    command: dict[str, str | None] = {"command": "ignore", "event_id": event_id, "reason": reason}
    _one(settings, command, by=by, wait=wait, as_json=as_json)


@click.command()
@click.argument("event_id")
@WHY
@BY
@WAIT
@JSON_OPTION
@click.pass_obj
def restore(settings: Settings, event_id: str, reason: str, by: str, *, wait: bool, as_json: bool) -> None:
    """Undo an ignore: the event is replayed and its store object is synced again."""
    command: dict[str, str | None] = {"command": "restore", "event_id": event_id, "reason": reason}
    _one(settings, command, by=by, wait=wait, as_json=as_json)


@click.command("retry-all")
@click.argument("group_or_workflow")
@click.option("--connection", "connection_id", help="Only this connection's.")
@YES
@BY
@WAIT
@JSON_OPTION
@click.pass_obj
def retry_all(
    settings: Settings,
    group_or_workflow: str,
    connection_id: str | None,
    by: str,
    *,
    yes: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Replay a failure group, or all that failed in a workflow (orders, inventory, contacts)."""
    command = {"command": "retry_all", "connection": connection_id}
    _many(settings, "Retry", command, group_or_workflow, by=by, yes=yes, wait=wait, as_json=as_json)


@click.command("ignore-all")
@click.argument("group_or_workflow")
@click.option("--connection", "connection_id", help="Only this connection's.")
@WHY
@YES
@BY
@WAIT
@JSON_OPTION
@click.pass_obj
def ignore_all(
    settings: Settings,
    group_or_workflow: str,
    connection_id: str | None,
    reason: str,
    by: str,
    *,
    yes: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Drop a failure group, or all that failed in a workflow (orders, inventory, contacts)."""
    command = {"command": "ignore_all", "connection": connection_id, "reason": reason}
    _many(settings, "Ignore", command, group_or_workflow, by=by, yes=yes, wait=wait, as_json=as_json)


def run_command(
    settings: Settings,
    workflow: Workflow,
    command: Mapping[str, object],
    *,
    by: str,
    wait: bool,
    as_json: bool,
) -> CommandRow | None:
    """Publish a command and wait for its answer; None when it is not waited for.

    Raises:
        click.ClickException: refused, with the desk's sentence.
    """
    given = give(settings, workflow, command, by=by)
    if not wait:
        if as_json:
            printed(
                {
                    "workflow": workflow,
                    "command": command["command"],
                    "id": given.command_id,
                    "result": "published",
                }
            )
        else:
            click.echo(f"Published. The answer will be in commands.log, id {given.command_id}.")
        return None
    with ledger(settings) as engine:
        row = wait_with_bar(engine, given, DONE[str(command["command"])], quiet=as_json)
    if as_json:
        printed(answered(row))
    if row.status == "refused":
        raise click.ClickException(row.why)
    return row


def which_workflow(database: Connection, group_or_workflow: str) -> tuple[Workflow, str | None]:
    """The workflow, and the group if it is one.

    Raises:
        click.ClickException: neither a workflow nor a group.
    """
    for workflow in WORKFLOWS:
        if group_or_workflow == workflow:
            return workflow, None
    of_group = group_workflow(database, group_or_workflow)
    if of_group is None:
        raise click.ClickException(
            f"{group_or_workflow} is neither a failure group nor a workflow. `counterfoil status` shows the groups."
        )
    return of_group, group_or_workflow


def _one(settings: Settings, command: dict[str, str | None], *, by: str, wait: bool, as_json: bool) -> None:
    event_id = str(command["event_id"])
    with ledger(settings) as engine, reading(engine) as database:
        found = find_failed(database, event_id)
    if not found:
        raise click.ClickException(
            f"There is no failed message {event_id}. `counterfoil errors list` shows all."
        )
    row = run_command(settings, found[0].workflow, command, by=by, wait=wait, as_json=as_json)
    if row is not None and not as_json:
        click.echo(_sentence(row))


def _many(
    settings: Settings,
    verb: str,
    command: dict[str, str | None],
    group_or_workflow: str,
    *,
    by: str,
    yes: bool,
    wait: bool,
    as_json: bool,
) -> None:
    with ledger(settings) as engine, reading(engine) as database:
        workflow, group = which_workflow(database, group_or_workflow)
        count = count_matching(database, workflow, group=group, connection_id=command["connection"])
    if not yes and count:
        click.confirm(f"{verb} {count} failed messages of {workflow}?", abort=True, err=as_json)
    row = run_command(settings, workflow, {**command, "group": group}, by=by, wait=wait, as_json=as_json)
    if row is not None and not as_json:
        click.echo(_sentence(row))


def _sentence(row: CommandRow) -> str:
    if row.matched == 0 or row.status == "cancelled":
        return row.why
    told = f"{DONE[row.command]}: {row.done} failed message{'s' if row.done != 1 else ''}."
    return f"{told} {row.why}".strip()


def answered(row: CommandRow) -> dict[str, object]:
    """A command's row in the words of commands.log."""
    return {
        "workflow": row.workflow,
        "command": row.command,
        **row.arguments,
        "id": row.command_id,
        "by": row.by,
        "result": "accepted" if row.status == "done" else row.status,
        "why": row.why,
        "matched": row.matched,
        "done": row.done,
    }
