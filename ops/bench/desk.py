"""P9 and P10: the error desk over many failures, against bare loops that do the same with nothing around them.

``python -m ops.bench.desk [--failures N] [--full] [--database URL]``; the last line is one JSON object. The desk is a
process of its own. P9: Retry all, from the command to the last event back in the workflow's queue. P10: Retry of one
among many and among ten, one sweep against one bare pass (connection closed to give back), the desk's memory. Also:
Retry of one group, a hundredth of all, and Ignore all.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pika
from kombu.connection import Connection
from sqlalchemy import Engine, delete, select, update

from events import names
from events.broker.publisher import Publisher
from events.broker.topology import declare
from ops.node.node import PrivateNode
from ops.processes.programs import counterfoil, environment
from ops.settings import Settings
from workers.error_copies import error_copy
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.failed_bodies import with_body
from workers.ledger.failures import Failure, record_failures
from workers.ledger.tables import commands, failed_bodies, failed_messages, metadata

BODY_BYTES = 2048
IN_FLIGHT = 250
CHUNK = 5000
SINGLES = 15
GROUPS = 100
WORKFLOW = "orders"
LIMIT_SECONDS = 600.0
REST_SECONDS = 3.0
"""RabbitMQ writes for some time after a pass has given everything back; a desk at work is long past that."""


@dataclass(frozen=True)
class Place:
    """Where the bench runs: a virtual host, a ledger, our publisher."""

    url: str
    database_url: str
    ledger: Engine
    publisher: Publisher

    def depth(self, queue: str) -> int:
        """Messages ready in a queue."""
        with pika_channel(self.url) as channel:
            return int(channel.queue_declare(queue, passive=True).method.message_count)


@contextmanager
def pika_channel(url: str) -> Iterator[Any]:
    """A channel on a connection of its own."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        yield connection.channel()
    finally:
        connection.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failures", type=int, default=5000)
    parser.add_argument("--full", action="store_true", help="100,000 failures")
    parser.add_argument("--database", help="SQLite in a temporary folder when left out")
    wish = parser.parse_args()
    count = 100_000 if wish.full else wish.failures
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the node is ended too
    with tempfile.TemporaryDirectory() as folder:
        node = PrivateNode(Path(folder) / "rabbitmq", say=print)
        node.start()
        try:
            url = node.add_vhost("bench-desk")
            print(json.dumps(measure(url, wish.database or f"sqlite:///{folder}/bench.db", count)))
        finally:
            node.remove()


def measure(url: str, database_url: str, count: int) -> dict[str, object]:
    """All figures for so many failures."""
    with Connection(url) as connection:
        declare(connection)
    ledger = open_ledger(database_url)
    metadata.create_all(ledger)
    publisher = Publisher(url, confirm_timeout_seconds=60)
    publisher.start()
    place = Place(url, database_url, ledger, publisher)
    try:
        figures: dict[str, object] = {"failures": count, "database": ledger.dialect.name}
        fill(place, 10)
        with desk(place, 10):
            figures["retry_one_of_ten_ms"] = round(retry_one(place) * 1000, 2)
        fill(place, count)
        figures |= bare_pass_and_sweep(place, count)
        with desk(place, count) as process:
            figures["retry_one_of_all_ms"] = round(retry_one(place) * 1000, 2)
            figures["retry_group_seconds"] = round(retry_group(place), 3)
            figures["retry_all_seconds"] = round(retry_all(place), 3)
            wait_for(lambda: place.depth(names.errors(WORKFLOW)) == 0)
            figures["desk_peak_mb"] = peak_mb(process.pid)
            figures["ignore_all_seconds"] = round(ignore_all(place), 3)
        figures["bare_replay_seconds"] = round(bare_replay(place, count), 3)
    finally:
        publisher.close(5)
        ledger.dispose()
    return figures | ratios(figures)


def ratios(figures: dict[str, Any]) -> dict[str, float]:
    """The figures that count, as P9 and P10 name them."""
    rest = 1 - 1 / GROUPS  # one group was retried before
    return {
        "P9_rate_to_bare": round(rest * figures["bare_replay_seconds"] / figures["retry_all_seconds"], 3),
        "P10_one_of_all_to_one_of_ten": round(
            figures["retry_one_of_all_ms"] / figures["retry_one_of_ten_ms"], 3
        ),
        "P10_sweep_to_bare": round(figures["sweep_seconds"] / figures["bare_pass_seconds"], 3),
    }


def fill(place: Place, count: int) -> None:
    """Empty everything, then put so many failures into ledger and queue."""
    with pika_channel(place.url) as channel:
        for queue in (WORKFLOW, names.errors(WORKFLOW), names.COMMANDS_LOG):
            channel.queue_purge(queue)
    with writing(place.ledger) as connection:
        connection.execute(delete(failed_messages))
        connection.execute(delete(failed_bodies))
        connection.execute(delete(commands))
    for start in range(0, count, CHUNK):
        some = [failure(number) for number in range(start, min(start + CHUNK, count))]
        copies = [error_copy(WORKFLOW, one.event_id, one.body, one.headers()) for one in some]
        assert not any(place.publisher.publish_all(copies, timeout_seconds=120))
        with writing(place.ledger) as connection:
            record_failures(connection, some)


def failure(number: int) -> Failure:
    """One failure of 2 KB."""
    envelope = {
        "specversion": "1.0",
        "id": f"event-{number}",
        "source": "bench",
        "type": "orders.paid",
        "subject": f"order/{number}",
        "time": "2026-11-24T08:15:00Z",
        "connection": "bench",
        "data": {},
    }
    body = json.dumps(envelope)
    envelope["data"] = {"note": "x" * (BODY_BYTES - len(body) - 10)}
    at = datetime.now(UTC)
    return Failure(
        event_id=f"event-{number}",
        workflow="orders",
        connection_id="bench",
        subject=f"order/{number}",
        object_key=f"order/{number}",
        body=json.dumps(envelope).encode(),
        reason="tax_code_unmapped",
        cause=f"tax {number % GROUPS}",
        message=f'Order {number}: store tax "{number % GROUPS}" has no QuickBooks tax code. Map it, then Retry.',
        fix='counterfoil connections set bench taxes."GST"=ID',
        fault_code="",
        attempts=1,
        copy_id=uuid.uuid4().hex,
        failed_at=at,
        sequence=time.time_ns(),
    )


@contextmanager
def desk(place: Place, count: int) -> Iterator[subprocess.Popen[str]]:
    """A desk process for the time of the block; the pass that every desk makes at its start is over and given back."""
    settings = Settings(
        broker_url=place.url, database_url=place.database_url, metrics_listen="127.0.0.1:0", log="info"
    )
    process = subprocess.Popen(
        counterfoil("desk"), env=environment(settings, os.environ), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    log = process.stderr
    for line in log:
        if "error queue swept" in line and WORKFLOW in line:
            break
    threading.Thread(target=lambda: [None for _ in log], daemon=True).start()
    wait_for(lambda: place.depth(names.errors(WORKFLOW)) == count)
    time.sleep(REST_SECONDS)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def retry_one(place: Place, event_id: str | None = None) -> float:
    """Seconds from publishing a retry until its answer is in commands.log: the median of some."""
    seconds: list[float] = []
    with pika_channel(place.url) as channel:
        channel.confirm_delivery()
        answers = channel.consume(names.COMMANDS_LOG, auto_ack=True, inactivity_timeout=60)
        for number in range(1 if event_id else SINGLES + 3):
            # the middle of the queue, so that nothing depends on being first
            wanted = event_id or f"event-{3 + number % 7 if _few(place) else number * 31 + 1000}"
            began = time.perf_counter()
            command = {"command": "retry", "event_id": wanted}
            channel.basic_publish(names.COMMANDS, WORKFLOW, json.dumps(command).encode(), mandatory=True)
            _, _, body = next(answers)
            if not event_id and number >= 3:  # the first ones warm up
                seconds.append(time.perf_counter() - began)
            assert body is not None, "the desk does not answer"
            restore_row(place, wanted)
    return statistics.median(seconds) if seconds else 0.0


def _few(place: Place) -> bool:
    with reading(place.ledger) as connection:
        found = connection.execute(select(failed_messages.c.event_id).limit(11)).all()
    return len(found) < 11


def restore_row(place: Place, event_id: str) -> None:
    """Make the row as it was, so that each retry meets the same number of failures."""
    with writing(place.ledger) as connection:
        connection.execute(
            update(failed_messages).where(failed_messages.c.event_id == event_id).values(status="unresolved")
        )


def bare_pass_and_sweep(place: Place, count: int) -> dict[str, object]:
    """One sweep and one bare pass over the same queue, in turn, three times."""
    from ops.desk.sweep import Sweeper

    sweeper = Sweeper(place.url, place.ledger, place.publisher, lambda: datetime.now(UTC))
    sweeps: list[float] = []
    bare: list[float] = []
    for _ in range(3):
        for seconds in (bare, sweeps):
            wait_for(lambda: place.depth(names.errors(WORKFLOW)) == count)
            began = time.perf_counter()
            bare_pass(place, count) if seconds is bare else sweeper.sweep("orders")
            seconds.append(time.perf_counter() - began)
    wait_for(lambda: place.depth(names.errors(WORKFLOW)) == count)
    return {
        "bare_pass_seconds": round(statistics.median(bare), 3),
        "sweep_seconds": round(statistics.median(sweeps), 3),
    }


def bare_pass(place: Place, count: int) -> None:
    """Read everything, decode it, keep the tags, close the connection to give it back."""
    connection = pika.BlockingConnection(pika.URLParameters(place.url))
    tags: list[int] = []

    def arrived(_channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        json.loads(body)
        tags.append(method.delivery_tag)

    for start in range(0, count, 65_535):
        channel = connection.channel()
        channel.basic_qos(prefetch_count=min(65_535, count - start))
        channel.basic_consume(names.errors(WORKFLOW), arrived)
    while len(tags) < count:
        connection.process_data_events(1.0)
    connection.close()


def retry_all(place: Place) -> float:
    """Seconds from the command to the last event back in the workflow's queue."""
    with pika_channel(place.url) as channel:
        channel.queue_purge(WORKFLOW)
    return answered(place, {"command": "retry_all"})


def retry_group(place: Place) -> float:
    """The same for one failure group, a hundredth of all."""
    return answered(place, {"command": "retry_all", "group": failure(0).group_id})


def ignore_all(place: Place) -> float:
    """Seconds of an Ignore all of everything; what was retried is made unresolved before."""
    with writing(place.ledger) as connection:
        connection.execute(update(failed_messages).values(status="unresolved"))
    return answered(place, {"command": "ignore_all", "reason": "bench"})


def answered(place: Place, command: dict[str, str]) -> float:
    """Seconds from publishing a command to its last answer; those before it tell how far it is."""
    with pika_channel(place.url) as channel:
        channel.queue_purge(names.COMMANDS_LOG)
        began = time.perf_counter()
        channel.basic_publish(names.COMMANDS, WORKFLOW, json.dumps(command).encode())
        for _, _, body in channel.consume(names.COMMANDS_LOG, auto_ack=True, inactivity_timeout=1):
            if body is not None and json.loads(body)["result"] != "running":
                assert json.loads(body)["result"] == "accepted", body
                break
            assert time.perf_counter() - began < LIMIT_SECONDS, f"{command} takes too long"
    return time.perf_counter() - began


def bare_replay(place: Place, count: int) -> float:
    """Seconds of a loop that reads the same rows and publishes them with 250 confirms in flight."""
    with pika_channel(place.url) as channel:
        channel.queue_purge(WORKFLOW)
    began = time.perf_counter()
    with reading(place.ledger) as connection:
        rows = connection.execution_options(yield_per=1000).execute(
            with_body(failed_messages.c.event_id).order_by(failed_messages.c.sequence)
        )
        sent = Bare(place.url, ((row.event_id, row.body) for row in rows)).run()
    assert sent == count
    return time.perf_counter() - began


class Bare:
    """pika and nothing else: publish, count confirms, keep 250 in flight."""

    def __init__(self, url: str, messages: Iterator[tuple[str, bytes]]) -> None:
        self.messages = messages
        self.sent = self.confirmed = 0
        self.ended = False
        self.connection = pika.SelectConnection(pika.URLParameters(url), on_open_callback=self.opened)

    def run(self) -> int:
        """Publish all; how many were confirmed."""
        self.connection.ioloop.start()
        return self.confirmed

    def opened(self, connection: Any) -> None:
        connection.channel(on_open_callback=self.channel_open)

    def channel_open(self, channel: Any) -> None:
        self.channel = channel
        channel.confirm_delivery(self.answered, callback=lambda _frame: self.more())

    def answered(self, frame: Any) -> None:
        tag = frame.method.delivery_tag
        self.confirmed = max(self.confirmed, tag)
        self.more()

    def more(self) -> None:
        while not self.ended and self.sent - self.confirmed < IN_FLIGHT:
            message = next(self.messages, None)
            if message is None:
                self.ended = True
                break
            properties = pika.BasicProperties(delivery_mode=2, message_id=message[0])
            self.channel.basic_publish("", WORKFLOW, message[1], properties, mandatory=True)
            self.sent += 1
        if self.ended and self.confirmed == self.sent:
            self.connection.ioloop.stop()


def wait_for(condition: Any) -> None:
    """Wait for a condition, bounded."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.02)


def peak_mb(pid: int) -> float:
    """The most memory that a process had (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


if __name__ == "__main__":
    main()
    sys.stdout.flush()
