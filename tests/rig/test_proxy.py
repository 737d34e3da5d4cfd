"""The proxy turns bad in exactly the way that it was told."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.rig.proxy import TcpProxy
from tests.rig.waiting import wait_for


class Echo:
    """A server that sends back what it gets and remembers how much that was."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.received = 0
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.threads.append(threading.Thread(target=self._echo, args=(connection,), daemon=True))
                self.threads[-1].start()

    def _echo(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(65536):
                self.received += len(data)
                connection.sendall(data)

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(timeout=5.0)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def between(echo: Echo) -> Iterator[TcpProxy]:
    with TcpProxy("127.0.0.1", echo.listener.getsockname()[1]) as proxy:
        yield proxy


@pytest.fixture
def client(between: TcpProxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", between.port), timeout=5.0) as connection:
        connection.sendall(b"hello")
        assert connection.recv(100) == b"hello"
        yield connection


def test_stalled_connection_stays_open_and_goes_on_later(
    between: TcpProxy, client: socket.socket, echo: Echo
) -> None:
    between.stall()

    client.sendall(b"held")

    client.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.recv(100)
    assert echo.received == len("hello")
    between.pass_on()
    client.settimeout(5.0)
    assert client.recv(100) == b"held"


def test_request_arrives_while_its_answer_is_held_back(
    between: TcpProxy, client: socket.socket, echo: Echo
) -> None:
    between.stall_replies()

    client.sendall(b"write")

    wait_for(lambda: echo.received == len("hellowrite"))
    client.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.recv(100)


def test_reset_cuts_what_is_open_and_lets_new_ones_in(between: TcpProxy, client: socket.socket) -> None:
    between.reset()

    with pytest.raises(ConnectionResetError):
        client.recv(100)
    with socket.create_connection(("127.0.0.1", between.port), timeout=5.0) as again:
        again.sendall(b"again")
        assert again.recv(100) == b"again"


def test_refusal_lasts_until_told_otherwise(between: TcpProxy, client: socket.socket) -> None:
    between.refuse()

    with (
        pytest.raises(ConnectionResetError),
        socket.create_connection(("127.0.0.1", between.port), timeout=5.0) as refused,
    ):
        refused.recv(100)
    between.pass_on()
    with socket.create_connection(("127.0.0.1", between.port), timeout=5.0) as again:
        again.sendall(b"again")
        assert again.recv(100) == b"again"


def test_trickle_slows_down_without_losing_a_byte(between: TcpProxy, client: socket.socket) -> None:
    between.trickle(2000)
    start = time.monotonic()

    client.sendall(b"x" * 1000)

    got = b""
    while len(got) < 1000:
        got += client.recv(1000)
    assert time.monotonic() - start > 0.4
    assert got == b"x" * 1000


def test_url_leads_through_the_proxy_and_keeps_everything_else(between: TcpProxy) -> None:
    url = between.url("amqp://guest:guest@127.0.0.1:5672/acme?heartbeat=5")

    assert url == f"amqp://guest:guest@127.0.0.1:{between.port}/acme?heartbeat=5"


def test_end_of_one_side_reaches_the_other(between: TcpProxy, client: socket.socket) -> None:
    client.close()

    wait_for(lambda: between.connections == 0)
