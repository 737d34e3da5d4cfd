"""``counterfoil backfill``: the first import of a store, and every night what its webhooks did not tell."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from events.broker.publisher import Publisher
from events.fetching.registry import APIS
from events.stores.api import KINDS, Kind, StoreProblem
from ops.backfill.run import Backfiller, CannotBackfill, Mail, Report, Wanted
from ops.cli.commanding import CONNECT_SECONDS
from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.connections import require_open
from ops.settings import Settings
from ops.stores import open_store
from schemas.connection import Connection
from workers.ledger.engine import reading
from workers.secrets import Secrets

SHOWN = 20
"""So many events of a dry run are listed on a terminal; --json has all."""


@click.command()
@click.argument("connection_id")
@click.option("--since", help="Day or moment to begin at. Default: a few hours before the last good run.")
@click.option("--until", help="Last day to read, or the moment before which to end. Default: to the end.")
@click.option("--only", help="Some kinds, with commas between: products,customers,orders,payouts.")
@click.option("--dry-run", is_flag=True, help="Say what would be published; publish nothing.")
@JSON_OPTION
@click.pass_obj
def backfill(
    settings: Settings,
    connection_id: str,
    *,
    since: str | None,
    until: str | None,
    only: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read CONNECTION_ID's store and publish what the ledger lacks: products, customers, orders with refunds, payouts.

    Payouts only where the connection has a bank account for them (accounts.bank), or with --only.

    Without --since it goes on where the last run ended, or was killed: so run it every night. What is booked already,
    or waits for you in an error queue, is not published again.
    """
    asked = _asked(only)
    with ledger(settings) as engine, _mail(settings, dry_run=dry_run) as mail:
        with reading(engine) as database:
            stored = require_open(database, connection_id)
        kinds = _kinds(asked, stored.connection)
        zone = ZoneInfo(stored.connection.settings.time_zone)
        wanted = Wanted(_moment(since, zone), _moment(until, zone, whole_day=True))
        secrets = Secrets(settings.secret_key.get_secret_value())
        with open_store(stored, secrets) as store, _bars(quiet=as_json) as tell:
            backfiller = Backfiller(
                engine, store, mail, lambda: datetime.now(UTC), lambda: uuid.uuid4().hex, tell
            )
            try:
                reports = [backfiller.run(kind, wanted) for kind in kinds]
            except (CannotBackfill, StoreProblem) as error:
                raise click.ClickException(str(error)) from error
    if as_json:
        printed({"connection": connection_id, "dry_run": dry_run, "kinds": [_facts(one) for one in reports]})
        return
    for one in reports:
        _say(one, dry_run=dry_run)


def _asked(only: str | None) -> frozenset[str]:
    """The words of --only; none where it is not given."""
    if only is None:
        return frozenset()
    asked = {word.strip() for word in only.split(",") if word.strip()}
    unknown = asked - set(KINDS)
    if unknown or not asked:
        raise click.BadParameter(
            f"{', '.join(sorted(unknown)) or only!r} is none of {', '.join(KINDS)}.", param_hint="--only"
        )
    return frozenset(asked)


def _kinds(asked: frozenset[str], connection: Connection) -> tuple[Kind, ...]:
    """In the order in which the books need them, whatever the order of the words."""
    api = APIS.get(connection.platform)
    known = api.kinds if api is not None else KINDS  # else opening the store says why
    missing = asked - set(known)
    if missing:
        raise click.ClickException(
            f"A {connection.platform} store has no {', '.join(sorted(missing))} to read."
        )
    if asked:
        return tuple(kind for kind in known if kind in asked)
    books_payouts = bool(connection.settings.accounts.bank)
    return tuple(kind for kind in known if kind != "payouts" or books_payouts)


def _moment(text: str | None, zone: ZoneInfo, *, whole_day: bool = False) -> datetime | None:
    """A day begins at midnight in the company's time zone; ``whole_day``: it ends at the next one."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(f"{text!r} is no day such as 2026-01-31 and no moment.") from error
    if whole_day and len(text) == len("2026-01-31"):
        read += timedelta(days=1)
    return (read.replace(tzinfo=zone) if read.tzinfo is None else read).astimezone(UTC)


@contextmanager
def _mail(settings: Settings, *, dry_run: bool) -> Iterator[Mail | None]:
    if dry_run:
        yield None
        return
    publisher = Publisher(settings.broker_url, connection_name="counterfoil backfill")
    publisher.start()
    try:
        yield publisher
    finally:
        publisher.close(CONNECT_SECONDS)


@contextmanager
def _bars(*, quiet: bool) -> Iterator[Callable[[Report], None]]:
    """A progress bar for each kind, on a terminal."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _report: None
        return
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(report: Report) -> None:
            if report.kind not in tasks:
                tasks[report.kind] = progress.add_task(report.kind, total=None)
            progress.update(tasks[report.kind], completed=report.objects, total=report.total)

        yield tell


def _say(report: Report, *, dry_run: bool) -> None:
    verb = "would be published" if dry_run else "published"
    again = ", resumed" if report.resumed else ""
    since = f"since {report.since:%Y-%m-%d %H:%M} UTC{again}"
    click.echo(f"{report.kind:<10} {report.objects} read, {report.published} events {verb} ({since})")
    for subject in report.subjects[:SHOWN]:
        click.echo(f"  {subject}")
    if len(report.subjects) > SHOWN:
        click.echo(f"  … and {len(report.subjects) - SHOWN} more")


def _facts(report: Report) -> dict[str, object]:
    facts: dict[str, object] = {
        "kind": report.kind,
        "since": report.since.isoformat(),
        "until": report.until.isoformat() if report.until else None,
        "resumed": report.resumed,
        "objects": report.objects,
        "events": report.events,
        "published": report.published,
    }
    return facts | ({"would_publish": list(report.subjects)} if report.subjects else {})
