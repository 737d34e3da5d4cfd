"""``counterfoil setup``: the topology on the broker and the tables in the database. Safe to run again."""

import click
import orjson
from kombu.connection import Connection

from events.broker.topology import TopologyMismatch, declare
from ops.migrations.migrate import upgrade
from ops.settings import Settings
from workers.ledger.engine import open_ledger


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def setup(settings: Settings, *, as_json: bool) -> None:
    """Declare the exchanges and queues and migrate the database. Changes nothing that is right already."""
    prepare(settings)
    if as_json:
        click.echo(orjson.dumps({"database": "current", "topology": "declared"}))
    else:
        click.echo("The database is current and the topology is declared.")


def prepare(settings: Settings) -> None:
    """Migrate the database, then declare the topology."""
    engine = open_ledger(settings.database_url)
    upgrade(engine)
    engine.dispose()
    with Connection(settings.broker_url, connect_timeout=5) as broker:
        try:
            declare(broker)
        except TopologyMismatch as error:
            raise click.ClickException(str(error)) from error
