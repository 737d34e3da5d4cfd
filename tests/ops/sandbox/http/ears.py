"""An app that hears webhooks."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any


@dataclass
class Delivery:
    """What was posted to the app."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Ears:
    """An app that hears webhooks; ``answers`` are given in turn, then 200."""

    url: str
    heard: "Queue[Delivery]"
    answers: list[int]

    def next(self) -> Delivery:
        return self.heard.get(timeout=20)


@contextlib.contextmanager
def listening() -> Iterator[Ears]:
    """Ears on a free port, as long as the context lasts."""
    heard: Queue[Delivery] = Queue()
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(answers.pop(0) if answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            heard.put(Delivery({name.lower(): value for name, value in self.headers.items()}, body))

        def log_message(self, format: str, *args: Any) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Ears(f"http://127.0.0.1:{listener.server_port}/", heard, answers)
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
