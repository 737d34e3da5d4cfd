"""The management API as a server that has just come back answers it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ops.node.management import Management, ManagementRefused


@contextmanager
def answering(*statuses: int) -> Iterator[tuple[Management, list[str]]]:
    """A server that gives these answers in turn, and what it was asked."""
    left, asked = list(statuses), list[str]()

    class Handler(BaseHTTPRequestHandler):
        def do_DELETE(self) -> None:
            asked.append(self.path)
            self.send_response(left.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Management(f"http://guest:guest@127.0.0.1:{server.server_port}"), asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("last", [204, 404], ids=["deleted", "gone by now"])
def test_virtual_host_that_the_server_cannot_delete_yet_is_tried_again(last: int) -> None:
    with answering(500, last) as (management, asked):
        management.delete_vhost("a/b")

    assert asked == ["/api/vhosts/a%2Fb"] * 2


def test_virtual_host_that_we_may_not_delete_is_refused_at_once() -> None:
    with answering(403) as (management, asked), pytest.raises(ManagementRefused):
        management.delete_vhost("a")

    assert len(asked) == 1
