"""``counterfoil inventory …``: what the store's stock would move in QuickBooks, and moving it when a person agrees."""

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine

from events.stores.api import StoreProblem
from ops.cli.commanding import operator_name
from ops.cli.counting import counting
from ops.cli.inventory_report import print_applied, print_csv, print_json, print_plan
from ops.cli.showing import JSON_OPTION, ledger
from ops.company_reader import open_company, read_open
from ops.connections import change_settings
from ops.inventory.apply import Applied, Applier
from ops.inventory.gather import make_plan
from ops.inventory.plan import Plan
from ops.metrics import Metrics
from ops.quickbooks import open_quickbooks
from ops.settings import Settings
from ops.stores import open_store
from schemas.connection import Connection
from workers.ledger.claims import claim_owner
from workers.ledger.connections import StoredConnection
from workers.runtime.settle import Policy
from workers.secrets import Secrets

CSV_OPTION = click.option("--csv", "as_csv", is_flag=True, help="Print CSV, one row for each thing.")
DONE = ("adjusted", "fits")


@click.group()
def inventory() -> None:
    """Compare the store's stock with QuickBooks', and move QuickBooks' when you agree."""


@inventory.command()
@click.argument("connection_id")
@CSV_OPTION
@JSON_OPTION
@click.pass_obj
def plan(settings: Settings, connection_id: str, *, as_csv: bool, as_json: bool) -> None:
    """Show every quantity that an apply would change: item, from, to. Nothing moves.

    Store and QuickBooks are only read; each read of QuickBooks counts in the month's quota.
    """
    _not_both(as_csv=as_csv, as_json=as_json)
    with ledger(settings) as engine:
        stored = read_open(engine, connection_id)
        found = _planned(settings, engine, stored, quiet=as_csv or as_json)
    if as_json:
        print_json(connection_id, found)
    elif as_csv:
        print_csv(found)
    else:
        print_plan(found)


@inventory.command()
@click.argument("connection_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@CSV_OPTION
@JSON_OPTION
@click.pass_obj
def apply(settings: Settings, connection_id: str, *, yes: bool, as_csv: bool, as_json: bool) -> None:
    """Show the plan, ask, and adjust each item in QuickBooks; from then on the store's levels are followed.

    What orders and refunds have moved meanwhile is reckoned with. Killed in between, run it again: it goes on with what
    is left.
    """
    _not_both(as_csv=as_csv, as_json=as_json)
    quiet = as_csv or as_json
    with ledger(settings) as engine:
        stored = read_open(engine, connection_id)
        _check(stored.connection)
        found = _planned(settings, engine, stored, quiet=quiet)
        _check_account(found, stored.connection)
        if not yes:
            print_plan(found, err=quiet)
            question = f"Move {len(found.changes)} quantities in QuickBooks, and follow the store's stock from now on?"
            click.confirm(question, abort=True, err=quiet)
        done = _carried_out(settings, engine, stored.connection, found, quiet=quiet)
    if as_json:
        print_json(connection_id, found, done)
    elif as_csv:
        print_csv(found, done)
    else:
        print_applied(done)
    if any(one.result not in DONE for one in done):
        raise click.exceptions.Exit(1)


def _not_both(*, as_csv: bool, as_json: bool) -> None:
    if as_csv and as_json:
        raise click.UsageError("--csv and --json do not go together.")


def _check(connection: Connection) -> None:
    name = connection.connection_id
    if connection.settings.stock == "off":
        raise click.ClickException(
            f'"{name}" does not follow stock. Run: counterfoil connections set {name} stock=ask'
        )
    if connection.status == "paused":
        raise click.ClickException(f'"{name}" is paused. Run: counterfoil connections resume {name}')


def _check_account(found: Plan, connection: Connection) -> None:
    if found.changes and not connection.settings.accounts.stock_adjustments:
        name = connection.connection_id
        raise click.ClickException(
            "There is no account for inventory adjustments. "
            f"Run: counterfoil connections set {name} accounts.stock_adjustments=ID"
        )


def _planned(settings: Settings, engine: Engine, stored: StoredConnection, *, quiet: bool) -> Plan:
    secrets = Secrets(settings.secret_key.get_secret_value())
    try:
        with (
            open_store(stored, secrets) as store,
            open_company(settings, engine, stored) as reader,
            counting(quiet=quiet) as tell,
        ):
            return make_plan(engine, stored.connection, store, reader, tell)
    except StoreProblem as error:
        raise click.ClickException(str(error)) from error


def _carried_out(
    settings: Settings, engine: Engine, connection: Connection, found: Plan, *, quiet: bool
) -> list[Applied]:
    """First the ledger is told of all places, then stock is followed, then each item is counted."""
    name, by, now = connection.connection_id, operator_name(), datetime.now(UTC)
    first = connection.settings.stock != "follow"
    online = open_quickbooks(settings, engine, Secrets(settings.secret_key.get_secret_value()), Metrics())
    applier = Applier(
        engine,
        online,
        connection_id=name,
        owner=claim_owner(socket.gethostname(), os.getpid(), uuid.uuid4().hex),
        policy=Policy(request_id_trust_seconds=settings.request_id_trust_seconds),
        run_id=uuid.uuid4().hex,
    )
    try:
        applier.tell([*found.untold, *(one.shelf for one in found.changes if first)])
        if first:
            change_settings(engine, name, {"stock": "follow"}, now=now, by=by, why="first inventory run")
        with _bar(len(found.changes), quiet=quiet) as tell:
            return applier.apply(found.changes, tell)
    finally:
        online.reads.flush()


@contextmanager
def _bar(total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("items", total=total)
        yield lambda done: progress.update(task, completed=done)
