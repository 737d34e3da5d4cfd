"""A small server beside every process: is it alive, is it ready, and its metrics."""

import logging
import os
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

JSON = "application/json"
SLOW_CLIENT_SECONDS = 10.0

Check = Callable[[], object]
"""True while all is well; false or an error otherwise."""

log = logging.getLogger(__name__)


class ListenRefused(Exception):
    """The address cannot be listened on; the text is a sentence for a person. Raised by ``HealthServer``."""


def readiness(checks: Mapping[str, Check]) -> tuple[HTTPStatus, dict[str, object]]:
    """Run every check: 200, or 503 with the names of those that failed."""
    failed = [name for name, check in checks.items() if not _passes(name, check)]
    if failed:
        return HTTPStatus.SERVICE_UNAVAILABLE, {"ready": False, "failed": failed}
    return HTTPStatus.OK, {"ready": True}


def _passes(name: str, check: Check) -> bool:
    try:
        return bool(check())
    except Exception:
        # Whatever a check trips over, the answer is "not ready", with a trace in the log.
        log.warning("health check raised", extra={"check": name}, exc_info=True)
        return False


class HealthServer:
    """``GET /health/live``, ``/health/ready``, ``/metrics`` on ``listen`` (HOST:PORT), in threads of its own.

    Raises:
        ListenRefused: the address is taken or is not ours.
    """

    def __init__(self, listen: str, checks: Mapping[str, Check], *, registry: CollectorRegistry) -> None:
        host, _, port = listen.rpartition(":")

        class Handler(_Handler):
            ready_checks = checks
            metrics = registry

        try:
            self._server = ThreadingHTTPServer((host.strip("[]"), int(port)), Handler)
        except OSError as error:
            raise ListenRefused(
                f"Cannot listen on {listen} ({os.strerror(error.errno or 0)}). Choose another address."
            ) from error
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on; the system's choice where ``listen`` said 0."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    ready_checks: Mapping[str, Check]
    metrics: CollectorRegistry
    timeout = SLOW_CLIENT_SECONDS
    server_version = "counterfoil"
    sys_version = ""

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/health/live":
                self._answer(HTTPStatus.OK, JSON, orjson.dumps({"live": True}))
            case "/health/ready":
                status, answer = readiness(self.ready_checks)
                self._answer(status, JSON, orjson.dumps(answer))
            case "/metrics":
                encode, content_type = choose_encoder(self.headers.get("Accept", ""))
                self._answer(HTTPStatus.OK, content_type, encode(self.metrics))
            case _:
                self._answer(HTTPStatus.NOT_FOUND, JSON, orjson.dumps({"error": "There is nothing here."}))

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """A probe every few seconds is no news."""
