"""One webhook: who sent it, is it signed, what does it say, is it stored. Free of HTTP but for the answer."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from events.stores.platform import Platform, Unreadable
from events.stores.unreadable import unreadable_event
from events.stores.webhook import Webhook
from events.webhooks import answer
from events.webhooks.answer import Answer
from events.webhooks.connections import Connections, DirectoryAway
from events.webhooks.directory import WebhookConnection
from events.webhooks.fault import place_of
from events.webhooks.message import event_message
from events.webhooks.observer import Result
from events.webhooks.outbox import Outbox
from schemas.envelope import Envelope

log = logging.getLogger(__name__)


class Door:
    """Nothing of a body is believed before its signature, and nothing of it is ever logged."""

    def __init__(
        self,
        connections: Connections,
        platforms: Mapping[str, Platform],
        outbox: Outbox,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._connections = connections
        self._platforms = platforms
        self._outbox = outbox
        self._clock = clock

    async def look_up(self, connection_id: str) -> WebhookConnection | Answer:
        """The connection, or the answer for one that takes no webhooks."""
        try:
            connection = await self._connections.get(connection_id)
        except DirectoryAway:
            return answer.NOT_STORED
        if connection is None:
            return answer.UNKNOWN
        return answer.CLOSED if connection.status == "closed" else connection

    async def receive(
        self, connection_id: str, connection: WebhookConnection, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Check, read and store one webhook."""
        webhook = Webhook(connection_id, headers, body, self._clock())
        platform = self._platforms[connection.platform]
        if platform.is_ping(webhook):
            return answer.taken("ping", events=0)
        if not platform.signature_is_good(webhook, connection.secrets):
            return answer.NO_SIGNATURE
        events, result = _read(platform, webhook)
        if not events:
            return answer.taken("unused", events=0)
        stored = await self._outbox.send([event_message(event) for event in events])
        if stored == "not_stored":
            return answer.NOT_STORED
        return answer.taken(result if stored == "published" else stored, events=len(events))


def _read(platform: Platform, webhook: Webhook) -> tuple[list[Envelope], Result]:
    try:
        return platform.read(webhook), "published"
    except Unreadable as error:
        problem = error.problem
    except Exception as error:
        # A bug in our reading must not cost the store its webhook, nor make it send the same body for ever.
        kind = type(error).__name__
        extra = {"platform": platform.name, "error": kind, "place": place_of(error)}
        log.error("a webhook could not be read, by a mistake of ours", extra=extra)
        problem = f"Counterfoil made a mistake while reading it ({kind}). Retry it after an update."
    return [unreadable_event(webhook, platform, problem)], "unreadable"
