"""``counterfoil contacts show|erase``: what is kept of one contact of a store, and erasing it (rule A67)."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Engine

from ops.cli.copies import new_id, now, publishing, sweep_copies
from ops.cli.showing import JSON_OPTION, printed
from ops.cli.showing import ledger as open_database
from ops.connections import require
from ops.erasure.erase import Eraser
from ops.erasure.find import Finder, Found
from ops.erasure.person import Person
from ops.settings import Settings
from workers.ledger.engine import reading

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
    with _known(settings, connection_id) as engine:
        found = Finder(engine).find(connection_id, person)
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
    with _known(settings, connection_id) as engine:
        found = Finder(engine).find(connection_id, person)
        if not as_json:
            _tell(found)
        erases = found.anything and not dry_run
        if erases:
            if not yes:
                click.confirm("Erase all of this?", abort=True, err=as_json)
            with publishing(settings) as publisher:
                found = Eraser(engine, publisher, now, new_id).erase(connection_id, person)
                if found.failed_messages and (left := sweep_copies(settings, engine, publisher)):
                    click.echo(left, err=True)
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
def _known(settings: Settings, connection_id: str) -> Iterator[Engine]:
    with open_database(settings) as engine:
        with reading(engine) as database:
            require(database, connection_id)
        yield engine


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
