"""Filling a peer's queue: a backlog at once, or so many events a second. Each peer is sent what its library sends."""

import sys
import time
from collections.abc import Callable, Iterator

import orjson
import pika

from ops.bench.engine.events import order_event
from ops.bench.peers.job import BROKER, QUEUE, QUORUM

Send = Callable[[dict], object]
CONNECTION = "bench-0"


def numbers(count: int, rate: float) -> Iterator[int]:
    """The order numbers, each when its time has come."""
    started = time.time()
    for number in range(count):
        wait = started + number / rate - time.time() if rate else 0.0
        if wait > 0:
            time.sleep(wait)
        yield number


def send_all(count: int, rate: float, send: Send) -> None:
    """Make and send the events."""
    for number in numbers(count, rate):
        send(order_event(number, CONNECTION))


def fill_plain(count: int, rate: float) -> None:
    """The event itself as the message's body."""
    connection = pika.BlockingConnection(pika.URLParameters(BROKER))
    channel = connection.channel()
    channel.queue_declare(QUEUE, durable=True, arguments=QUORUM)
    properties = pika.BasicProperties(delivery_mode=2, content_type="application/json")
    send_all(count, rate, lambda event: channel.basic_publish("", QUEUE, orjson.dumps(event), properties))
    connection.close()


def main(worker: Callable[[], object], fill: Callable[[int, float], None] = fill_plain) -> None:
    """A peer's command line: ``worker``, or ``fill COUNT RATE`` (0: at once)."""
    if sys.argv[1] == "fill":
        fill(int(sys.argv[2]), float(sys.argv[3]))
    else:
        worker()
