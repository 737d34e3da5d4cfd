"""The broker or the database is away for all processes: nothing is lost or booked twice, all goes on by itself."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.processes.programs import counterfoil, environment
from ops.sandbox.testing import SandboxServer
from tests.journeys.orders import delivery, order
from tests.journeys.shop import Shop
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.ports import free_port
from tests.rig.proxy import TcpProxy
from tests.rig.stack import Stack
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker
OpenShop = Callable[..., Shop]


@pytest.fixture
def open_shop(
    broker: Broker, usual_database_url: str, sandbox: SandboxServer, process: StartProcess, tmp_path: Path
) -> Iterator[OpenShop]:
    """A shop whose processes the test starts itself."""
    opened: list[Stack] = []

    def make(*, database_url: str = usual_database_url, **changes: Any) -> Shop:
        port = free_port()
        stack = Stack(
            broker=broker,
            database_url=database_url,
            sandbox=sandbox,
            start=process,
            listen=f"127.0.0.1:{port}",
            spool_path=str(tmp_path / "spool.db"),
            **changes,
        )
        opened.append(stack)
        return Shop(stack, port)

    yield make
    for stack in opened:
        stack.close()


def alone(shop: Shop, **changes: Any) -> dict[str, str]:
    """The environment of one process of the shop, with a metrics address of its own."""
    metrics = f"127.0.0.1:{free_port()}"
    return environment(shop.stack.settings.model_copy(update={"metrics_listen": metrics, **changes}), {})


def test_everything_starts_without_the_broker_and_outlives_a_loss_of_it(
    open_shop: OpenShop, broker: Broker, process: StartProcess, proxy: Callable[[str], TcpProxy]
) -> None:
    shop = open_shop()
    between = proxy(broker.url)
    between.refuse()
    waiting = {
        words: process(*counterfoil(words), environment=alone(shop, broker_url=between.url(broker.url)))
        for words in ("webhooks", "worker", "desk")
    }
    waiting["webhooks"].wait_port(int(shop.stack.settings.listen.rpartition(":")[2]))

    kept = shop.send(delivery(order(1)))
    assert kept.status == 200
    between.pass_on()
    shop.wait_receipt(1)

    between.refuse()
    kept = shop.send(delivery(order(2)))
    assert kept.status == 200
    between.pass_on()
    shop.wait_receipt(2)

    shop.send(delivery(order(3, currency="EUR")))
    failed = shop.row("order/3")
    shop.publish_command({"command": "ignore", "event_id": failed.event_id, "id": "after"})
    assert shop.wait_answer(id="after")["result"] == "accepted"
    assert [len(shop.receipts(number)) for number in (1, 2)] == [1, 1]
    for name, running in waiting.items():
        assert running.terminate() == 0, name


def test_while_the_sqlite_file_is_locked_everything_waits_and_goes_on(
    open_shop: OpenShop, sqlite_url: str
) -> None:
    shop = open_shop(database_url=sqlite_url)
    for words in ("webhooks", "worker", "desk"):
        shop.stack.start(words)
    shop.send(delivery(order(1)))
    shop.wait_receipt(1)

    lock = sqlite3.connect(str(shop.stack.engine.url.database), isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    kept = shop.send(delivery(order(2)))
    shop.publish_command({"command": "retry", "event_id": "none", "id": "meanwhile"})
    wait_for(lambda: shop.broker.count("orders") == 0, what="the worker has the order in its hands")
    assert (kept.status, shop.receipts(2), shop.answers()) == (200, [], [])
    lock.execute("ROLLBACK")
    lock.close()

    shop.wait_receipt(2)
    shop.wait_answer(id="meanwhile", result="refused")
    assert len(shop.receipts(2)) == 1


@pytest.mark.postgres
def test_while_the_database_is_away_webhooks_are_taken_and_everything_goes_on_later(
    open_shop: OpenShop, postgres_url: str, proxy: Callable[[str], TcpProxy]
) -> None:
    shop = open_shop(database_url=postgres_url)
    between = proxy(postgres_url)
    address = between.url(postgres_url)
    for words in ("webhooks", "worker", "desk"):
        shop.stack.start(words, database_url=address)
    shop.send(delivery(order(1)))
    shop.wait_receipt(1)

    between.refuse()
    kept = shop.send(delivery(order(2)))
    shop.publish_command({"command": "retry", "event_id": "none", "id": "meanwhile"})
    assert (kept.status, shop.receipts(2)) == (200, [])
    between.pass_on()

    shop.wait_receipt(2)
    shop.wait_answer(id="meanwhile", result="refused")
    assert len(shop.receipts(2)) == 1
