"""Where the benches run: a private node, a private PostgreSQL and the stub, in a folder of their own."""

import mmap
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
import pika
import urllib3

from ops.bench.stub import COUNTERS
from ops.node.node import PrivateNode
from ops.node.postgres import PrivatePostgres

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / ".counterfoil" / "bench"
VHOST = "bench"


class BenchFailed(RuntimeError):
    """A run could not be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What the stub has answered so far."""

    calls: int
    reads: int
    operations: int


class Stub:
    """The stub's process: its address, its counters, its books."""

    def __init__(self, folder: Path) -> None:
        counters = folder / "stub.counters"
        command = [sys.executable, "-m", "ops.bench.stub", "--counters", str(counters)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise BenchFailed("the stub did not start")
        with counters.open("rb") as file:
            self._counters = mmap.mmap(file.fileno(), COUNTERS.size, access=mmap.ACCESS_READ)
        self._http = urllib3.PoolManager()

    def counted(self) -> Counted:
        """Look at the counters; costs the stub nothing."""
        return Counted(*COUNTERS.unpack_from(self._counters, 0))

    def reset(self, *, latency_ms: int = 0) -> None:
        """Forget what was booked, and answer after so many milliseconds from now on."""
        self._ask("reset")
        self._ask(f"latency/{latency_ms}")

    def booked(self) -> dict[str, dict[str, int]]:
        """For each company, how often each document number was booked."""
        return orjson.loads(self._ask("booked"))

    def _ask(self, what: str) -> bytes:
        return self._http.request("GET", f"{self.url}/_bench/{what}", timeout=30.0).data

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(10.0)


class Place:
    """Broker, database server and stub, and how to look into them."""

    def __init__(self, node: PrivateNode, postgres: PrivatePostgres, stub: Stub, folder: Path) -> None:
        self.node = node
        self.postgres = postgres
        self.stub = stub
        self.folder = folder
        self.broker_url = node.amqp_url(VHOST)
        self.management_url = node.management_url

    def fresh_broker(self) -> None:
        """An empty virtual host: no run finds what an earlier one left."""
        self.node.management.delete_vhost(VHOST)
        self.node.add_vhost(VHOST)

    def fresh_database(self, name: str, *, template: str = "template1") -> str:
        """A new database, as a copy of ``template``; gives its address."""
        self.postgres.drop_database(name)
        self.postgres.run_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.postgres.url(name)

    def ready(self, queue: str) -> int:
        """Messages that wait in a queue; 0 when there is no such queue."""
        connection = pika.BlockingConnection(pika.URLParameters(self.broker_url))
        try:
            return int(connection.channel().queue_declare(queue, passive=True).method.message_count)
        except pika.exceptions.ChannelClosedByBroker:
            return 0
        finally:
            connection.close()

    def consumers(self, queue: str) -> int:
        """Consumers of a queue; 0 when there is no such queue."""
        connection = pika.BlockingConnection(pika.URLParameters(self.broker_url))
        try:
            return int(connection.channel().queue_declare(queue, passive=True).method.consumer_count)
        except pika.exceptions.ChannelClosedByBroker:
            return 0
        finally:
            connection.close()


@contextmanager
def place() -> Iterator[Place]:
    """Start everything, and stop it at the end."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    node = PrivateNode(FOLDER / "rabbitmq")
    postgres = PrivatePostgres(FOLDER / "postgres", preferred_port=5490)
    node.start()
    try:
        postgres.start()
        try:
            _drop_old_databases(postgres)
            stub = Stub(FOLDER)
            try:
                yield Place(node, postgres, stub, FOLDER)
            finally:
                stub.stop()
        finally:
            postgres.stop()
    finally:
        node.stop()


def _drop_old_databases(postgres: PrivatePostgres) -> None:
    """Those of an earlier bench may have other tables."""
    listed = postgres.run_sql(
        "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
    )
    for name in listed.split():
        postgres.drop_database(name)


def wait_until(
    condition: Callable[[], object], *, what: str, seconds: float, look_every: float = 0.01
) -> None:
    """Wait for a condition.

    Raises:
        BenchFailed: it did not come true in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise BenchFailed(f"not within {seconds:g} s: {what}")
        time.sleep(look_every)


def load_average() -> float:
    """How many processes wanted a core in the last minute."""
    return os.getloadavg()[0]
