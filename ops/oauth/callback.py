"""A tiny server on this machine that the browser is sent back to."""

import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from ops.oauth.consent import ConnectFailed, Consent, consent_in

PATH = "/connected"
CALL_SECONDS = 5.0
"""For one caller to say what it wants; the server serves one at a time."""

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Counterfoil</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto">
<h1>{title}</h1><p>You can close this page and go back to the terminal.</p></body></html>"""


class Callback:
    """Listens on 127.0.0.1 from the start on, so that no answer comes too early.

    Raises:
        ConnectFailed: the port is taken.
    """

    def __init__(self, port: int, *, state: str) -> None:
        self._state = state
        self._outcome: Consent | ConnectFailed | None = None
        callback = self

        class Handler(BaseHTTPRequestHandler):
            timeout = CALL_SECONDS

            def do_GET(self) -> None:
                callback._serve(self)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the address holds the code."""

        try:
            self._server = HTTPServer(("127.0.0.1", port), Handler)
        except OSError as error:
            raise ConnectFailed(f"Port {port} on this machine is taken ({error.strerror}).") from error
        self.port = self._server.server_port

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server_close()

    def wait(self, seconds: float, *, monotonic: Callable[[], float] = time.monotonic) -> Consent:
        """Wait for the browser.

        Raises:
            ConnectFailed: the person refused, or nobody came within so many seconds.
        """
        deadline = monotonic() + seconds
        while self._outcome is None:
            left = deadline - monotonic()
            if left <= 0:
                raise ConnectFailed(f"Nobody agreed within {seconds:.0f} seconds. Start again.")
            self._server.timeout = left
            self._server.handle_request()
        if isinstance(self._outcome, ConnectFailed):
            raise self._outcome
        return self._outcome

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        if urlsplit(request.path).path != PATH:
            _answer(request, HTTPStatus.NOT_FOUND, "Not here")
            return
        try:
            self._outcome = consent_in(request.path, state=self._state)
        except ConnectFailed as error:
            if f"state={self._state}" in request.path:
                self._outcome = error
            _answer(request, HTTPStatus.BAD_REQUEST, "Not connected")
        else:
            _answer(request, HTTPStatus.OK, "Connected")


def _answer(request: BaseHTTPRequestHandler, status: HTTPStatus, title: str) -> None:
    body = _PAGE.format(title=title).encode()
    request.send_response(status)
    request.send_header("Content-Type", "text/html; charset=utf-8")
    request.send_header("Content-Length", str(len(body)))
    request.send_header("Cache-Control", "no-store")
    request.end_headers()
    request.wfile.write(body)
