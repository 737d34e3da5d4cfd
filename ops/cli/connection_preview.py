"""``counterfoil connections preview``: which documents events would book, and which would fail and why."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click
from pika.exceptions import AMQPError
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.company_reader import company_of, open_company, read_open
from ops.preview.outcome import PlannedWrite, Previewed, counts
from ops.preview.outcome import as_csv as csv_of
from ops.preview.outcome import as_json as json_of
from ops.preview.player import Player
from ops.preview.pretended import Pretended
from ops.preview.sources import Read, SourceRefused, from_file, from_ledger, held_back, together
from ops.settings import Settings
from schemas.connection import Connection

WORDS = {
    "books": "would be booked",
    "nothing": "nothing to do: booked already",
    "skipped": "would be skipped",
    "superseded": "older than what is booked",
    "waits": "would wait",
    "fails": "would fail",
}


@click.command("preview")
@click.argument("connection_id")
@click.option(
    "--last", type=click.IntRange(1, 10_000), default=30, show_default=True, help="How many events."
)
@click.option(
    "--file",
    type=click.File(encoding="utf-8"),
    help='Events or store bodies as JSON, one a line or an array ("-": standard input).',
)
@click.option("--topic", default="", help="What a file's store bodies are: order.updated, orders/updated.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, one row for each document.")
@JSON_OPTION
@click.pass_obj
def preview(
    settings: Settings,
    connection_id: str,
    last: int,
    file: Any,
    topic: str,
    *,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Show what the last events of a connection would book now, without booking it.

    The events are those that failed once and those that are held back while the connection is paused, or those of
    a file. QuickBooks and the ledger are only read; each read counts in the month's quota.
    """
    if as_csv and as_json:
        raise click.UsageError("--csv and --json do not go together.")
    with ledger(settings) as engine:
        stored = read_open(engine, connection_id)
        read, notes = _sources(settings, engine, stored.connection, last, file, topic)
        with open_company(settings, engine, stored) as reader:
            company = company_of(stored, reader)
            player = Player(engine, stored.connection, company, Pretended(reader, company))
            found = [player.play(event) for event in read.events]
        reads = reader.reads
    if as_json:
        answer = {"connection": connection_id, "counts": counts(found), "events": json_of(found)}
        printed({**answer, "unreadable": list(read.unreadable), "notes": notes, "quickbooks_reads": reads})
        return
    for note in [*notes, *read.unreadable]:
        click.echo(note, err=as_csv)
    if as_csv:
        click.echo(csv_of(found), nl=False)
        return
    if not found:
        click.echo("There is no event to preview: nothing failed and nothing is held. Give some with --file.")
        return
    _show(found)
    told = ", ".join(f"{count} {WORDS[result]}" for result, count in counts(found).items())
    click.echo(f"{len(found)} events: {told}. Nothing was written; {reads} reads of QuickBooks.")


def _sources(
    settings: Settings, engine: Engine, connection: Connection, last: int, file: Any, topic: str
) -> tuple[Read, list[str]]:
    if file is not None:
        try:
            read = from_file(file.read(), connection, topic=topic, now=datetime.now(UTC))
        except (SourceRefused, UnicodeDecodeError) as error:
            raise click.ClickException(str(error)) from error
        return together(read, last=last), []
    notes: list[str] = []
    try:
        held = held_back(settings.broker_url, connection.connection_id)
    except (AMQPError, OSError):
        held = Read(())
        notes.append("RabbitMQ does not answer, so events that are held back are left out.")
    kept = from_ledger(engine, connection.connection_id, last)
    return together(kept, held, last=last), notes


def _show(found: Sequence[Previewed]) -> None:
    table = Table("Event", "About", "Result", "Documents")
    for one in found:
        documents = "\n".join(
            " ".join(part for part in _parts(write) if part)
            + (f" for {write.customer}" if write.customer else "")
            for write in one.writes
        )
        result = WORDS[one.result] + (f" ({one.why})" if one.why else "")
        if one.message:
            documents = "\n".join(part for part in (documents, one.message, one.fix) if part)
        table.add_row(one.event_id[:16], one.subject, result, documents)
    Console().print(table)


def _parts(write: PlannedWrite) -> tuple[str, ...]:
    verb = "" if write.operation == "create" else write.operation
    return (verb, write.entity, write.number, write.date, write.total, write.currency)
