"""``counterfoil setup``: once, again, and where something stands in its way."""

import json

import pytest
from click.testing import CliRunner, Result

from ops.cli.main import cli
from ops.migrations.migrate import is_current
from ops.settings import Settings
from tests.rig.broker import Broker
from workers.ledger.engine import open_ledger

pytestmark = pytest.mark.broker


@pytest.fixture
def settings(broker: Broker, sqlite_url: str) -> Settings:
    return Settings(broker_url=broker.url, database_url=sqlite_url)


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(cli, ["setup", *words], obj=settings)


def test_setup_makes_everything_and_a_second_one_changes_nothing(broker: Broker, settings: Settings) -> None:
    first = run(settings)
    queues, bindings = broker.queues(), broker.bindings()
    broker.publish("", "orders.errors", "kept")
    second = run(settings, "--json")

    assert (first.exit_code, first.output) == (0, "The database is current and the topology is declared.\n")
    assert json.loads(second.stdout) == {"database": "current", "topology": "declared"}
    engine = open_ledger(settings.database_url)
    assert is_current(engine)
    engine.dispose()
    assert (set(broker.queues()), broker.bindings()) == (set(queues), bindings)
    assert broker.take("orders.errors")[0].body == b"kept"


def test_queue_of_another_kind_is_named_and_left_alone(broker: Broker, settings: Settings) -> None:
    with broker.channel() as channel:
        channel.queue_declare("orders.errors", durable=True)

    refused = run(settings)

    assert refused.exit_code == 1
    assert 'Queue "orders.errors" already exists with other properties' in refused.output
    assert "run `counterfoil setup` again" in refused.output
    assert broker.exists("orders.errors")
