"""Waiting in an event loop for the publisher's thread: one future a webhook, one wake-up for a burst of confirms."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from events.broker.tickets import Ticket
from events.outgoing import BrokerAway, ConfirmTimeout, NotConfirmed, Outgoing


class Submits(Protocol):
    """What is needed of a publisher."""

    def submit(self, ticket: Ticket) -> None:
        """Publish what the ticket hands out."""

    def deadline(self) -> float:
        """When a message that is published now must be confirmed."""


class Confirms:
    """Publishes the messages of one webhook and gives their outcomes, in order."""

    def __init__(self, publisher: Submits, *, loop: asyncio.AbstractEventLoop) -> None:
        self._publisher = publisher
        self._loop = loop
        self._ended: deque[_Webhook] = deque()
        self._woken = False

    async def publish(self, messages: Sequence[Outgoing]) -> list[NotConfirmed | None]:
        """None = confirmed, at the message's own place."""
        webhook = _Webhook(
            messages,
            future=self._loop.create_future(),
            deadline=self._publisher.deadline(),
            confirms=self,
        )
        self._publisher.submit(webhook)
        await webhook.future
        return webhook.outcomes

    def ended(self, webhook: "_Webhook") -> None:
        """From any thread: every message of this webhook has its outcome."""
        self._ended.append(webhook)
        # Whoever sets the flag wakes the loop; the loop clears it before it looks, so nothing is left behind.
        if not self._woken:
            self._woken = True
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._woken = False
        while self._ended:
            future = self._ended.popleft().future
            if not future.done():
                future.set_result(None)


class _Webhook:
    """The ticket for one webhook's messages."""

    def __init__(
        self,
        messages: Sequence[Outgoing],
        *,
        future: asyncio.Future[None],
        deadline: float,
        confirms: Confirms,
    ) -> None:
        self.future = future
        self.outcomes: list[NotConfirmed | None] = [None] * len(messages)
        self._messages = messages
        self._deadline = deadline
        self._confirms = confirms
        self._next = 0
        self._left = len(messages)

    def take(self, now: float) -> tuple[int, Outgoing] | None:
        place = self._next
        if place >= len(self._messages):
            return None
        if now > self._deadline:
            self._end_rest(ConfirmTimeout("the message could not be sent in time"))
            return None
        self._next = place + 1
        return place, self._messages[place]

    def settle(self, place: int, outcome: NotConfirmed | None) -> None:
        self.outcomes[place] = outcome
        self._left -= 1
        if not self._left:
            self._confirms.ended(self)

    def give_up(self, why: str) -> None:
        self._end_rest(BrokerAway(why))

    def _end_rest(self, outcome: NotConfirmed) -> None:
        first, self._next = self._next, len(self._messages)
        for place in range(first, len(self._messages)):
            self.settle(place, outcome)
