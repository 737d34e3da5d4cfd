"""P7: so many events a second at QuickBooks' usual latency, from publishing an event to its entry."""

import threading
import time
from typing import Any

import orjson
import pika

from events import names
from ops.bench.engine.backlog import SECONDS
from ops.bench.engine.events import event_id, order_event
from ops.bench.engine.place import Place, wait_until
from ops.bench.engine.product import Product
from ops.bench.engine.runs import Run, check_books

WARM_UP_SHARE = 0.2


class Pacer(threading.Thread):
    """Publishes events at a steady rate, the companies in turn, and notes when each was sent."""

    def __init__(self, product: Product, connections: list[str], *, events: int, rate: float) -> None:
        super().__init__(daemon=True)
        self._url = product.place.broker_url
        self._connections = connections
        self._events = events
        self._rate = rate
        self.sent_at: dict[str, float] = {}

    def run(self) -> None:
        connection = pika.BlockingConnection(pika.URLParameters(self._url))
        channel = connection.channel()
        started = time.time()
        for number in range(self._events):
            time.sleep(max(0.0, started + number / self._rate - time.time()))
            of = self._connections[number % len(self._connections)]
            event = order_event(number, of)
            body = orjson.dumps(event)
            self.sent_at[event_id(of, number)] = time.time()
            properties = pika.BasicProperties(delivery_mode=2, message_id=event["id"])
            channel.basic_publish(names.EVENTS, event["type"], body, properties)
        connection.close()

    def latencies_ms(self, product: Product) -> list[float]:
        """Milliseconds from sending each event to its entry, without the first ones; waits for the last."""
        ids = list(self.sent_at)
        wait_until(
            lambda: set(ids) <= set(product.settled()),
            what="every paced event has an entry",
            seconds=SECONDS,
            look_every=0.5,
        )
        settled = product.settled()
        measured = ids[int(len(ids) * WARM_UP_SHARE) :]
        return [(settled[one].timestamp() - self.sent_at[one]) * 1000 for one in measured]


def run_paced(
    place: Place, name: str, *, events: int, rate: float, latency_ms: int, companies: int, **settings: Any
) -> Run:
    """``rate`` events a second over some companies; the worker is up before the first."""
    product = Product(place, count=companies, **settings)
    try:
        place.stub.reset(latency_ms=latency_ms)
        before = place.stub.counted()
        with product.running("worker", "orders") as (worker,):
            product.wait_consuming()
            cpu = worker.cpu_seconds()
            pacer = Pacer(product, [one.connection_id for one in product.companies], events=events, rate=rate)
            pacer.start()
            pacer.join()
            latencies = pacer.latencies_ms(product)
            used = worker.cpu_seconds() - cpu
            memory = worker.memory_mb()
        run = Run(name, events, rate, used / events * 1000, memory, latencies_ms=latencies)
        run.lost += product.count_failed()
        expected: dict[str, set[str]] = {one.realm_id: set() for one in product.companies}
        for number in range(events):
            expected[product.companies[number % companies].realm_id].add(str(number))
        return check_books(run, place, expected, before)
    finally:
        product.close()
