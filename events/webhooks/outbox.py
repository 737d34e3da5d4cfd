"""Where a webhook's events go: to the broker, or into the spool while it is away."""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Literal, Protocol

from events.outgoing import Outgoing
from events.webhooks.confirms import Confirms, Submits

log = logging.getLogger(__name__)


class Stores(Protocol):
    """What is needed of the spool."""

    def store(self, messages: Sequence[Outgoing]) -> Future[bool]:
        """Store all or none; False when it is full or off."""


class Outbox:
    """``send`` ends when every event is confirmed by the broker or lies on the disk, or says that neither is so."""

    def __init__(self, publisher: Submits, spool: Stores) -> None:
        self._publisher = publisher
        self._spool = spool
        self._confirms: Confirms | None = None

    async def send(self, messages: Sequence[Outgoing]) -> Literal["published", "spooled", "not_stored"]:
        """Send in order. What the broker does not confirm is spooled; a message may then arrive twice."""
        if self._confirms is None:
            self._confirms = Confirms(self._publisher, loop=asyncio.get_running_loop())
        outcomes = await self._confirms.publish(messages)
        left = [message for message, outcome in zip(messages, outcomes, strict=True) if outcome is not None]
        if not left:
            return "published"
        try:
            stored = await asyncio.wrap_future(self._spool.store(left))
        except (sqlite3.Error, OSError):
            stored = False  # the spool has logged why
        problem = str(next(outcome for outcome in outcomes if outcome is not None))
        log.warning(
            "events not confirmed", extra={"events": len(left), "spooled": stored, "problem": problem}
        )
        return "spooled" if stored else "not_stored"
