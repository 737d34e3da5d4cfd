"""``counterfoil sandbox``: a QuickBooks Online company on this machine, and faults for a running one."""

import gc
import json
import logging
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

import click
import urllib3

DEFAULT_LISTEN = "127.0.0.1:9480"


def _host_and_port(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise click.BadParameter(f"{value!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


@click.group(invoke_without_command=True)
@click.option(
    "--listen", default=DEFAULT_LISTEN, show_default=True, callback=_host_and_port, metavar="HOST:PORT",
    help="Where to listen; port 0 takes a free one.",
)  # fmt: skip
@click.option(
    "--database", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Keep everything that was answered in this SQLite file.",
)  # fmt: skip
@click.option("--no-limits", is_flag=True, help="Do not throttle: no 429 unless you ask for it.")
@click.option("--stop-with-parent", is_flag=True, help="End when the process that started it ends.")
@click.pass_context
def sandbox(
    context: click.Context,
    *,
    listen: tuple[str, int],
    database: Path | None,
    no_limits: bool,
    stop_with_parent: bool,
) -> None:
    """Serve QuickBooks Online on this machine: realms 1 (US), 2 (CA), 3 (GB) and 4 (AU).

    Client id, client secret and a refresh token that never changes are all "sandbox". The first line
    of output is the address.
    """
    if context.invoked_subcommand is None:
        parent = os.getppid() if stop_with_parent else None
        _serve(*listen, database=database, limits_on=not no_limits, parent=parent)


def _serve(host: str, port: int, *, database: Path | None, limits_on: bool, parent: int | None) -> None:
    from ops.sandbox.http.app import sandbox_app
    from ops.sandbox.http.server import address, bind, serve
    from ops.sandbox.sandbox import Sandbox
    from ops.sandbox.storage import Storage

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    try:
        listener = bind(host, port)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from error
    try:
        storage = Storage.open(database) if database is not None else Storage.nowhere()
    except (ValueError, sqlite3.Error) as error:
        listener.close()
        raise click.ClickException(f"cannot use {database}: {error}") from error
    running = Sandbox(storage=storage, limits_on=limits_on)
    # A company is a great many small objects that stay: collecting them costs a fifth of the throughput.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    ready = f"{address(listener)} is QuickBooks Online now"
    serve(sandbox_app(running), listener, lambda: click.echo(ready), parent=parent)
    storage.save_checkpoints(running.realms.values())
    storage.close()


def _ask(url: str, method: str, path: str, document: dict[str, Any] | None = None) -> Any:
    try:
        answer = urllib3.request(method, f"{url.rstrip('/')}/_sandbox{path}", json=document, timeout=10.0)
    except urllib3.exceptions.HTTPError as error:
        raise click.ClickException(f"no sandbox at {url}: {error}") from error
    try:
        found = answer.json()
    except ValueError as error:
        raise click.ClickException(f"{url} is not a sandbox (status {answer.status})") from error
    if answer.status != 200:
        raise click.ClickException(found["problem"])
    return found["result"]


_url = click.option(
    "--url", default=f"http://{DEFAULT_LISTEN}", show_default=True, help="Address of the running sandbox."
)
_realm = click.option("--realm", default="1", show_default=True, help="Realm id of the company.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


@sandbox.command()
@click.argument("kind")
@click.option("--count", type=click.IntRange(min=1), help="How often it strikes; for ever when left out.")
@click.option("--skip", type=click.IntRange(min=0), default=0, help="Matching calls that pass first.")
@click.option("--probability", type=click.FloatRange(0, 1, min_open=True), default=1.0, show_default=True)
@click.option("--method", type=click.Choice(["GET", "POST"]), help="Only calls of this method.")
@click.option("--entity", help="Only calls about this entity, for example SalesReceipt.")
@click.option("--operation", help="create, update, delete, void, read, query, batch, cdc, report or upload.")
@click.option("--body", help="Only calls whose body or query contains this text.")
@click.option("--seconds", type=float, help="How long, for latency.")
@click.option("--code", help="Which fault, for refused, for example 6540.")
@click.option("--detail", help="Its detail text.")
@_realm
@_url
@_json
def fault(
    kind: str, realm: str, url: str, code: str | None, detail: str | None, *, as_json: bool, **plan: Any
) -> None:
    """Make something go wrong: latency, throttled, server_error, cut, stream_timeout (the last three also with
    _after_write), token_expired, token_revoked, refused, refused_after_write, company_locked, books_closed."""
    asked = {"kind": kind, **_given(plan)}
    if error := _given({"code": code, "detail": detail}):
        asked["error"] = error
    planned = _ask(url, "POST", f"/companies/{realm}/faults", asked)
    click.echo(json.dumps(planned) if as_json else f"fault {planned['id']} planned for realm {realm}: {kind}")


@sandbox.command()
@_realm
@_url
@_json
def faults(realm: str, url: str, *, as_json: bool) -> None:
    """List what is planned to go wrong, and how often it did."""
    planned = _ask(url, "GET", f"/companies/{realm}/faults")
    if as_json:
        click.echo(json.dumps(planned))
        return
    for one in planned:
        count = "always" if one["count"] is None else f"{one['count']} times"
        click.echo(f"{one['id']}  {one['kind']}  {count}  seen {one['seen']}  struck {one['struck']}")


@sandbox.command()
@click.argument("fault_id", required=False)
@_realm
@_url
@_json
def clear(fault_id: str | None, realm: str, url: str, *, as_json: bool) -> None:
    """Take a planned fault out, or all of the company's."""
    _ask(url, "DELETE", f"/companies/{realm}/faults" + (f"/{fault_id}" if fault_id else ""))
    click.echo(json.dumps({"cleared": fault_id or "all"}) if as_json else "cleared")


@sandbox.command()
@click.option("--realm", help="Only this company; everything when left out.")
@_url
@_json
def reset(realm: str | None, url: str, *, as_json: bool) -> None:
    """Put one company, or the whole sandbox, back to how it started."""
    _ask(url, "POST", f"/companies/{realm}/reset" if realm else "/reset")
    click.echo(json.dumps({"reset": realm or "all"}) if as_json else "reset")
