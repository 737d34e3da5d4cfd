"""P8: webhooks a second over 32 connections, against the same server without publishing and against a peer.

``python -m ops.bench.webhooks``; the last line is one JSON object. The servers are processes of their own, the
runs are interleaved, the figures are medians. The peer (Starlette + aio-pika) does the same job: signature,
reading, one confirm for each event. Its packages live in a folder of their own, see ``PEER_PACKAGES``.
"""

import argparse
import hmac
import json
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from kombu.connection import Connection

from events.broker import topology
from events.broker.tickets import Ticket
from events.outgoing import Outgoing
from events.stores.registry import PLATFORMS
from events.stores.webhook import Webhook
from events.webhooks.app import webhook_app
from events.webhooks.connections import Connections
from events.webhooks.directory import WebhookConnection
from events.webhooks.door import Door
from events.webhooks.message import event_message
from events.webhooks.outbox import Outbox
from ops.metrics import Metrics
from ops.node.node import PrivateNode
from ops.processes.webhooks import listen, run_webhooks, serve
from ops.settings import Settings

CONNECTIONS = 32
WARM_UP_SECONDS = 1.0
SECRET = "bench"
LIMIT_BYTES = 1_048_576
PEER_PACKAGES = Path(".counterfoil/bench/packages")
NO_PEER = f"The peer is left out: pip install --target {PEER_PACKAGES} aio-pika"


class OneStore:
    """A directory with one connection."""

    def get(self, connection_id: str) -> WebhookConnection | None:
        return WebhookConnection("woocommerce", "active", (SECRET,)) if connection_id == "bench" else None


class NoBroker:
    """Confirms at once what it never sends."""

    def submit(self, ticket: Ticket) -> None:
        while (taken := ticket.take(0.0)) is not None:
            ticket.settle(taken[0], None)

    def deadline(self) -> float:
        return 1.0

    def store(self, messages: Sequence[Outgoing]) -> Future[bool]:
        raise AssertionError(f"{len(messages)} messages are left to store")


def serve_ours(listen_on: str, broker_url: str) -> None:
    """The process as it is."""
    with tempfile.TemporaryDirectory() as folder:
        spool = str(Path(folder) / "spool.db")
        settings = Settings(
            listen=listen_on, metrics_listen="127.0.0.1:0", broker_url=broker_url, spool_path=spool
        )
        run_webhooks(settings, OneStore())


def serve_without_publishing(listen_on: str, _broker_url: str) -> None:
    """The same server, but its events go nowhere."""
    nowhere = NoBroker()
    door = Door(Connections(OneStore()), PLATFORMS, Outbox(nowhere, nowhere), clock=lambda: datetime.now(UTC))
    app = webhook_app(door, limit_bytes=LIMIT_BYTES, observer=Metrics(), pages={})
    with listen(listen_on) as listener:
        serve(app, listener, shutdown_seconds=1.0)


def serve_peer(listen_on: str, broker_url: str) -> None:
    """Starlette + aio-pika, as their guides have it."""
    sys.path.append(str(PEER_PACKAGES))
    import aio_pika
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    platform = PLATFORMS["woocommerce"]
    state: dict[str, Any] = {}

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        connection = await aio_pika.connect_robust(broker_url)
        channel = await connection.channel(publisher_confirms=True)
        state["exchange"] = await channel.get_exchange("counterfoil.events", ensure=False)
        yield
        await connection.close()

    async def hook(request: Request) -> JSONResponse:
        webhook = Webhook("bench", dict(request.headers), await request.body(), datetime.now(UTC))
        if not platform.signature_is_good(webhook, (SECRET,)):
            return JSONResponse({"error": "signature"}, 401)
        outgoing = [event_message(event) for event in platform.read(webhook)]
        for one in outgoing:
            message = aio_pika.Message(
                one.body,
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                message_id=one.message_id,
                content_type=one.content_type,
            )
            await state["exchange"].publish(message, one.routing_key)
        return JSONResponse({"events": len(outgoing)})

    import uvicorn

    host, _, port = listen_on.rpartition(":")
    app = Starlette(routes=[Route("/webhooks/bench", hook, methods=["POST"])], lifespan=life)
    uvicorn.run(
        app, host=host, port=int(port), loop="uvloop", http="httptools", access_log=False, log_config=None
    )


SERVERS = {
    "ours": serve_ours,
    "without publishing": serve_without_publishing,
    "starlette + aio-pika": serve_peer,
}


def order(number: int) -> bytes:
    """A WooCommerce order of about 2 KB; each number is another order."""
    line = {"id": 1, "name": "Mug", "product_id": 7, "variation_id": 0, "quantity": 2, "sku": "MUG-1",
            "subtotal": "20.00", "subtotal_tax": "2.00", "total": "20.00", "total_tax": "2.00", "price": 10,
            "taxes": [{"id": 1, "total": "2.00", "subtotal": "2.00"}], "meta_data": []}  # fmt: skip
    address = {"first_name": "Ada", "last_name": "Buyer", "address_1": "1 Long Road", "city": "Perth",
               "state": "WA", "postcode": "6000", "country": "AU", "email": "ada@example.org", "phone": ""}  # fmt: skip
    body = {"id": number, "number": str(number), "status": "processing", "currency": "AUD", "version": "9.9.5",
            "date_created_gmt": "2026-05-01T10:00:00", "date_modified_gmt": "2026-05-01T10:05:00",
            "date_paid_gmt": "2026-05-01T10:05:00", "discount_total": "0.00", "shipping_total": "5.00",
            "shipping_tax": "0.50", "total": "49.50", "total_tax": "4.50", "prices_include_tax": False,
            "customer_id": 3, "billing": address, "shipping": address, "payment_method": "stripe",
            "payment_method_title": "Card", "line_items": [line, {**line, "id": 2}],
            "tax_lines": [{"id": 9, "rate_id": 1, "rate_code": "GST", "label": "GST", "compound": False,
                           "tax_total": "4.00", "shipping_tax_total": "0.50", "rate_percent": 10}],
            "shipping_lines": [{"id": 5, "method_title": "Post", "total": "5.00", "total_tax": "0.50",
                                "taxes": [{"id": 1, "total": "0.50"}]}],
            "fee_lines": [], "coupon_lines": [], "refunds": [], "meta_data": []}  # fmt: skip
    return json.dumps(body).encode()


def request_for(body: bytes) -> bytes:
    """One signed POST, as bytes on the wire."""
    signature = b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
    head = (
        "POST /webhooks/bench HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "User-Agent: WooCommerce/9.9.5 Hookshot (WordPress/6.8.1)\r\nX-WC-Webhook-Topic: order.updated\r\n"
        f"X-WC-Webhook-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def load(port: int, seconds: float, requests: Sequence[bytes]) -> dict[str, float]:
    """Keep one request on each connection under way; any answer but 200 ends the run."""
    selector = selectors.DefaultSelector()
    sent_at: dict[socket.socket, float] = {}
    read: defaultdict[socket.socket, bytes] = defaultdict(bytes)
    durations: list[float] = []
    started, number = time.perf_counter(), 0
    for _ in range(CONNECTIONS):
        one = socket.create_connection(("127.0.0.1", port))
        selector.register(one, selectors.EVENT_READ)
        sent_at[one] = time.perf_counter()
        one.sendall(requests[number % len(requests)])
        number += 1
    while (now := time.perf_counter()) < started + seconds:
        for key, _ in selector.select(1.0):
            one = key.fileobj
            assert isinstance(one, socket.socket)
            read[one] += one.recv(4096)
            if not (answer := read[one]).endswith(b"}"):
                continue  # uvicorn writes the head and the body of an answer separately
            read[one] = b""
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"the server answered {answer[:200]!r}")
            now = time.perf_counter()
            durations.append(now - sent_at[one])
            sent_at[one] = now
            one.sendall(requests[number % len(requests)])
            number += 1
    for one in sent_at:
        one.close()
    selector.close()
    durations.sort()
    return {
        "count": len(durations),
        "rate": len(durations) / (now - started),
        "p50_ms": durations[len(durations) // 2] * 1000,
        "p99_ms": durations[int(len(durations) * 0.99)] * 1000,
    }


@contextmanager
def running(server: str, broker_url: str) -> Iterator[tuple[int, psutil.Process]]:
    """A server as a process: its port, and what can be asked about it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "ops.bench.webhooks", "--serve", server, "--port", str(port)]
    process = subprocess.Popen([*command, "--broker", broker_url])
    try:
        deadline = time.monotonic() + 20.0
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1.0).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.05)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20.0)


def one_run(server: str, broker_url: str, seconds: float) -> dict[str, float]:
    """Warm up, then measure."""
    requests = [request_for(order(number)) for number in range(1, 500)]
    with running(server, broker_url) as (port, process):
        time.sleep(0.5)  # the publisher connects; a webhook before that would be spooled
        load(port, WARM_UP_SECONDS, requests)
        before = process.cpu_times()
        figures = load(port, seconds, requests)
        after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return {**figures, "cpu_us": used / figures.pop("count") * 1e6}


def purge(broker_url: str) -> None:
    """Empty the queue, so that every run finds the same broker."""
    with Connection(broker_url) as connection, connection.channel() as channel:
        channel.queue_purge("orders")


def measure(broker_url: str, *, rounds: int, seconds: float) -> None:
    """Interleaved rounds, then medians and ratios."""
    with Connection(broker_url) as connection:
        topology.declare(connection)
    servers = list(SERVERS)
    if not (PEER_PACKAGES / "aio_pika").is_dir():
        servers.remove("starlette + aio-pika")
        print(NO_PEER)
    runs: dict[str, list[dict[str, float]]] = {server: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            purge(broker_url)
            runs[server].append(one_run(server, broker_url, seconds))
    median = {
        server: {key: statistics.median(run[key] for run in done) for key in done[0]}
        for server, done in runs.items()
    }
    print(f"{'server':<22}{'webhooks/s':>12}{'spread':>10}{'CPU us':>9}{'p50 ms':>9}{'p99 ms':>9}")
    for server, figures in median.items():
        rates = [run["rate"] for run in runs[server]]
        spread = (max(rates) - min(rates)) / figures["rate"]
        print(
            f"{server:<22}{figures['rate']:>12.0f}{spread:>10.0%}{figures['cpu_us']:>9.0f}{figures['p50_ms']:>9.1f}{figures['p99_ms']:>9.1f}"
        )
    ours = median["ours"]["rate"]
    ratios = {f"p8 ours / {server}": round(ours / median[server]["rate"], 2) for server in servers[1:]}
    print(json.dumps({"connections": CONNECTIONS, "rounds": rounds, **ratios}))


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--broker", help="a broker to use instead of a private node")
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.serve:
        SERVERS[words.serve](f"127.0.0.1:{words.port}", words.broker)
        return
    if words.broker:
        measure(words.broker, rounds=words.rounds, seconds=words.seconds)
        return
    with tempfile.TemporaryDirectory() as folder:
        node = PrivateNode(Path(folder) / "rabbitmq")
        node.start()
        try:
            measure(node.amqp_url(), rounds=words.rounds, seconds=words.seconds)
        finally:
            node.stop()


if __name__ == "__main__":
    main()
