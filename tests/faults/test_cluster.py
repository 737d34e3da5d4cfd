"""A cluster of three nodes: one of them dies under load, the others go on."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ops.node.cluster import PrivateCluster
from ops.node.node import PrivateNode
from tests.events.webhooks.store import Store
from tests.faults.conftest import OpenStack
from tests.journeys.orders import delivery, order
from tests.rig.broker import Broker
from tests.rig.fixtures import own_ports, rabbitmq_server
from tests.rig.ports import free_port
from tests.rig.stack import Stack
from tests.rig.waiting import wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(240)]

VHOST = "acme"
BACK_SECONDS = 30.0
PAUSE_SECONDS = 0.05
BEFORE, AFTER = 40, 60


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[PrivateCluster]:
    one = PrivateCluster(tmp_path / "cluster", server=rabbitmq_server(), preferred_ports=own_ports())
    try:
        one.start()
        yield one
    finally:
        one.remove()


class Load:
    """A store that keeps selling: one order after another, numbered from 1, until ``stop``."""

    def __init__(self, port: int) -> None:
        self.statuses: list[int] = []
        self._store = Store(port)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sell, daemon=True)
        self._thread.start()

    @property
    def sold(self) -> int:
        return len(self.statuses)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(30.0)

    def _sell(self) -> None:
        while not self._stopping.wait(PAUSE_SECONDS):
            self.statuses.append(self._store.send("acme-woo", delivery(order(self.sold + 1))).status)


@contextmanager
def selling(port: int) -> Iterator[Load]:
    """Orders until the block ends, however it does."""
    load = Load(port)
    try:
        yield load
    finally:
        load.stop()


def _seen_from(node: PrivateNode) -> Broker:
    return Broker(node.amqp_url(VHOST), node.management_url, VHOST, node.management)


def test_killed_leader_under_load_loses_and_doubles_nothing_and_service_is_back_within_30_seconds(
    cluster: PrivateCluster, open_stack: OpenStack, usual_database_url: str, tmp_path: Path
) -> None:
    cluster.add_vhost(VHOST)
    stack = open_stack(_seen_from(cluster.nodes[0]), usual_database_url)
    leader = cluster.leader(VHOST, "orders")
    assert _online(leader, "orders") == sorted(node.name for node in cluster.nodes)
    leader.write_down()
    others = [node for node in cluster.nodes if node is not leader]
    # The leader comes first, so that every client is connected to the node that dies.
    addresses = ";".join(node.amqp_url(VHOST) for node in (leader, *others))
    stack.broker = _seen_from(others[0])
    port = free_port()
    for words in ("webhooks", "worker", "desk"):
        listen, spool = f"127.0.0.1:{port}", str(tmp_path / "spool.db")
        stack.start(words, broker_url=addresses, listen=listen, spool_path=spool)
    with selling(port) as load:
        _wait_booked(stack, BEFORE, 60.0)

        leader.kill()

        killed_at, sold = time.monotonic(), load.sold
        _wait_booked(stack, sold + AFTER, BACK_SECONDS)
        back_seconds = time.monotonic() - killed_at
        leader.start()
    _wait_booked(stack, load.sold, 60.0)
    assert set(load.statuses) == {200}
    assert back_seconds < BACK_SECONDS
    assert cluster.leader(VHOST, "orders") is not leader
    stack.assert_books_agree(*range(1, load.sold + 1))


def _online(node: PrivateNode, queue: str) -> list[str]:
    found = node.management.request("GET", f"queues/{VHOST}/{queue}")
    assert isinstance(found, dict)
    return sorted(found["online"])


def _wait_booked(stack: Stack, orders: int, seconds: float) -> None:
    wait_for(lambda: _booked(stack) >= orders, timeout_seconds=seconds, what=f"{orders} orders are booked")


def _booked(stack: Stack) -> int:
    return list(stack.entries().values()).count("booked")
