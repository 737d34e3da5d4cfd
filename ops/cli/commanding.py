"""Giving commands from the command line: published as an operator publishes them, answered by the desk."""

import getpass
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine

from events import names
from events.broker.publisher import Publisher
from events.broker.topology import WORKFLOWS
from events.outgoing import Outgoing, Unroutable
from ops.settings import Settings
from schemas.envelope import Workflow
from workers.ledger.commands import CommandRow, find_command
from workers.ledger.engine import reading

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
"""A desk answers within milliseconds; so long may one take that is just being started."""

POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Given:
    """A command that the broker has."""

    workflow: Workflow
    command_id: str


def give(
    settings: Settings,
    workflow: Workflow,
    command: Mapping[str, object],
    *,
    by: str = "",
    command_id: str = "",
) -> Given:
    """Publish one command; keys without a value are left out. It gets an id unless it is given one.

    Raises:
        click.ClickException: the topology is not declared.
        NotConfirmed: the broker is away.
    """
    command_id = command_id or uuid.uuid4().hex
    body = {name: value for name, value in command.items() if value} | {
        "id": command_id,
        "by": by or operator_name(),
    }
    publisher = Publisher(settings.broker_url, connection_name="counterfoil command line")
    publisher.start()
    try:
        publisher.wait_connected(CONNECT_SECONDS)
        publisher.publish(Outgoing(names.COMMANDS, workflow, orjson.dumps(body), command_id)).result()
    except Unroutable as error:
        raise click.ClickException("The queues are not declared. Run `counterfoil setup`.") from error
    finally:
        publisher.close(CONNECT_SECONDS)
    return Given(workflow, command_id)


def operator_name() -> str:
    """Who sits at this machine, as the system says."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command line"


def wait_for_desk(
    ledger: Engine, given: Given, *, progress: Callable[[CommandRow], None] = lambda _row: None
) -> CommandRow:
    """Wait until the desk has carried the command out; a long one as long as it goes on.

    Raises:
        click.ClickException: no desk has taken the command.
    """
    last_change, seen = time.monotonic(), (-1, 0)
    while True:
        with reading(ledger) as connection:
            row = find_command(connection, given.workflow, given.command_id)
        if row is not None:
            progress(row)
            if row.status != "running":
                return row
            if (row.matched, row.done) != seen:
                last_change, seen = time.monotonic(), (row.matched, row.done)
        if time.monotonic() - last_change > ANSWER_SECONDS:
            begun = "goes no further" if row is not None else "has not answered"
            raise click.ClickException(
                f"The desk {begun}. The command waits in {names.commands(given.workflow)}: is `counterfoil desk` "
                "running?"
            )
        time.sleep(POLL_SECONDS)


def wait_with_bar(ledger: Engine, given: Given, title: str, *, quiet: bool) -> CommandRow:
    """Wait for the desk; on a terminal with a progress bar while a group runs."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        return wait_for_desk(ledger, given)
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)
        return wait_for_desk(
            ledger,
            given,
            progress=lambda row: bar.update(task, total=row.matched or None, completed=row.done),
        )


def release_held(settings: Settings, connection_id: str) -> None:
    """Let all workflows give a connection's held events back; the desk does it when it is there."""
    for workflow in WORKFLOWS:
        give(settings, workflow, {"command": "release", "connection": connection_id})
