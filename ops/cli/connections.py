"""``counterfoil connections …``: link stores to QuickBooks companies and keep their settings."""

from datetime import UTC, datetime
from typing import Any, get_args

import click
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import IntegrityError

from ops.cli.commanding import operator_name
from ops.cli.connection_matching import match
from ops.cli.connection_preview import preview
from ops.cli.connection_settings import explained, explanations, export, history_, import_, undo_
from ops.cli.connection_states import close, connect, pause, resume
from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.cli.store_access import sealed as sealed_secrets
from ops.cli.store_access import sealed_anew, store_options
from ops.connections import SettingRefused, change_settings, parse_assignment, require
from ops.settings import Settings
from ops.stores import SECRET_NAMES
from schemas.connection import Connection, Platform
from workers.ledger.connections import (
    StoredConnection,
    add_connection,
    read_connections,
    store_secrets,
)
from workers.ledger.engine import reading, writing


@click.group()
def connections() -> None:
    """Add, show, change, connect, pause and close connections."""


for command in (connect, pause, resume, close, export, import_, history_, undo_, preview, match):
    connections.add_command(command)


@connections.command("add")
@click.argument("connection_id")
@click.option("--platform", type=click.Choice(get_args(Platform)), required=True)
@click.option(
    "--webhook-secret",
    "secrets_given",
    multiple=True,
    help="Secret the store signs with; asked for when left out. Twice while a secret is being changed.",
)
@click.option("--realm", default="", help="QuickBooks company id, if it is known already.")
@store_options
@JSON_OPTION
@click.pass_obj
def add(
    settings: Settings,
    /,
    connection_id: str,
    platform: Platform,
    secrets_given: tuple[str, ...],
    realm: str,
    *,
    as_json: bool,
    **store: str,
) -> None:
    """Add a connection named CONNECTION_ID (lower-case letters, digits, hyphens)."""
    given = secrets_given or (click.prompt("Webhook secret", hide_input=True),)
    try:
        connection = Connection(connection_id=connection_id, platform=platform, realm_id=realm)
    except ValidationError as error:
        raise click.UsageError(f"{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}.") from error
    now = datetime.now(UTC)
    with ledger(settings) as engine, writing(engine) as database:
        secrets = sealed_secrets(settings, store, platform, {"webhook_secrets": list(given)})
        try:
            add_connection(database, connection, secrets=secrets, now=now)
        except IntegrityError as error:
            raise click.ClickException(f'There is a connection "{connection_id}" already.') from error
    address = f"http://{settings.listen}/webhooks/{connection_id}"
    if as_json:
        printed({"connection": connection_id, "webhook_address": address})
    else:
        click.echo(f"Added. Point the store's webhooks at {address}")
        if not realm:
            click.echo(f"Next: counterfoil connections connect {connection_id}")


@connections.command("list")
@JSON_OPTION
@click.pass_obj
def list_(settings: Settings, *, as_json: bool) -> None:
    """List all connections."""
    with ledger(settings) as engine, reading(engine) as database:
        stored = read_connections(database)
    if as_json:
        printed([_facts(one) for one in stored])
        return
    table = Table("Connection", "Platform", "Company", "Status", "Why")
    for one in stored:
        connection = one.connection
        table.add_row(
            connection.connection_id,
            connection.platform,
            connection.realm_id or "not connected",
            connection.status,
            connection.pause_reason,
        )
    Console().print(table if stored else "No connections yet. Next: counterfoil connections add")


@connections.command("show")
@click.argument("connection_id")
@click.option("--explain", is_flag=True, help="Say what each setting is for.")
@JSON_OPTION
@click.pass_obj
def show(settings: Settings, connection_id: str, *, explain: bool, as_json: bool) -> None:
    """Show one connection and its settings. Secrets are never shown."""
    with ledger(settings) as engine, reading(engine) as database:
        stored = require(database, connection_id)
    if as_json:
        facts = _facts(stored) | {"settings": stored.connection.settings.model_dump(mode="json")}
        if explain:
            facts |= explanations(stored.connection.settings)
        printed(facts)
        return
    for name, value in _facts(stored).items():
        click.echo(f"{name:<18} {value}")
    click.echo("")
    for line in explained(stored.connection.settings, with_text=explain):
        click.echo(line)


@connections.command("set")
@click.argument("connection_id")
@click.argument("assignments", nargs=-1, required=True, metavar="NAME=VALUE…")
@click.option("--dry-run", is_flag=True, help="Check only; change nothing.")
@JSON_OPTION
@click.pass_obj
def set_(
    settings: Settings, connection_id: str, assignments: tuple[str, ...], *, dry_run: bool, as_json: bool
) -> None:
    """Change settings: document=invoice, taxes."GST 5%"=12, statuses=["completed"]. NAME= removes a map's key.

    ``webhook_secret=…`` replaces the secrets; two with a comma while the store changes its secret.
    ``store_url=… store_key=… store_secret=…`` (Shopify: ``store_token=…``) let us read the store; "-" asks.
    """
    changes: dict[str, Any] = {}
    given: dict[str, str] = {}
    for assignment in assignments:
        try:
            path, value = parse_assignment(assignment)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        if len(path) == 1 and path[0] in SECRET_NAMES:
            given[path[0]] = str(value or "")
            continue
        place = changes
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = value
    now = datetime.now(UTC)
    with ledger(settings) as engine:
        secrets = sealed_anew(settings, engine, connection_id, given) if given else b""
        try:
            changed = change_settings(
                engine, connection_id, changes, now=now, by=operator_name(), dry_run=dry_run
            )
        except SettingRefused as error:
            raise click.UsageError(str(error)) from error
        if secrets and not dry_run:
            with writing(engine) as database:
                store_secrets(database, connection_id, secrets, now=now)
    if as_json:
        printed(
            {"connection": connection_id, "settings": changed.model_dump(mode="json"), "dry_run": dry_run}
        )
    else:
        click.echo("These settings are good; nothing was changed." if dry_run else "Changed.")


def _facts(stored: StoredConnection) -> dict[str, object]:
    connection = stored.connection
    return {
        "connection": connection.connection_id,
        "platform": connection.platform,
        "realm_id": connection.realm_id,
        "status": connection.status,
        "pause_reason": connection.pause_reason,
        "country": connection.country,
        "currency": connection.currency,
        "settings_version": stored.settings_version,
    }
