"""``counterfoil connections connect|pause|resume|close``: a connection's consent and its status."""

from dataclasses import dataclass
from datetime import UTC, datetime

import click
import pika.exceptions
from sqlalchemy import Engine

from events.outgoing import NotConfirmed
from ops.cli.commanding import operator_name, release_held
from ops.cli.copies import now, publishing, sweep_copies
from ops.cli.showing import JSON_OPTION, ledger, printed
from ops.connections import ConnectionRefusal, require, require_open
from ops.retention.closed import Dropper
from ops.retention.closing import Closing
from ops.settings import Settings
from schemas.connection import ConnectionStatus
from workers.ledger.connections import change_status, read_connections, store_realm
from workers.ledger.engine import reading, writing
from workers.ledger.tokens import read_tokens
from workers.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Way:
    """How a person's consent comes to us. ``to_stderr``: stdout is for the JSON alone."""

    refresh_token: str
    realm_id: str
    redirect_uri: str
    open_browser: bool
    port: int
    to_stderr: bool


@click.command("connect")
@click.argument("connection_id")
@click.option("--no-browser", is_flag=True, help="Print the address; open no browser on this machine.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8484, show_default=True, help="Of the callback."
)
@click.option("--redirect-uri", default="", help="Your app's own; you then paste the address it ends on.")
@click.option("--refresh-token", default="", help='A token that you have already; "-" asks for it.')
@click.option("--realm", default="", help="The token's QuickBooks company id.")
@JSON_OPTION
@click.pass_obj
def connect(
    settings: Settings,
    connection_id: str,
    *,
    no_browser: bool,
    port: int,
    redirect_uri: str,
    refresh_token: str,
    realm: str,
    as_json: bool,
) -> None:
    """Link a connection to its QuickBooks company: you agree on Intuit's page, in a browser.

    With development keys http://localhost:8484/connected must be among your app's redirect URIs. Production keys
    take public addresses only: give one with --redirect-uri.
    """
    if bool(refresh_token) != bool(realm):
        raise click.UsageError("--refresh-token and --realm belong together.")
    if refresh_token and redirect_uri:
        raise click.UsageError("--refresh-token needs no --redirect-uri.")
    if refresh_token == "-":
        refresh_token = click.prompt("Refresh token", hide_input=True, err=True)
    way = Way(refresh_token, realm, redirect_uri, not no_browser, port, to_stderr=as_json)
    with ledger(settings) as engine:
        with reading(engine) as database:
            before = require_open(database, connection_id).connection
        realm_id = _consent(settings, engine, connection_id, way)
        now = datetime.now(UTC)
        with writing(engine) as database:
            if before.realm_id != realm_id:
                store_realm(database, connection_id, realm_id, now=now)
            change_status(database, connection_id, "active", now=now)
            still_paused = [
                one.connection.connection_id
                for one in read_connections(database)
                if (one.connection.realm_id, one.connection.status) == (realm_id, "paused")
            ]
    if before.status == "paused":
        _release(settings, connection_id)
    if as_json:
        facts = {"connection": connection_id, "realm_id": realm_id, "status": "active"}
        printed(facts | {"still_paused": still_paused})
        return
    for other in still_paused:
        click.echo(f"Paused, with the same company. Next: counterfoil connections resume {other}")


def _consent(settings: Settings, engine: Engine, connection_id: str, way: Way) -> str:
    from ops.oauth.connect import connect as connect_in_browser
    from ops.oauth.connect import connect_by_hand, connect_with_token
    from ops.oauth.consent import ConnectFailed

    def say(text: str) -> None:
        click.echo(text, err=way.to_stderr)

    def ask(question: str) -> str:
        return str(click.prompt(question, err=True))

    try:
        if way.refresh_token:
            return connect_with_token(
                settings,
                engine,
                connection_id,
                refresh_token=way.refresh_token,
                realm_id=way.realm_id,
                say=say,
            )
        if way.redirect_uri:
            return connect_by_hand(
                settings, engine, connection_id, redirect_uri=way.redirect_uri, say=say, ask=ask
            )
        return connect_in_browser(
            settings, engine, connection_id, open_browser=way.open_browser, say=say, port=way.port
        )
    except ConnectFailed as error:
        raise click.ClickException(str(error)) from error


@click.command("pause")
@click.argument("connection_id")
@click.option("--reason", default="paused by an operator", show_default=True)
@JSON_OPTION
@click.pass_obj
def pause(settings: Settings, connection_id: str, reason: str, *, as_json: bool) -> None:
    """Pause a connection: its events wait, none is lost, no attempt is used up."""
    with ledger(settings) as engine:
        _change(engine, connection_id, "paused", reason)
    sentence = f"Paused. Its events wait until: counterfoil connections resume {connection_id}"
    _say(connection_id, "paused", sentence, as_json=as_json)


@click.command("resume")
@click.argument("connection_id")
@JSON_OPTION
@click.pass_obj
def resume(settings: Settings, connection_id: str, *, as_json: bool) -> None:
    """Resume a connection whose company still lets us in: what was held back flows again."""
    with ledger(settings) as engine:
        _check_tokens(engine, connection_id)
        _change(engine, connection_id, "active", "")
    _release(settings, connection_id)
    _say(connection_id, "active", "Resumed. What was held back flows again.", as_json=as_json)


@click.command("close")
@click.argument("connection_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@JSON_OPTION
@click.pass_obj
def close(settings: Settings, connection_id: str, *, yes: bool, as_json: bool) -> None:
    """Close a connection for good: webhooks are answered 410, credentials are revoked and forgotten, the ledger stays.

    Its failed messages and held events are dropped after asking; `counterfoil ledger export` writes what the ledger
    keeps. Run it again if something could not be reached, or if it was killed in between.
    """
    with ledger(settings) as engine:
        with reading(engine) as database:
            realm_id = require(database, connection_id).connection.realm_id
        secrets = Secrets(settings.secret_key.get_secret_value())
        dropper = Dropper(settings.broker_url, engine, now)
        if not yes:
            question = f'Close "{connection_id}"? {_waiting(dropper, connection_id)}'
            click.confirm(question, abort=True, err=True)

        def revoke(realm_id: str) -> None:
            _forget(settings, engine, secrets, realm_id)

        def take_out() -> str:
            with publishing(settings) as publisher:
                return sweep_copies(settings, engine, publisher)

        closing = Closing(engine, secrets, dropper, take_out, revoke, now)
        closed = closing.close(connection_id, realm_id, by=operator_name())
    if closed.left:
        raise click.ClickException(
            " ".join(("Closed, but not all is done.", *closed.left))
            + f" Run again: counterfoil connections close {connection_id}"
        )
    users = ", ".join(closed.others)
    kept = f" The tokens of company {realm_id} stay: {users} uses them." if closed.others else ""
    if as_json:
        dropped = {"failed_messages": closed.dropped.failed, "held": closed.dropped.held}
        printed({"connection": connection_id, "status": "closed", "dropped": dropped})
        return
    click.echo(
        f"Closed. Dropped: {closed.dropped.failed} failed messages, {closed.dropped.held} held events.{kept}"
    )
    click.echo(
        f"To erase its customers' data as well: counterfoil contacts erase {connection_id} --everybody"
    )


def _waiting(dropper: Dropper, connection_id: str) -> str:
    """What the question says of what would be lost."""
    try:
        waiting = dropper.waiting(connection_id)
    except (pika.exceptions.AMQPError, OSError):
        return "RabbitMQ does not answer; what waits there will not be booked"
    return (
        f"{waiting.failed} failed messages and {waiting.held} held events of it are dropped, and what is still "
        "queued will not be booked"
    )


def _forget(settings: Settings, engine: Engine, secrets: Secrets, realm_id: str) -> None:
    from ops.quickbooks import open_oauth
    from workers.quickbooks.http import Http
    from workers.quickbooks.tokens import forget_tokens

    http = Http()
    try:
        forget_tokens(engine, secrets, open_oauth(settings, http), realm_id)
    finally:
        http.close()


def _check_tokens(engine: Engine, connection_id: str) -> None:
    with reading(engine) as database:
        realm_id = require_open(database, connection_id).connection.realm_id
        tokens = read_tokens(database, realm_id) if realm_id else None
    connect_first = f"Run: counterfoil connections connect {connection_id}"
    if tokens is None:
        raise ConnectionRefusal(f'"{connection_id}" is not connected to QuickBooks. {connect_first}')
    if tokens.revoked:
        raise ConnectionRefusal(
            f"QuickBooks no longer lets us in: {tokens.revoked.rstrip('.')}. {connect_first}"
        )
    if tokens.refresh_expires_at <= datetime.now(UTC):
        raise ConnectionRefusal(f"The consent ended {tokens.refresh_expires_at:%Y-%m-%d}. {connect_first}")


def _change(engine: Engine, connection_id: str, status: ConnectionStatus, reason: str) -> None:
    now = datetime.now(UTC)
    with writing(engine) as database:
        require_open(database, connection_id)
        change_status(database, connection_id, status, reason=reason, now=now)


def _release(settings: Settings, connection_id: str) -> None:
    try:
        release_held(settings, connection_id)
    except NotConfirmed as error:
        raise click.ClickException(
            "The connection is active, but RabbitMQ does not answer, so what was held back still waits. "
            f"Later: counterfoil connections resume {connection_id}"
        ) from error


def _say(connection_id: str, status: ConnectionStatus, sentence: str, *, as_json: bool) -> None:
    if as_json:
        printed({"connection": connection_id, "status": status})
    else:
        click.echo(sentence)
