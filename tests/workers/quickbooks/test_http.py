"""The pool: one connection for many calls, and a bound on every wait."""

import socket
import time

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


@pytest.mark.parametrize("trickles", [False, True], ids=["silence", "a-byte-at-a-time"])
def test_an_answer_that_does_not_come_to_an_end_is_given_up(trickles: bool) -> None:
    http = Http(connect_seconds=1, answer_seconds=0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        started = time.monotonic()

        with pytest.raises(QuickBooksUnavailable):
            _ask_slow_server(http, server, trickles=trickles)

        assert time.monotonic() - started < 3
    http.close()


def _ask_slow_server(http: Http, server: socket.socket, *, trickles: bool) -> None:
    import threading

    over = threading.Event()

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65_536)
            if trickles:
                connection.sendall(HEAD)
            while trickles and not over.wait(0.05):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return
            over.wait(5)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        http.send("GET", f"http://127.0.0.1:{server.getsockname()[1]}/", headers={})
    finally:
        over.set()
        thread.join()
