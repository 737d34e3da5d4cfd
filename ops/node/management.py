"""The few requests to the RabbitMQ management API that the private node and the tests need.

Source: RabbitMQ docs, "HTTP API Reference".
"""

from __future__ import annotations

import base64
import http.client
import json
import time
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

POLL_SECONDS = 0.05
REQUEST_SECONDS = 15.0

VHOST_SECONDS = 60.0
"""A loaded two-core machine has been seen to take 5 s over a new virtual host, and 15 s on three nodes at once."""


class ManagementRefused(RuntimeError):
    """The management API answered with an error. Raised by ``Management.request``."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Management:
    """One management API, by its address with user and password: ``http://user:password@host:port``."""

    url: str

    def request(
        self, method: str, path: str, body: object = None, *, seconds: float = REQUEST_SECONDS
    ) -> object:
        """Send one request below ``/api`` and give the answer's JSON, or None if it has no body.

        Raises:
            ManagementRefused: the answer's status is 400 or more.
            OSError, http.client.HTTPException: there is no answer.
        """
        parts = urlsplit(self.url)
        user = f"{unquote(parts.username or 'guest')}:{unquote(parts.password or 'guest')}"
        headers = {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(parts.hostname or "127.0.0.1", parts.port, timeout=seconds)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, f"{parts.path.rstrip('/')}/api/{path}", payload, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            words = text.decode(errors="replace").strip()
            raise ManagementRefused(f"{method} {path}: {answer.status} {words}", status=answer.status)
        return json.loads(text) if text else None

    def node_name(self) -> str | None:
        """The name of the node that answers, or None if none does or it does not let us in."""
        try:
            overview = self.request("GET", "overview")
        except (OSError, http.client.HTTPException, ManagementRefused):
            return None
        return str(overview.get("node")) if isinstance(overview, dict) else None

    def answers(self) -> bool:
        """Whether the API is there and lets us in."""
        return self.node_name() is not None

    def add_vhost(self, name: str) -> None:
        """Make a virtual host in which our user may do everything; one that is there stays as it is.

        Waits until every node serves it: RabbitMQ 4 answers earlier, and a client would be sent away.
        """
        user = unquote(urlsplit(self.url).username or "guest")
        self.request("PUT", f"vhosts/{part(name)}", {}, seconds=VHOST_SECONDS)
        self.allow(name, user, configure=".*", write=".*", read=".*")
        deadline = time.monotonic() + VHOST_SECONDS
        while not self.is_served(name):
            if time.monotonic() > deadline:
                raise ManagementRefused(f'The virtual host "{name}" does not come up.', status=503)
            time.sleep(POLL_SECONDS)

    def is_served(self, vhost: str) -> bool:
        """Whether every node that knows the virtual host lets clients in."""
        states = self._states(vhost)
        return bool(states) and set(states.values()) == {"running"}

    def serving(self, vhost: str) -> list[str]:
        """The nodes that let clients into the virtual host."""
        return [node for node, state in self._states(vhost).items() if state == "running"]

    def _states(self, vhost: str) -> dict[str, str]:
        found = self.request("GET", f"vhosts/{part(vhost)}")
        states = found.get("cluster_state") if isinstance(found, dict) else None
        return {str(node): str(state) for node, state in states.items()} if isinstance(states, dict) else {}

    def delete_vhost(self, name: str) -> None:
        """Remove a virtual host with everything in it; no error if there is none.

        Tried again for a while after an error of the server's own: queues of a node that has just come back may not
        be ready to go.
        """
        deadline = time.monotonic() + VHOST_SECONDS
        while True:
            try:
                self.request("DELETE", f"vhosts/{part(name)}", seconds=VHOST_SECONDS)
            except ManagementRefused as refused:
                if refused.status == http.HTTPStatus.NOT_FOUND:
                    return
                if refused.status < http.HTTPStatus.INTERNAL_SERVER_ERROR or time.monotonic() > deadline:
                    raise
                time.sleep(1.0)
            else:
                return

    def add_user(self, name: str, password: str, *, tags: str = "") -> None:
        """Make a user, or give it a new password and new tags, for example ``management``."""
        self.request("PUT", f"users/{part(name)}", {"password": password, "tags": tags})

    def allow(self, vhost: str, user: str, *, configure: str, write: str, read: str) -> None:
        """Set what a user may do in a virtual host: three patterns over exchange and queue names."""
        rights = {"configure": configure, "write": write, "read": read}
        self.request("PUT", f"permissions/{part(vhost)}/{part(user)}", rights)


def part(name: str) -> str:
    """A name as one part of a path; the virtual host ``/`` becomes ``%2F``."""
    return quote(name, safe="")
