"""``counterfoil errors edit`` and ``errors cancel``: another payload for one message; stop a command that runs."""

import os
from pathlib import Path

import click
import orjson

from events.broker.topology import WORKFLOWS
from ops.cli.commanding import Given, give, wait_for_desk
from ops.cli.error_commands import BY, WAIT, WHY, answered, run_command
from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.settings import Settings
from workers.ledger.commands import find_command
from workers.ledger.engine import reading
from workers.ledger.failure_views import find_failed


@click.command()
@click.argument("event_id")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="The whole event, edited; without it, $EDITOR opens.",
)
@WHY
@BY
@WAIT
@JSON_OPTION
@click.pass_obj
def edit(
    settings: Settings, event_id: str, file: Path | None, reason: str, by: str, *, wait: bool, as_json: bool
) -> None:
    """Replay one failed message with another payload; the original is kept.

    Only "data" may change. The desk must allow it: COUNTERFOIL_ALLOW_EDIT.
    """
    with ledger(settings) as engine, reading(engine) as database:
        found = find_failed(database, event_id)
    if not found:
        raise click.ClickException(
            f"There is no failed message {event_id}. `counterfoil errors list` shows all."
        )
    event = _event(_written(file) if file is not None else _in_editor(found[0].body))
    command = {"command": "edit", "event_id": event_id, "event": event, "reason": reason}
    row = run_command(settings, found[0].workflow, command, by=by, wait=wait, as_json=as_json)
    if row is not None and not as_json:
        click.echo(f"Retried as edited: {row.done} failed message{'s' if row.done != 1 else ''}.")


@click.command()
@click.argument("command_id")
@BY
@JSON_OPTION
@click.pass_obj
def cancel(settings: Settings, command_id: str, by: str, *, as_json: bool) -> None:
    """Stop a command that is running: what is done stays done, the rest stays unresolved."""
    with ledger(settings) as engine:
        with reading(engine) as database:
            rows = [find_command(database, workflow, command_id) for workflow in WORKFLOWS]
        running = next((row for row in rows if row is not None), None)
        if running is None:
            raise click.ClickException(f"There is no command {command_id}. commands.log names them.")
        give(settings, running.workflow, {"command": "cancel"}, by=by, command_id=command_id)
        row = wait_for_desk(engine, Given(running.workflow, command_id))
    if as_json:
        printed(answered(row))
    if row.status != "cancelled":
        raise click.ClickException(f"Command {command_id} is {row.status}: {row.done} of {row.matched}.")
    if not as_json:
        click.echo(row.why)


def _written(file: Path) -> str:
    with click.open_file(str(file), encoding="utf-8") as opened:
        return str(opened.read())


def _in_editor(body: bytes) -> str:
    try:
        text = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "replace")
    edited = click.edit(text, extension=".json", editor=os.environ.get("EDITOR"))
    if edited is None:
        raise click.ClickException("Nothing was saved, so nothing is changed.")
    return edited


def _event(text: str) -> dict[str, object]:
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise click.ClickException(f"The edited event is not JSON: {error}.") from error
    if not isinstance(event, dict):
        raise click.ClickException(
            "The edited event must be a JSON object: the whole event, as it was shown."
        )
    return event
