"""What the fake stores share: an HTTP server in a thread, its log, and the ways in which it fails."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Said:
    """One answer; ``body`` becomes JSON unless it is bytes."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class FakeStore(ABC):
    """A store's API on 127.0.0.1. ``on_request`` is called before each answer, with the request.

    Planned answers (``fail``) come first, one for each request.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.on_request: Callable[[Asked], None] = lambda _asked: None
        self.lock = threading.RLock()
        self._planned: deque[Said | None] = deque()
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            """An answer is one write: in two, the kernel waits 40 ms between them."""

            def do_GET(self) -> None:
                store._serve(self)

            def do_POST(self) -> None:
                store._serve(self)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Where the shop is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fail(self, *answers: Said | None) -> None:
        """Answer the next requests so; None: the connection is cut without an answer."""
        self._planned.extend(answers)

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [one.path for one in self.asked]

    @abstractmethod
    def answer(self, asked: Asked) -> Said:
        """What the store says. Each fake has its own."""

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        size = int(handler.headers.get("Content-Length") or 0)
        asked = Asked(
            handler.command,
            parts.path,
            {name: values[-1] for name, values in parse_qs(parts.query).items()},
            {name.lower(): value for name, value in handler.headers.items()},
            handler.rfile.read(size),
        )
        self.asked.append(asked)
        self.on_request(asked)
        with self.lock:
            said = self._planned.popleft() if self._planned else self.answer(asked)
        if said is None:
            handler.close_connection = True
            return
        raw = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        handler.send_response(said.status)
        for name, value in said.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)


def chosen(row: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """Only these fields."""
    return {name: row[name] for name in fields if name in row}
