"""``counterfoil contacts show|erase``: what is kept of one contact of a store, and erasing it (rule A67)."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click
import pika.exceptions

from events.broker.publisher import Publisher
from events.broker.topology import WORKFLOWS
from ops.cli.showing import JSON_OPTION, printed
from ops.cli.showing import ledger as open_database
from ops.connections import require
from ops.desk.queue_pass import QueueBusy
from ops.desk.sweep import Sweeper
from ops.erasure.erase import Eraser, Found
from ops.erasure.person import Person
from ops.settings import Settings
from workers.ledger.engine import reading

CONNECT_SECONDS = 5.0
BUSY_SECONDS = 10.0
"""So long a desk's own pass over an error queue may keep ours waiting; it takes the old copies out as well."""

CONNECTION = click.argument("connection_id", metavar="CONNECTION")
EMAIL = click.argument("email", default="")
ID = click.option("--id", "contact_id", default="", help="The contact's id in the store.")
EVERYBODY = click.option("--everybody", is_flag=True, help="All contacts of the connection.")


@click.group()
def contacts() -> None:
    """Show what is kept of a store's contact, and erase it."""


@contacts.command("show")
@CONNECTION
@EMAIL
@ID
@JSON_OPTION
@click.pass_obj
def show(settings: Settings, connection_id: str, email: str, contact_id: str, *, as_json: bool) -> None:
    """Show where the ledger holds personal data of one contact, named by EMAIL or --id. Changes nothing."""
    person = _person(email, contact_id, everybody=False)
    with _eraser(settings, connection_id) as (eraser, _sweep):
        found = eraser.find(connection_id, person)
    if as_json:
        printed(_facts(connection_id, found))
    else:
        _tell(found)


@contacts.command("erase")
@CONNECTION
@EMAIL
@ID
@EVERYBODY
@click.option("--dry-run", is_flag=True, help="Only show what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@JSON_OPTION
@click.pass_obj
def erase(
    settings: Settings,
    connection_id: str,
    email: str,
    contact_id: str,
    *,
    everybody: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase one contact, named by EMAIL or --id, from the ledger and the error queues; QuickBooks keeps its books.

    Shows first what would go. An order that waits in an error queue stays there, of nobody. Killed in between, run it
    again. Events that are still in a queue come later and are not seen: erase again when they are through.
    """
    person = _person(email, contact_id, everybody=everybody)
    with _eraser(settings, connection_id) as (eraser, sweep):
        found = eraser.find(connection_id, person)
        if not as_json:
            _tell(found)
        erases = found.anything and not dry_run
        if erases:
            if not yes:
                click.confirm("Erase all of this?", abort=True, err=as_json)
            found = eraser.erase(connection_id, person)
            if found.failed_messages:
                sweep()
    if as_json:
        printed(_facts(connection_id, found) | {"erased": erases})
    elif erases:
        click.echo("Erased.")


def _person(email: str, contact_id: str, *, everybody: bool) -> Person:
    if everybody == bool(email or contact_id):
        raise click.UsageError("Name one contact, by EMAIL or --id.")
    if email and "@" not in email:
        raise click.UsageError(f'"{email}" is no e-mail address. An id of the store goes behind --id.')
    return Person(everybody=True) if everybody else Person.of(contact_id=contact_id, email=email)


@contextmanager
def _eraser(settings: Settings, connection_id: str) -> Iterator[tuple[Eraser, Callable[[], None]]]:
    with open_database(settings) as engine:
        with reading(engine) as database:
            require(database, connection_id)
        publisher = Publisher(settings.broker_url, connection_name="counterfoil contacts")
        publisher.start()
        try:
            publisher.wait_connected(CONNECT_SECONDS)
            eraser = Eraser(engine, publisher, _now, lambda: uuid.uuid4().hex)
            sweeper = Sweeper(settings.broker_url, engine, publisher, _now)
            yield eraser, lambda: _sweep(sweeper)
        finally:
            publisher.close(CONNECT_SECONDS)


def _sweep(sweeper: Sweeper) -> None:
    until = time.monotonic() + BUSY_SECONDS
    for workflow in WORKFLOWS:
        while True:
            try:
                sweeper.sweep(workflow)
            except QueueBusy:
                if time.monotonic() < until:
                    time.sleep(BUSY_SECONDS / 40)
                    continue
                click.echo(
                    f"Somebody looks at {workflow}.errors; the desk takes the old copies out.", err=True
                )
            except pika.exceptions.AMQPError as error:
                raise click.ClickException(
                    f"Erased, but RabbitMQ went away ({error}): old copies lie in the error queues until a desk runs."
                ) from error
            break


def _tell(found: Found) -> None:
    lines = [
        (len(found.failed_messages), "failed messages"),
        (found.edits, "edited messages"),
        (found.mappings, "e-mail addresses and fields of the customer in sync mappings"),
        (found.settings, "e-mail addresses in the setting buyers"),
    ]
    for count, what in lines:
        if count:
            click.echo(f"{count:>5} {what}")
    for event_id in found.failed_messages:
        click.echo(f"      {event_id}")
    if not found.anything:
        click.echo("The ledger holds no personal data of this contact.")
    if found.on_the_way:
        click.echo(
            f"{found.on_the_way} messages or writes of theirs are on their way. Erase again in some minutes."
        )


def _facts(connection_id: str, found: Found) -> dict[str, object]:
    return {
        "connection": connection_id,
        "failed_messages": list(found.failed_messages),
        "edited_messages": found.edits,
        "mappings": found.mappings,
        "settings": found.settings,
        "on_the_way": found.on_the_way,
    }


def _now() -> datetime:
    return datetime.now(UTC)
