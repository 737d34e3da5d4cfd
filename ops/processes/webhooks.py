"""The webhook process: HTTP in front, the broker behind, the spool beside, ended by SIGTERM."""

import os
import signal
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import orjson
import uvicorn
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from events.broker.publisher import Publisher
from events.spool.relay import Relay
from events.spool.writer import SpoolWriter
from events.stores.registry import PLATFORMS
from events.webhooks.app import App, Page, webhook_app
from events.webhooks.connections import Connections
from events.webhooks.directory import Directory
from events.webhooks.outbox import Outbox
from ops.metrics import Metrics
from ops.processes.health import JSON, Check, HealthServer, ListenRefused, readiness
from ops.processes.hearing import HearingDoor
from ops.settings import Settings
from ops.tracing.switch import NAME, open_traces

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 30
CLOSE_SECONDS = 5.0
CONFIRM_SECONDS = 3.0
"""After that a webhook is spooled: Shopify waits 5 s for its answer. Source: Shopify, "HTTPS webhooks"."""


class _Room:
    """How full the spool is, as the writer and the relay last saw it."""

    def __init__(self, limit: int, metrics: Metrics) -> None:
        self._limit, self._metrics, self._held = limit, metrics, 0

    def holds(self, messages: int) -> None:
        self._held = messages
        self._metrics.spool_holds(messages)

    @property
    def left(self) -> bool:
        return self._held < self._limit


def run_webhooks(settings: Settings, directory: Directory) -> int:
    """Receive webhooks until SIGTERM or SIGINT. Returns the exit code.

    Starts without the broker too: webhooks are spooled until it is there.

    Raises:
        ListenRefused: an address is taken or is not ours.
    """
    metrics = Metrics()
    room = _Room(settings.spool_limit, metrics)
    path = Path(settings.spool_path)
    publisher = Publisher(
        settings.broker_url, confirm_timeout_seconds=CONFIRM_SECONDS, connection_name="counterfoil webhooks"
    )
    writer = SpoolWriter(path, limit=settings.spool_limit, on_count=room.holds)
    relay = Relay(path, publisher, on_count=room.holds)
    connections = Connections(directory)
    outbox = Outbox(publisher, writer)
    traces = open_traces(settings, "webhooks")
    if traces is not None:
        from ops.tracing.webhooks import TracedOutbox, traced_app

        outbox = TracedOutbox(publisher, writer, traces.get_tracer(NAME))
    door = HearingDoor(
        connections,
        PLATFORMS,
        outbox,
        clock=lambda: datetime.now(UTC),
        listener=metrics,
    )
    # Ready to store, wherever: while the spool has room, a store should go on sending.
    checks: Mapping[str, Check] = {"storage": lambda: publisher.connected or room.left}
    app = webhook_app(
        door, limit_bytes=settings.webhook_limit_bytes, observer=metrics, pages=_pages(metrics, checks)
    )
    if traces is not None:
        app = traced_app(app, traces.get_tracer(NAME))
    with (
        listen(settings.listen) as listener,
        HealthServer(settings.metrics_listen, checks, registry=metrics.registry),
    ):
        for part in (publisher, writer, relay, connections):
            part.start()
        serve(app, listener, shutdown_seconds=settings.shutdown_seconds)
        connections.close()
        relay.close(CLOSE_SECONDS)
        publisher.close(CLOSE_SECONDS)
        writer.close(CLOSE_SECONDS)
    if traces is not None:
        traces.shutdown()
    return 0


def listen(address: str) -> socket.socket:
    """A listening socket on HOST:PORT.

    Raises:
        ListenRefused: the address is taken or is not ours.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ListenRefused(
            f"Cannot listen on {address} ({os.strerror(error.errno or 0)}). Choose another address."
        ) from error


def serve(app: App, listener: socket.socket, *, shutdown_seconds: float) -> None:
    """Serve until a signal: uvicorn then takes no new connections and answers what is in flight."""
    # uvicorn raises the signal again when it has ended; by then it has done its work.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(shutdown_seconds)),
    )
    uvicorn.Server(config).run(sockets=[listener])


def _pages(metrics: Metrics, checks: Mapping[str, Check]) -> dict[str, Callable[[], Page]]:
    def live() -> Page:
        return Page(HTTPStatus.OK, JSON.encode(), orjson.dumps({"live": True}))

    def ready() -> Page:
        status, answer = readiness(checks)
        return Page(status, JSON.encode(), orjson.dumps(answer))

    def numbers() -> Page:
        return Page(HTTPStatus.OK, CONTENT_TYPE_LATEST.encode(), generate_latest(metrics.registry))

    return {"/health/live": live, "/health/ready": ready, "/metrics": numbers}
