"""P6: a quiet company beside one with a backlog: from its shop's webhook to the entry, against the same alone.

Both companies have QuickBooks' real limits, so the backlog goes on for minutes while the quiet one is measured. It is
measured once the worker has seen the whole backlog; how long that takes is told.
"""

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

import urllib3
from sqlalchemy import select

from ops.bench.engine.events import order_event
from ops.bench.engine.place import BenchFailed, Place, wait_until
from ops.bench.engine.product import WEBHOOK_SECRET, Client, Product
from ops.bench.engine.runs import Run
from ops.bench.webhooks import order, request_for
from ops.node.ports import LOOPBACK, free_port
from workers.ledger.engine import reading
from workers.ledger.tables import entries

LATENCY_MS = 100
WEBHOOKS_PORT = 9760
PATIENCE_SECONDS = 90.0
"""How long the quiet company's orders may take before the run says that they did not come through."""


class Shop(threading.Thread):
    """Sends one webhook after another at a steady pace, and notes when."""

    def __init__(self, listen: str, connection_id: str, *, count: int, rate: float) -> None:
        super().__init__(daemon=True)
        self._address = f"http://{listen}/webhooks/{connection_id}"
        self._count = count
        self._rate = rate
        self.sent_at: dict[str, float] = {}
        self.refused = 0

    def run(self) -> None:
        http = urllib3.PoolManager()
        started = time.time()
        for number in range(1, self._count + 1):
            time.sleep(max(0.0, started + number / self._rate - time.time()))
            head, body = request_for(_small_order(number)).split(b"\r\n\r\n", 1)
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
            self.sent_at[f"order/{number}"] = time.time()
            answer = http.request("POST", self._address, body=body, headers=headers, timeout=30.0)
            self.refused += answer.status != 200


def _small_order(number: int) -> bytes:
    """An order whose buyer and products the ledger knows, without tax."""
    body = json.loads(order(number))
    untaxed = {
        "subtotal": "20.00",
        "total": "20.00",
        "total_tax": "0.00",
        "subtotal_tax": "0.00",
        "taxes": [],
    }
    body |= {
        "currency": "USD",
        "total": "45.00",
        "total_tax": "0.00",
        "tax_lines": [],
        "shipping_tax": "0.00",
    }
    body["line_items"] = [line | untaxed for line in body["line_items"]]
    body["shipping_lines"] = [line | {"total_tax": "0.00", "taxes": []} for line in body["shipping_lines"]]
    body["billing"]["email"] = f"buyer{body['customer_id']}@example.com"
    return json.dumps(body).encode()


def run_quiet(place: Place, name: str, *, backlog: int, orders: int, rate: float) -> Run:
    """``orders`` webhooks of a quiet shop beside ``backlog`` waiting events of another company."""
    assert WEBHOOK_SECRET == "bench", "request_for signs with it"
    listen = f"{LOOPBACK}:{free_port(WEBHOOKS_PORT, taken=set())}"
    product = Product(place, count=2, quickbooks_limits_scale=1.0, listen=listen)
    noisy, quiet = product.companies
    try:
        place.stub.reset(latency_ms=LATENCY_MS)
        product.publish(_waiting(noisy, backlog))
        sorted_seconds = 0.0
        with product.running("webhooks"), product.running("worker", "orders"):
            product.wait_consuming()
            started_at = time.monotonic()
            _wait_open(listen)
            if backlog:
                wait_until(
                    lambda: place.ready("orders") == 0 and place.stub.counted().operations >= 300,
                    what="the backlog has begun and lies where it keeps nobody waiting",
                    seconds=PATIENCE_SECONDS,
                    look_every=0.2,
                )
                sorted_seconds = time.monotonic() - started_at
            shop = Shop(listen, quiet.connection_id, count=orders, rate=rate)
            shop.start()
            shop.join()
            if shop.refused:
                raise BenchFailed(f"{shop.refused} webhooks were refused")
            latencies = _latencies(product, quiet, shop)
        run = Run(name, orders, latencies_ms=latencies)
        booked = place.stub.booked()
        run.doubled = sum(count - 1 for numbers in booked.values() for count in numbers.values())
        run.notes |= {"booked": len(latencies), "sorted_seconds": sorted_seconds}
        run.lost = product.count_failed()
        return run
    finally:
        product.close()


def _latencies(product: Product, quiet: Client, shop: Shop) -> list[float]:
    """Milliseconds from each webhook to its entry; what has not come in time counts with the time waited."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (settled := _settled(product, quiet)).keys() < shop.sent_at.keys() and time.monotonic() < deadline:
        time.sleep(0.2)
    now = time.time()
    return [
        ((settled[one].timestamp() if one in settled else now) - sent) * 1000
        for one, sent in shop.sent_at.items()
    ]


def _settled(product: Product, client: Client) -> dict[str, datetime]:
    with reading(product.engine) as database:
        found = database.execute(
            select(entries.c.subject, entries.c.settled_at).where(
                entries.c.connection_id == client.connection_id
            )
        )
        return {row.subject: row.settled_at for row in found}


def _waiting(noisy: Client, count: int) -> Iterator[dict]:
    return (order_event(number, noisy.connection_id) for number in range(count))


def _wait_open(listen: str) -> None:
    host = urlsplit(f"http://{listen}")
    http = urllib3.PoolManager(retries=False, timeout=1.0)

    def answers() -> bool:
        try:
            return http.request("GET", f"http://{host.netloc}/").status > 0
        except urllib3.exceptions.HTTPError:
            return False

    wait_until(answers, what="the webhook server answers", seconds=PATIENCE_SECONDS, look_every=0.1)
