"""The webhook door that also notes when each store was heard."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from events.stores.platform import Platform
from events.webhooks.answer import Answer
from events.webhooks.connections import Connections
from events.webhooks.directory import WebhookConnection
from events.webhooks.door import Door
from events.webhooks.outbox import Outbox

UNSIGNED = frozenset({"ping", "bad_signature"})
"""Anybody can send these; all other answers come after the signature was checked."""


class Listener(Protocol):
    """Who is told (ops.metrics)."""

    def webhook_heard(self, connection: str, at: datetime) -> None:
        """A store of ours sent a signed webhook."""


class HearingDoor(Door):
    """A store that signs is there, whatever became of its webhook."""

    def __init__(
        self,
        connections: Connections,
        platforms: Mapping[str, Platform],
        outbox: Outbox,
        *,
        clock: Callable[[], datetime],
        listener: Listener,
    ) -> None:
        super().__init__(connections, platforms, outbox, clock=clock)
        self._listener = listener
        self._now = clock

    async def receive(
        self, connection_id: str, connection: WebhookConnection, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """As ``Door.receive``."""
        given = await super().receive(connection_id, connection, headers, body)
        if given.result not in UNSIGNED:
            self._listener.webhook_heard(connection_id, self._now())
        return given
