"""``counterfoil webhooks``: receive store webhooks."""

import sys
from contextlib import suppress

import click

from ops.settings import Settings
from workers.secrets import SecretKeyError


@click.command()
@click.pass_obj
def webhooks(settings: Settings) -> None:
    """Receive webhooks on COUNTERFOIL_LISTEN until SIGTERM; while the broker is away they are kept on the disk."""
    from sqlalchemy.exc import SQLAlchemyError

    from ops.connections import Directory
    from ops.processes.health import ListenRefused
    from ops.processes.logs import configure_logs
    from ops.processes.webhooks import run_webhooks
    from workers.ledger.engine import open_ledger
    from workers.secrets import Secrets

    secret_key = settings.secret_key.get_secret_value()
    configure_logs(settings.log, secrets=settings.secret_values())
    engine = open_ledger(settings.database_url)
    try:
        directory = Directory(engine, Secrets(secret_key))
        with suppress(
            SQLAlchemyError
        ):  # a database that is away may come back; a wrong key will not be right
            directory.get("")
        code = run_webhooks(settings, directory)
    except (SecretKeyError, ListenRefused) as error:
        raise click.ClickException(str(error)) from error
    finally:
        engine.dispose()
    sys.exit(code)
