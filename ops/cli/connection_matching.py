"""``counterfoil connections match``: what the store's things are in QuickBooks, and choosing where it is not clear."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from events.fetching.store import StoreClient
from ops.cli.commanding import operator_name
from ops.cli.counting import counting
from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.company_reader import company_of, open_company, read_open
from ops.connections import change_settings
from ops.matching.choosing import Plan, plan
from ops.matching.match import Match, counts
from ops.matching.run import Matcher, Report
from ops.matching.sheet import SheetRefused, read, written
from ops.settings import Settings
from ops.stores import NoStoreAccess, open_store
from workers.ledger.connections import StoredConnection
from workers.secrets import Secrets

SHOWN = 40
"""So many lines of what is not found are listed on a terminal; --csv and --json have all."""


@click.command("match")
@click.argument("connection_id")
@click.option(
    "--csv", "csv_file", metavar="FILE", help='Write the report to FILE ("-": the terminal) as CSV.'
)
@click.option(
    "--import",
    "import_file",
    type=click.File(encoding="utf-8"),
    help="Take the choices of an edited CSV file: shown first, then asked.",
)
@click.option("--yes", is_flag=True, help="With --import: do not ask.")
@JSON_OPTION
@click.pass_obj
def match(
    settings: Settings,
    connection_id: str,
    csv_file: str | None,
    import_file: Any,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Match the store's customers, products, taxes, gateways and currencies with QuickBooks: found, ambiguous, missing.

    Nothing is changed without --import. To choose: write a CSV file, put QuickBooks ids into its last column ("-" takes
    a choice back), and import it. Choices are kept with the settings: `connections history` and `undo` know them.
    """
    if sum((csv_file is not None, import_file is not None, as_json and import_file is None)) > 1:
        raise click.UsageError("--csv, --json and --import do not go together.")
    if yes and import_file is None:
        raise click.UsageError("--yes goes with --import.")
    try:
        choices = read(import_file.read()) if import_file is not None else None
    except (SheetRefused, UnicodeDecodeError) as error:
        raise click.ClickException(str(error)) from error
    with ledger(settings) as engine:
        stored = read_open(engine, connection_id)
        report = _report(settings, engine, stored, quiet=as_json)
        if choices is None:
            _tell(report, connection_id, csv_file, as_json=as_json)
            return
        try:
            wanted = plan(choices, report.sides)
        except SheetRefused as error:
            raise click.ClickException(str(error)) from error
        _apply(engine, connection_id, wanted, yes=yes, as_json=as_json)


def _report(settings: Settings, engine: Engine, stored: StoredConnection, *, quiet: bool) -> Report:
    secrets = Secrets(settings.secret_key.get_secret_value())
    store, why = _store(stored, secrets)
    with (
        open_company(settings, engine, stored) as reader,
        store or nullcontext(),
        counting(quiet=quiet) as tell,
    ):
        company = company_of(stored, reader)
        now = datetime.now(UTC)
        return Matcher(engine, stored.connection, company, reader, store, why, now, tell).run()


def _store(stored: StoredConnection, secrets: Secrets) -> tuple[StoreClient | None, str]:
    try:
        return open_store(stored, secrets), ""
    except NoStoreAccess as error:
        return None, str(error)


def _tell(report: Report, connection_id: str, csv_file: str | None, *, as_json: bool) -> None:
    if as_json:
        facts = {"connection": connection_id, "store": report.store, "orders": report.orders}
        printed(
            {**facts, "counts": counts(report.matches), "matches": [asdict(one) for one in report.matches]}
        )
        return
    if csv_file == "-":
        click.echo(written(report.matches), nl=False)
        return
    if csv_file is not None:
        try:
            Path(csv_file).write_text(written(report.matches), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"Cannot write {csv_file}: {error.strerror}.") from error
    else:
        _show([one for one in report.matches if one.status != "found"])
    if report.store:
        click.echo(f"The store was not asked: {report.store} These are events that failed and were kept.")
    for kind, of_kind in counts(report.matches).items():
        told = ", ".join(f"{count} {status}" for status, count in of_kind.items() if count)
        click.echo(f"{kind.replace('_', ' '):<17} {told}")
    if csv_file is not None:
        click.echo(f"Put QuickBooks ids into the column choose of {csv_file}, then:")
        click.echo(f"counterfoil connections match {connection_id} --import {csv_file}")


def _show(unsettled: Sequence[Match]) -> None:
    if not unsettled:
        return
    table = Table(
        "What", "In the store", "Orders", "Status", "Suggestions, never used by themselves", "Till then"
    )
    for one in unsettled[:SHOWN]:
        offered = "\n".join(f"{listed.quickbooks_id} = {listed.name}" for listed in one.candidates)
        table.add_row(one.kind.replace("_", " "), one.name, str(one.used), one.status, offered, one.note)
    Console().print(table)
    if len(unsettled) > SHOWN:
        click.echo(f"… and {len(unsettled) - SHOWN} more: --csv has all.")


def _apply(engine: Engine, connection_id: str, wanted: Plan, *, yes: bool, as_json: bool) -> None:
    """With --json and without --yes it is a dry run."""
    for one in wanted.shown:
        click.echo(f"{one.kind} {one.name}: {one.before} → {one.after}", err=as_json)
    doing = bool(wanted.shown) and (yes or not as_json)
    if doing and not yes:
        click.confirm(f"Make these {len(wanted.shown)} changes?", abort=True)
    now, by = datetime.now(UTC), operator_name()
    change_settings(
        engine,
        connection_id,
        wanted.settings,
        now=now,
        by=by,
        why="match",
        mappings=wanted.mappings,
        dry_run=not doing,
    )
    if as_json:
        changes = [asdict(one) for one in wanted.shown]
        printed({"connection": connection_id, "dry_run": not doing, "changes": changes})
    else:
        click.echo("Changed." if doing else "The file chooses nothing that is not so already.")
