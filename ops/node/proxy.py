"""A TCP proxy that can be turned bad: between a process and the broker, QuickBooks or the database."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from types import TracebackType
from urllib.parse import urlsplit, urlunsplit

CHUNK_BYTES = 65536
LOOK_EVERY_SECONDS = 0.02
SEND_SECONDS = 10.0
RESET_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: close() sends a reset. Source: socket(7)."""


class TcpProxy:
    """Passes bytes on, until told otherwise. Modes change at once, for open and for new connections.

    ``pass_on``        as if it were not there
    ``stall``          connections stay open, nothing moves in either direction
    ``stall_replies``  requests arrive, answers do not (the write happened, nobody heard of it)
    ``trickle``        so many bytes a second, in each direction
    ``reset``          every open connection is reset; new ones work again, unless ``refuse``
    ``refuse``         open connections are reset and new ones too, until ``pass_on``
    """

    def __init__(self, target_host: str, target_port: int) -> None:
        self._target = (target_host, target_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(LOOK_EVERY_SECONDS)
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self._mode = "pass_on"
        self._bytes_per_second = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    @classmethod
    def to(cls, url: str) -> TcpProxy:
        """A proxy to the host and port of a URL."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        return cls(parts.hostname, parts.port)

    def url(self, url: str) -> str:
        """The same URL, through this proxy."""
        parts = urlsplit(url)
        user, at, _ = parts.netloc.rpartition("@")
        return urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{self.port}"))

    def pass_on(self) -> None:
        self._mode = "pass_on"

    def stall(self) -> None:
        self._mode = "stall"

    def stall_replies(self) -> None:
        self._mode = "stall_replies"

    def trickle(self, bytes_per_second: int) -> None:
        self._bytes_per_second = bytes_per_second
        self._mode = "trickle"

    def reset(self) -> None:
        with self._lock:
            victims = list(self._open)
        for victim in victims:
            with contextlib.suppress(OSError):
                victim.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
                victim.shutdown(socket.SHUT_RD)
        # The pumps see the end of their socket and close it, which sends the reset.

    def refuse(self) -> None:
        self._mode = "refuse"
        self.reset()

    @property
    def connections(self) -> int:
        """How many connections are open through the proxy."""
        with self._lock:
            return len(self._open) // 2

    def close(self) -> None:
        """Cut everything and stop listening."""
        self._closing.set()
        self.reset()
        for thread in self._threads:
            thread.join(timeout=5.0)
        self._listener.close()

    def __enter__(self) -> TcpProxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.accepted += 1
            if self._mode == "refuse":
                _reset(near)
                continue
            self._start(self._serve, near)

    def _serve(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self._target, timeout=SEND_SECONDS)
        except OSError:
            _reset(near)
            return
        near.settimeout(SEND_SECONDS)
        with self._lock:
            self._open |= {near, far}
        ended = threading.Event()
        back = threading.Thread(target=self._pump, args=(far, near, "replies", ended), daemon=True)
        back.start()
        self._pump(near, far, "requests", ended)
        back.join()
        with self._lock:
            self._open -= {near, far}
        near.close()
        far.close()

    def _pump(
        self, source: socket.socket, sink: socket.socket, direction: str, ended: threading.Event
    ) -> None:
        try:
            while not ended.is_set():
                if self._is_held(direction) and not self._closing.is_set():
                    if _is_gone(source):
                        return
                    ended.wait(LOOK_EVERY_SECONDS)
                    continue
                if not _is_readable(source):
                    continue
                trickling = self._mode == "trickle"
                slice_bytes = (
                    max(1, int(self._bytes_per_second * LOOK_EVERY_SECONDS)) if trickling else CHUNK_BYTES
                )
                data = source.recv(slice_bytes)
                if not data:
                    return
                while self._is_held(direction) and not self._closing.is_set() and not ended.is_set():
                    ended.wait(LOOK_EVERY_SECONDS)  # read just before the stall began: held back, not lost
                sink.sendall(data)
                if trickling:
                    ended.wait(slice_bytes / self._bytes_per_second)
        except OSError:
            return
        finally:
            ended.set()

    def _is_held(self, direction: str) -> bool:
        return self._mode == "stall" or (self._mode == "stall_replies" and direction == "replies")


def _is_readable(source: socket.socket) -> bool:
    readable, _, _ = select.select([source], [], [], LOOK_EVERY_SECONDS)
    return bool(readable)


def _is_gone(source: socket.socket) -> bool:
    return _is_readable(source) and source.recv(1, socket.MSG_PEEK) == b""


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
    connection.close()
