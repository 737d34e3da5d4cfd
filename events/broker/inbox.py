"""The tickets that wait to be sent: put in by any thread, taken out by the publisher's."""

import threading
from collections import deque
from collections.abc import Callable

from events.broker.confirm_channel import ConfirmChannel
from events.broker.tickets import Ticket

FAIR_SHARE = 50
"""So many messages of one ticket go out before the next caller's: a long batch must not delay a webhook."""


class Inbox:
    """Takes tickets while the broker may be there, and gives them up at once while it is known to be away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Ticket] = deque()
        self._away: str | None = None
        self._closed = False
        self._wake: Callable[[], None] | None = None
        self._woken = False

    # For every thread

    def put(self, ticket: Ticket) -> None:
        """Let a ticket wait for its turn, or give it up."""
        with self._lock:
            away = "the publisher is closed" if self._closed else self._away
            if away is None:
                self._waiting.append(ticket)
                # One wake-up serves a burst of tickets.
                if self._wake is not None and not self._woken:
                    self._woken = True
                    self._wake()
        if away is not None:
            ticket.give_up(away)

    def close(self) -> None:
        """Take nothing new; what waits may still be sent."""
        with self._lock:
            self._closed = True

    # For the publisher's thread

    def wake_with(self, wake: Callable[[], None] | None) -> None:
        """Call this, from any thread, when something arrives."""
        with self._lock:
            self._wake, self._woken = wake, False

    def awake(self) -> None:
        """The wake-up has arrived; the next ticket needs a new one."""
        with self._lock:
            self._woken = False

    def accept(self) -> None:
        """The broker is there."""
        with self._lock:
            self._away = None

    def refuse(self, why: str) -> None:
        """The broker is away: from now on every ticket is given up, those that wait too."""
        with self._lock:
            self._away = why
            waiting, self._waiting = self._waiting, deque()
        for ticket in waiting:
            ticket.give_up(why)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def send(self, channel: ConfirmChannel, *, now: float) -> None:
        """Fill the channel's window, each ticket in turn."""
        waiting, window = self._waiting, channel.window
        while waiting and window.has_room:
            ticket = waiting.popleft()
            for _ in range(FAIR_SHARE):
                taken = ticket.take(now)
                if taken is None:
                    break
                channel.send(ticket, *taken, now=now)
                if not window.has_room:
                    waiting.append(ticket)
                    break
            else:
                waiting.append(ticket)
