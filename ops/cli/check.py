"""``counterfoil check``: store against ledger against QuickBooks."""

from contextlib import nullcontext
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from events.fetching.store import StoreClient
from ops.check.days import Days, month_of, since
from ops.check.finding import WORDS, Balance, Finding, Report, as_csv
from ops.check.finding import as_json as json_of
from ops.check.run import Checker
from ops.cli.counting import counting
from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.company_reader import company_of, open_company, read_open
from ops.settings import Settings
from ops.stores import NoStoreAccess, open_store
from workers.ledger.connections import StoredConnection
from workers.ledger.engine import reading
from workers.ledger.holdings import begun_at
from workers.secrets import Secrets

SHOWN = 50
"""So many findings are listed on a terminal; --csv and --json have all."""


@click.command()
@click.argument("connection_id")
@click.option(
    "--month", help="One month, such as 2026-10, in the company's time zone. Default: all of the books."
)
@click.option("--without-store", is_flag=True, help="Compare ledger and QuickBooks only.")
@click.option("--csv", "csv_wanted", is_flag=True, help="Print CSV, one row for each finding.")
@JSON_OPTION
@click.pass_obj
def check(
    settings: Settings,
    connection_id: str,
    month: str | None,
    *,
    without_store: bool,
    csv_wanted: bool,
    as_json: bool,
) -> None:
    """Compare CONNECTION_ID's store, the ledger and QuickBooks: what is missing, doubled or different.

    Nothing is changed. Exit 0: all three say the same; 1: something is off, or the store could not be asked; each
    read of QuickBooks counts in the month's quota.
    """
    if csv_wanted and as_json:
        raise click.UsageError("--csv and --json do not go together.")
    with ledger(settings) as engine:
        stored = read_open(engine, connection_id)
        days = _days(engine, stored, month)
        report = _checked(settings, engine, stored, days, without_store=without_store, quiet=as_json)
    if as_json:
        printed(json_of(report))
    elif csv_wanted:
        click.echo(as_csv(report.findings), nl=False)
        for note in [report.store, *report.notes]:
            click.echo(note, err=True, nl=bool(note))
    else:
        _show(report)
    if report.off or (report.store and not without_store):
        click.get_current_context().exit(1)


def _days(engine: Engine, stored: StoredConnection, month: str | None) -> Days:
    """The whole of the books begins where the settings say, else with the connection or the first order told."""
    settings = stored.connection.settings
    if month is not None:
        try:
            return month_of(month, settings.time_zone)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--month") from error
    if settings.start_date is not None:
        return Days(settings.start_date, None, settings.time_zone)
    with reading(engine) as database:
        begun = begun_at(database, stored.connection.connection_id)
    return since(begun or datetime.now(UTC), settings.time_zone)


def _checked(
    settings: Settings,
    engine: Engine,
    stored: StoredConnection,
    days: Days,
    *,
    without_store: bool,
    quiet: bool,
) -> Report:
    secrets = Secrets(settings.secret_key.get_secret_value())
    store, why = (None, "The store was not asked.") if without_store else _store(stored, secrets)
    with (
        open_company(settings, engine, stored) as reader,
        store or nullcontext(),
        counting(quiet=quiet) as tell,
    ):
        checker = Checker(
            engine,
            stored.connection,
            company_of(stored, reader),
            reader,
            store,
            why,
            datetime.now(UTC),
            tell,
        )
        return checker.run(days)


def _store(stored: StoredConnection, secrets: Secrets) -> tuple[StoreClient | None, str]:
    try:
        return open_store(stored, secrets), ""
    except NoStoreAccess as error:
        return None, str(error)


def _show(report: Report) -> None:
    console = Console()
    if report.findings:
        table = Table("What", "About", "Day", "Store", "Ledger", "QuickBooks", "And what to do")
        for one in report.findings[:SHOWN]:
            table.add_row(*_row(one))
        console.print(table)
    if len(report.findings) > SHOWN:
        click.echo(f"… and {len(report.findings) - SHOWN} more: --csv has all.")
    if report.balances:
        console.print(_accounts(report.balances))
    if report.store:
        click.echo(f"The store was not compared. {report.store}")
    for note in report.notes:
        click.echo(note)
    compared = report.compared
    sides = f"{compared['ledger_documents']} documents in the ledger, {compared['quickbooks_documents']} in QuickBooks"
    told = f", {compared['store_orders']} orders of the store" if not report.store else ""
    mark = f"⚠ {report.off} to look at" if report.off else "✓ nothing is off"
    click.echo(f"{mark}: {report.first} to {report.last} ({report.zone}), {sides}{told}.")


def _row(one: Finding) -> tuple[str, ...]:
    about = "\n".join(
        part for part in (one.subject, one.number and f"number {one.number}", one.document) if part
    )
    what = "\n".join(part for part in (one.message, one.todo) if part)
    amounts = (one.store, one.ledger, one.quickbooks)
    shown = ("" if amount is None else f"{amount:.2f}" for amount in amounts)
    return (WORDS[one.kind], about, one.date, *shown, what)


def _accounts(balances: tuple[Balance, ...]) -> Table:
    month = balances[0].month
    title = "Our documents of the month in QuickBooks" if month else "Balance in QuickBooks"
    table = Table("Clearing account", "By the ledger", "Other bookings", title, "Unexplained")
    for one in balances:
        amounts = (one.ledger, one.other, one.quickbooks, one.difference)
        table.add_row(f"{one.name} ({one.currency})", *(f"{amount:.2f}" for amount in amounts))
    return table
