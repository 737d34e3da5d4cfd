"""What a caller of the publisher waits for: one message, or a batch whose outcomes come back together."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from events.outgoing import BrokerAway, ConfirmTimeout, NotConfirmed, Outgoing


class Ticket(Protocol):
    """Some messages to publish, handed out in order, and who is told about each of them.

    ``take`` and ``settle`` are called by one thread; everything else by any.
    """

    def take(self, now: float) -> tuple[int, Outgoing] | None:
        """The next message with its place, or None when nothing is left to send."""

    def settle(self, place: int, outcome: NotConfirmed | None) -> None:
        """The message at ``place`` is confirmed (None) or not."""

    def give_up(self, why: str) -> None:
        """What was not taken yet will not be sent: the broker is away."""


class Single:
    """One message and its future. The future cannot be cancelled: the message may be on its way."""

    __slots__ = ("_deadline", "_message", "future")

    def __init__(self, message: Outgoing, *, deadline: float) -> None:
        self._message: Outgoing | None = message
        self._deadline = deadline
        self.future: Future[None] = Future()
        self.future.set_running_or_notify_cancel()

    def take(self, now: float) -> tuple[int, Outgoing] | None:
        message, self._message = self._message, None
        if message is None:
            return None
        if now > self._deadline:
            self.future.set_exception(ConfirmTimeout("the message could not be sent in time"))
            return None
        return 0, message

    def settle(self, place: int, outcome: NotConfirmed | None) -> None:
        del place
        if outcome is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(outcome)

    def give_up(self, why: str) -> None:
        if self._message is not None:
            self._message = None
            self.future.set_exception(BrokerAway(why))


class Batch:
    """Messages published together. Nothing is copied: they are read as the window allows."""

    def __init__(self, messages: Sequence[Outgoing]) -> None:
        self._messages = messages
        self._outcomes: list[NotConfirmed | None] = [_OPEN] * len(messages)
        self._next = 0
        self._left = len(messages)
        self._done = threading.Event()
        if not messages:
            self._done.set()

    def take(self, now: float) -> tuple[int, Outgoing] | None:
        del now
        place = self._next
        if place >= len(self._messages):
            return None
        self._next = place + 1
        return place, self._messages[place]

    def settle(self, place: int, outcome: NotConfirmed | None) -> None:
        self._outcomes[place] = outcome
        self._left -= 1
        if not self._left:
            self._done.set()

    def give_up(self, why: str) -> None:
        first, self._next = self._next, len(self._messages)
        for place in range(first, len(self._messages)):
            self.settle(place, BrokerAway(why))

    def wait(self, timeout_seconds: float) -> list[NotConfirmed | None]:
        """Block until every outcome is there; what is still open after the time-out is a ``ConfirmTimeout``.

        A confirm that comes later is of no consequence: the caller has its answer.
        """
        if not self._done.wait(timeout_seconds):
            self._next = len(self._messages)
        return [_TOO_LATE if outcome is _OPEN else outcome for outcome in self._outcomes]


_OPEN = NotConfirmed("not settled yet")
_TOO_LATE = ConfirmTimeout("no confirm from the broker in time")
