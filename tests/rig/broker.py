"""A virtual host for one test, looked at from outside: over the management API and with pika, not with our own code."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingChannel

from ops.node.management import Management, part


@dataclass(frozen=True)
class Message:
    """One message as "Get messages" of the Management UI shows it."""

    body: bytes
    headers: dict[str, Any]
    properties: dict[str, Any]
    routing_key: str
    exchange: str
    redelivered: bool

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Broker:
    """One virtual host of its own on the private node."""

    url: str
    management_url: str
    vhost: str
    management: Management = field(repr=False)

    def publish(
        self,
        exchange: str,
        routing_key: str,
        body: str | bytes | dict[str, Any],
        *,
        headers: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> bool:
        """Publish as the Management UI does (no content type, no message id); whether a queue took it."""
        raw = (
            json.dumps(body).encode()
            if isinstance(body, dict)
            else body.encode()
            if isinstance(body, str)
            else body
        )
        message = {
            "properties": {"delivery_mode": 2, **(properties or {}), "headers": dict(headers or {})},
            "routing_key": routing_key,
            "payload": base64.b64encode(raw).decode(),
            "payload_encoding": "base64",
        }
        name = exchange or "amq.default"
        answer = self.management.request(
            "POST", f"exchanges/{part(self.vhost)}/{part(name)}/publish", message
        )
        return isinstance(answer, dict) and answer["routed"] is True

    def peek(self, queue: str, count: int = 50) -> list[Message]:
        """Look at messages and give them back, as "Nack message requeue true" does."""
        return self._get(queue, count, "ack_requeue_true")

    def take(self, queue: str, count: int = 1000) -> list[Message]:
        """Take messages out for good."""
        return self._get(queue, count, "ack_requeue_false")

    def count(self, queue: str) -> int:
        """How many messages are ready now (asked of the queue itself; the management API lags by 5 s)."""
        with self.channel() as channel:
            return int(channel.queue_declare(queue, passive=True).method.message_count)

    def consumers(self, queue: str) -> int:
        """How many consumers the queue has now."""
        with self.channel() as channel:
            return int(channel.queue_declare(queue, passive=True).method.consumer_count)

    def exists(self, queue: str) -> bool:
        """Whether there is such a queue."""
        try:
            self.count(queue)
        except pika.exceptions.ChannelClosedByBroker:
            return False
        return True

    def purge(self, queue: str) -> None:
        """Throw away what is ready in a queue."""
        with self.channel() as channel:
            channel.queue_purge(queue)

    def queues(self) -> dict[str, dict[str, Any]]:
        """Every queue of the virtual host with its arguments, by name."""
        return {queue["name"]: queue for queue in self._list(f"queues/{part(self.vhost)}")}

    def exchanges(self) -> dict[str, dict[str, Any]]:
        """Every exchange of the virtual host that is not RabbitMQ's own, by name."""
        found = self._list(f"exchanges/{part(self.vhost)}")
        return {item["name"]: item for item in found if item["name"] and not item["name"].startswith("amq.")}

    def bindings(self) -> list[tuple[str, str, str]]:
        """Every binding as (exchange, routing key, queue), without those of the default exchange."""
        found = self._list(f"bindings/{part(self.vhost)}")
        return sorted((b["source"], b["routing_key"], b["destination"]) for b in found if b["source"])

    def close_connections(self) -> int:
        """Let the broker close every connection of this virtual host; how many it listed (the list lags by 5 s)."""
        names = [item["name"] for item in self._list(f"vhosts/{part(self.vhost)}/connections")]
        for name in names:
            self.management.request("DELETE", f"connections/{part(name)}")
        return len(names)

    @contextmanager
    def channel(self) -> Iterator[BlockingChannel]:
        """A pika channel on a connection of its own, closed afterwards."""
        connection = pika.BlockingConnection(pika.URLParameters(self.url))
        try:
            yield connection.channel()
        finally:
            if connection.is_open:
                connection.close()

    def _get(self, queue: str, count: int, mode: str) -> list[Message]:
        wish = {"count": count, "ackmode": mode, "encoding": "base64"}
        path = f"queues/{part(self.vhost)}/{part(queue)}/get"
        found = self.management.request("POST", path, wish)
        assert isinstance(found, list)
        return [_message(item) for item in found]

    def _list(self, path: str) -> list[dict[str, Any]]:
        found = self.management.request("GET", path)
        assert isinstance(found, list)
        return found


def _message(item: dict[str, Any]) -> Message:
    properties = dict(item["properties"] or {})
    return Message(
        body=base64.b64decode(item["payload"]),
        headers=dict(properties.pop("headers", {}) or {}),
        properties=properties,
        routing_key=item["routing_key"],
        exchange=item["exchange"],
        redelivered=item["redelivered"],
    )
