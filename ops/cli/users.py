"""``counterfoil users …``: people on RabbitMQ, with just the permissions of their role."""

import http
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
from rich.console import Console
from rich.table import Table

from events.broker.addresses import addresses
from ops.cli.showing import JSON_OPTION, printed
from ops.node.management import Management, ManagementRefused
from ops.settings import Settings
from ops.users.accounts import Accounts, UserRefusal
from ops.users.roles import ROLES

PASSWORD_FILE = click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="Read the password from this file, - for standard input; asked for when left out.",
)


@click.group()
def users() -> None:
    """Add, list and remove RabbitMQ users with the permissions of a role.

    An operator sees queues, peeks at error queues and publishes commands, and nothing else; a viewer only looks.
    COUNTERFOIL_MANAGEMENT_URL must name an administrator of RabbitMQ.
    """


@users.command()
@click.argument("name")
@click.option("--role", type=click.Choice(sorted(ROLES)), required=True, help="What the user may do.")
@PASSWORD_FILE
@JSON_OPTION
@click.pass_obj
def add(settings: Settings, name: str, role: str, password_file: Path | None, *, as_json: bool) -> None:
    """Make a user."""
    password = _password(password_file)
    with _accounts(settings) as accounts:
        accounts.add(name, password, ROLES[role])
    if as_json:
        printed({"user": name, "role": role, "added": True})
    else:
        click.echo(f"Added: {name}, {role}: {ROLES[role].text}.")


@users.command("list")
@JSON_OPTION
@click.pass_obj
def list_(settings: Settings, *, as_json: bool) -> None:
    """List the users that have a role here."""
    with _accounts(settings) as accounts:
        found = accounts.known()
    if as_json:
        printed([asdict(one) | {"may": ROLES[one.role].text} for one in found])
        return
    if not found:
        click.echo("There are none. Next: counterfoil users add NAME --role operator")
        return
    table = Table("User", "Role", "May", "Password")
    for one in found:
        table.add_row(one.name, one.role, ROLES[one.role].text, "set" if one.can_log_in else "not set")
    Console().print(table)


@users.command()
@click.argument("name")
@PASSWORD_FILE
@JSON_OPTION
@click.pass_obj
def password(settings: Settings, name: str, password_file: Path | None, *, as_json: bool) -> None:
    """Give a user a new password."""
    chosen = _password(password_file)
    with _accounts(settings) as accounts:
        accounts.set_password(name, chosen)
    if as_json:
        printed({"user": name, "password": "changed"})
    else:
        click.echo(f"The password of {name} is changed.")


@users.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@JSON_OPTION
@click.pass_obj
def remove(settings: Settings, name: str, *, yes: bool, as_json: bool) -> None:
    """Remove a user; RabbitMQ closes its connections."""
    if not yes:
        click.confirm(f"Remove the RabbitMQ user {name}?", abort=True, err=as_json)
    with _accounts(settings) as accounts:
        accounts.remove(name)
    if as_json:
        printed({"user": name, "removed": True})
    else:
        click.echo(f"Removed: {name}.")


def _password(file: Path | None) -> str:
    if file is None:
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    with click.open_file(str(file), encoding="utf-8") as opened:
        return str(opened.read()).rstrip("\r\n")


@contextmanager
def _accounts(settings: Settings) -> Iterator[Accounts]:
    """The users of our virtual host, with refusals turned into one sentence."""
    vhost = unquote(urlsplit(addresses(settings.broker_url)[0]).path.removeprefix("/")) or "/"
    try:
        yield Accounts(Management(settings.management_url), vhost)
    except UserRefusal as error:
        raise click.ClickException(str(error)) from error
    except ManagementRefused as error:
        who = {http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN}
        told = "does not let us manage users" if error.status in who else f"refused: {error}"
        raise click.ClickException(
            f"RabbitMQ's management API {told}. COUNTERFOIL_MANAGEMENT_URL must name an administrator."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise click.ClickException(
            f"RabbitMQ's management API does not answer ({error}). Check COUNTERFOIL_MANAGEMENT_URL."
        ) from error
