"""The pool: one connection for many calls, and a bound on every wait."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.workers.quickbooks.stub import Reply, Stub
from workers.errors import QuickBooksUnavailable
from workers.quickbooks.http import Http

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"


def test_calls_share_one_connection(stub: Stub, http: Http) -> None:
    for _ in range(3):
        http.send("GET", stub.url, headers={})

    assert len({asked.client_port for asked in stub.asked}) == 1


def test_header_names_come_in_lower_case(stub: Stub, http: Http) -> None:
    stub.answer(b"{}", 200, Intuit_Tid="1-abc")

    answer = http.send("GET", stub.url, headers={})

    assert answer.headers["intuit-tid"] == "1-abc"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(cut=True),
        Reply(raw=b"HTTP/1.1 2"),
        Reply(raw=HEAD),
        Reply(raw=HEAD + b"{"),
        Reply(raw=b"rubbish\r\n\r\n"),
    ],
    ids=["before-the-answer", "in-the-status", "after-the-headers", "in-the-body", "not-http"],
)
def test_a_connection_cut_anywhere_leaves_the_outcome_unknown(stub: Stub, http: Http, reply: Reply) -> None:
    stub.replies.append(reply)

    with pytest.raises(QuickBooksUnavailable):
        http.send("POST", stub.url, headers={}, body=b"{}")

    assert len(stub.asked) == 1, "nobody but the caller may send it again"


def test_nobody_at_home_is_unavailable(http: Http) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        with pytest.raises(QuickBooksUnavailable):
            http.send("GET", f"http://127.0.0.1:{port}/", headers={})


@contextmanager
def slow_server(*, trickles: bool) -> Iterator[str]:
    """A server that takes one call and never ends its answer."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(65_536)
                if trickles:
                    connection.sendall(HEAD)
                while not over.wait(0.05):
                    if trickles:
                        connection.sendall(b" ")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("trickles", [False, True], ids=["silence", "a-byte-at-a-time"])
def test_an_answer_that_does_not_come_to_an_end_is_given_up(trickles: bool) -> None:
    http = Http(connect_seconds=1, answer_seconds=0.3)
    with slow_server(trickles=trickles) as url:
        started = time.monotonic()

        with pytest.raises(QuickBooksUnavailable):
            http.send("GET", url, headers={})

        assert time.monotonic() - started < 5
    http.close()
