"""What the commands ask of a store's credentials: options of ``connections add``, names of ``connections set``."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from sqlalchemy import Engine

from ops.connections import require_open
from ops.settings import Settings
from ops.stores import ACCESS_PARTS, changed_secrets
from schemas.connection import Platform
from workers.ledger.engine import reading
from workers.secrets import Secrets

ASK = "-"
HELP = {
    "url": "The store's address, to read what its webhooks did not tell.",
    "key": "Consumer key (WooCommerce) or client id (Shopify).",
    "secret": 'Consumer secret or client secret; "-" asks for it.',
    "token": 'Access token (Shopify); "-" asks for it.',
}
F = TypeVar("F", bound=Callable[..., Any])


def store_options(command: F) -> F:
    """``--store-url``, ``--store-key``, ``--store-secret`` and ``--store-token``."""
    for part in reversed(ACCESS_PARTS):
        command = click.option(f"--store-{part}", default="", help=HELP[part])(command)
    return command


def sealed(
    settings: Settings, given: Mapping[str, str], platform: Platform, kept: Mapping[str, Any]
) -> bytes:
    """The connection's secrets after ``given`` was set, encrypted.

    Raises:
        click.UsageError: the store's address is none that credentials may be sent to.
    """
    answered = {
        name: click.prompt(name, hide_input=True, err=True) if value == ASK else value
        for name, value in given.items()
    }
    try:
        changed = changed_secrets(kept, answered, platform)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    return Secrets(settings.secret_key.get_secret_value()).seal(changed)


def sealed_anew(settings: Settings, engine: Engine, connection_id: str, given: Mapping[str, str]) -> bytes:
    """As ``sealed``, for a connection that is there already.

    Raises:
        ConnectionRefusal: it is not, or it is closed.
        click.UsageError: as ``sealed``.
    """
    with reading(engine) as database:
        stored = require_open(database, connection_id)
    kept = Secrets(settings.secret_key.get_secret_value()).open(stored.secrets)
    return sealed(settings, given, stored.connection.platform, kept)
