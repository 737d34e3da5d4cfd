"""A store for the tests: webhooks signed as the platforms sign them, sent over real HTTP."""

import hashlib
import hmac
import http.client
import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SECRET = "the store's own secret"


@dataclass(frozen=True)
class Reply:
    """What the store gets back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Delivery:
    """One webhook, ready to be sent."""

    body: bytes
    headers: Mapping[str, str]


def woo(topic: str, body: bytes, *, secret: str = SECRET) -> Delivery:
    """A WooCommerce delivery."""
    signature = b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "WooCommerce/9.9.5 Hookshot (WordPress/6.8.1)",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Signature": signature,
    }
    return Delivery(body, headers)


def order_gone(number: int) -> Delivery:
    """The smallest real webhook: WooCommerce says no more than the id of an order in the trash."""
    return woo("order.deleted", b'{"id":%d}' % number)


def envelope(event_id: str, order_id: str, connection: str = "canonical") -> Delivery:
    """A canonical envelope, signed."""
    body = json.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": "the till",
            "type": "orders.deleted",
            "subject": f"order/{order_id}",
            "time": "2026-05-01T12:00:00Z",
            "connection": connection,
            "data": {"order_id": order_id},
        }
    ).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return Delivery(body, {"Content-Type": "application/json", "Counterfoil-Signature": signature})


class Store:
    """Sends to one server; every call is a connection of its own."""

    def __init__(self, port: int, *, timeout_seconds: float = 15.0) -> None:
        self._port, self._timeout_seconds = port, timeout_seconds

    def send(
        self,
        connection_id: str,
        delivery: Delivery,
        *,
        pieces: Iterable[bytes] | None = None,
        method: str = "POST",
    ) -> Reply:
        """Deliver; ``pieces`` sends the body chunked, without saying its length."""
        body = delivery.body if pieces is None else pieces
        return self.ask(method, f"/webhooks/{connection_id}", body, delivery.headers)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Any request."""
        http_connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout_seconds)
        try:
            chunked = body is not None and not isinstance(body, bytes)
            http_connection.request(method, path, body, dict(headers or {}), encode_chunked=chunked)
            answer = http_connection.getresponse()
            given = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, given, answer.read())
        finally:
            http_connection.close()
