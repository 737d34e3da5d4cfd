"""What commands share: the ledger with its refusals as sentences, and JSON for programs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
import orjson
from sqlalchemy import Engine

from ops.connections import ConnectionRefusal
from ops.settings import Settings
from workers.ledger.engine import open_ledger
from workers.secrets import SecretKeyError

JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@contextmanager
def ledger(settings: Settings) -> Iterator[Engine]:
    """The database, with refusals turned into one sentence."""
    engine = open_ledger(settings.database_url)
    try:
        yield engine
    except (ConnectionRefusal, SecretKeyError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        engine.dispose()


def printed(document: object) -> None:
    """Print JSON, indented when a person looks at it."""
    option = orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0
    click.echo(orjson.dumps(document, option=option).decode())
