"""The server process: uvicorn with uvloop and httptools, and a way to cut a connection."""

import os
import signal
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TRANSPORT = "counterfoil.transport"
"""Where the scope of a request holds its connection, so that a planned fault can abort it."""
GRACE_SECONDS = 5
IDLE_SECONDS = 120
"""Connections are kept so long between two calls; clients with a pool come back to them."""


class _CuttableProtocol(HttpToolsProtocol):
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], parent: int | None) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._parent = parent

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        """uvicorn asks ten times a second whether to end."""
        orphaned = self._parent is not None and os.getppid() != self._parent
        return orphaned or await super().on_tick(counter)


def bind(host: str, port: int) -> socket.socket:
    """A listening address, taken before anything else is started (port 0: a free one)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def address(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    app: ASGIApp, listener: socket.socket, on_ready: Callable[[], None], *, parent: int | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; what is in flight then is answered, within GRACE_SECONDS.

    With ``parent``, a process id, also until that process is no longer our parent.
    """
    config = uvicorn.Config(
        app,
        http=_CuttableProtocol,
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )

    def end(_signal: int, _frame: Any) -> None:
        """uvicorn raises the signal again when it is done; that must not kill what ended cleanly."""

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with listener:
        _Server(config, on_ready, parent).run(sockets=[listener])
