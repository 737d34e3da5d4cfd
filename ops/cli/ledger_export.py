"""``counterfoil ledger export``: what the ledger keeps of a connection, as a file that outlives us."""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
import orjson

from ops.cli.showing import JSON_OPTION, printed
from ops.cli.showing import ledger as open_database
from ops.connections import require
from ops.preview.spreadsheet import safe
from ops.settings import Settings
from workers.ledger.engine import reading
from workers.ledger.export import COLUMNS, Record, records


@click.command("export")
@click.argument("connection_id", metavar="CONNECTION")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@JSON_OPTION
@click.pass_obj
def export(settings: Settings, connection_id: str, file: str, form: str, *, as_json: bool) -> None:
    """Write what the ledger keeps of a connection, closed ones too, to FILE ("-": to the terminal).

    One line for each event that ended, each sync mapping, each failed message (its facts, not its payload), each write
    of unknown outcome, and each version of the settings. No secrets.
    """
    counts: dict[str, int] = {}
    with open_database(settings) as engine, reading(engine) as database:
        require(database, connection_id)
        with _opened(file) as out:
            write = _jsonl(out) if form == "jsonl" else _csv(out)
            for record in records(database, connection_id):
                write(record)
                counts[record.kind] = counts.get(record.kind, 0) + 1
    if file == "-":
        return
    if as_json:
        printed({"connection": connection_id, "file": file, "records": counts})
    else:
        what = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in counts.items()) or "nothing"
        click.echo(f"Wrote {file}: {what}.")


@contextmanager
def _opened(file: str) -> Iterator[IO[str]]:
    """The file appears when it is whole."""
    if file == "-":
        yield sys.stdout
        return
    part = Path(f"{file}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as out:
            yield out
        part.replace(file)
    except OSError as error:
        raise click.ClickException(f"Cannot write {file}: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def _jsonl(out: IO[str]) -> Any:
    def write(record: Record) -> None:
        out.write(orjson.dumps({"record": record.kind, **record.facts}).decode() + "\n")

    return write


def _csv(out: IO[str]) -> Any:
    """One table for all kinds: what a kind has no word for stays empty."""
    table = csv.DictWriter(out, ["record", *COLUMNS], restval="")
    table.writeheader()

    def write(record: Record) -> None:
        cells = {name: _cell(value) for name, value in record.facts.items()}
        table.writerow({"record": record.kind, **cells})

    return write


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return safe(value)
        case list() | dict():
            return safe(orjson.dumps(value).decode())
    return str(value) if isinstance(value, int) else orjson.dumps(value).decode().strip('"')
