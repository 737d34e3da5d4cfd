"""What ``counterfoil inventory`` prints: a plan, or what became of it."""

import csv
from collections.abc import Sequence
from io import StringIO

import click
from rich.console import Console
from rich.table import Table

from ops.cli.showing import printed
from ops.inventory.apply import Applied
from ops.inventory.plan import Change, Plan, Problem
from ops.preview.spreadsheet import safe

COLUMNS = (
    "store_id", "sku", "name", "item_id", "item", "from", "to", "difference", "result", "adjustment", "message",
)  # fmt: skip
Row = dict[str, str]


def print_json(connection_id: str, found: Plan, done: Sequence[Applied] | None = None) -> None:
    """For programs. ``done`` None: nothing was applied."""
    rows = [facts_of(one) for one in (found.changes if done is None else done)]
    problems = [facts_of(one) for one in found.problems]
    printed({"connection": connection_id, "changes": rows, "fitting": found.fitting, "problems": problems})


def print_csv(found: Plan, done: Sequence[Applied] | None = None) -> None:
    """For a spreadsheet, problems last."""
    text = StringIO()
    table = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    for one in (*(found.changes if done is None else done), *found.problems):
        table.writerow({name: safe(value) for name, value in facts_of(one).items()})
    click.echo(text.getvalue(), nl=False)


def print_plan(found: Plan, *, err: bool = False) -> None:
    """For a person, on standard error where programs read the other."""
    table = Table("Item", "SKU", "From", "To")
    for row in map(facts_of, found.changes):
        table.add_row(row["item"], row["sku"], row["from"], row["to"])
    if found.changes:
        Console(stderr=err).print(table)
    for row in map(facts_of, found.problems):
        click.echo(f"{row['name']} ({row['sku'] or row['store_id']}): {row['message']}", err=err)
    click.echo(
        f"{len(found.changes)} quantities would change, {found.fitting} are right, "
        f"{len(found.problems)} cannot be counted.",
        err=err,
    )


def print_applied(done: Sequence[Applied]) -> None:
    """What it did, for a person."""
    table = Table("Item", "SKU", "From", "To", "Result")
    for row in map(facts_of, done):
        result = f"{row['result']}: {row['message']}" if row["message"] else row["result"]
        table.add_row(row["item"], row["sku"], row["from"], row["to"], result)
    if done:
        Console().print(table)
    count = sum(one.result == "adjusted" for one in done)
    click.echo(f"{count} of {len(done)} quantities were adjusted. The store's stock is followed from now on.")


def facts_of(one: Change | Applied | Problem) -> Row:
    """One row, as text."""
    if isinstance(one, Applied):
        ended = {"result": one.result, "adjustment": one.adjustment, "message": one.message}
        return {**facts_of(one.change), **ended}
    shelf = {"store_id": one.shelf.store_id, "sku": one.shelf.sku, "name": one.shelf.name}
    if isinstance(one, Problem):
        return {**shelf, "message": one.what}
    quantities = {"from": one.before, "to": one.after, "difference": one.difference}
    plain = {name: f"{value.normalize():f}" for name, value in quantities.items()}
    return {**shelf, "item_id": one.item_id, "item": one.item_name, **plain}
