"""Publishing with many confirms in flight, from any thread, over one connection that mends itself."""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import pika

from events.broker.inbox import Inbox
from events.broker.link import Link
from events.broker.nodes import pika_nodes
from events.broker.tickets import Batch, Single, Ticket
from events.outgoing import NotConfirmed, Outgoing

HEARTBEAT_SECONDS = 30
BACKOFF_FIRST_SECONDS = 0.2
BACKOFF_LIMIT_SECONDS = 5.0
HANG_UP_SECONDS = 1.0

log = logging.getLogger(__name__)


class Publisher:
    """Every message is mandatory, persistent and confirmed, or its outcome says what is wrong with it.

    While there is no usable connection every message ends with ``BrokerAway`` at once; only before the first
    try to connect is decided do messages wait. Nothing is ever sent twice by itself: a message without a confirm
    may or may not be there, and the caller decides. One message waits ``confirm_timeout_seconds`` at most.
    pika's objects are touched by the publisher's own thread alone. ``jitter`` gives numbers from 0 to 1.
    """

    def __init__(
        self,
        url: str,
        *,
        window: int = 250,
        confirm_timeout_seconds: float = 5.0,
        connection_name: str = "counterfoil publisher",
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._nodes = pika_nodes(url, connection_name=connection_name)
        for parameters in self._nodes:
            parameters.heartbeat = HEARTBEAT_SECONDS
            parameters.connection_attempts = 1
            parameters.socket_timeout = confirm_timeout_seconds
            parameters.stack_timeout = confirm_timeout_seconds
        self._window, self._timeout_seconds = window, confirm_timeout_seconds
        self._jitter, self._clock = jitter, clock
        self._inbox = Inbox()
        self._usable = threading.Event()
        self._closing = threading.Event()
        self._link: Link | None = None
        self._thread = threading.Thread(target=self._run, name=connection_name, daemon=True)

    def start(self) -> None:
        """Connect in the background; returns at once."""
        self._thread.start()

    @property
    def connected(self) -> bool:
        """Whether a message published now would be sent now."""
        return self._usable.is_set()

    def wait_connected(self, timeout_seconds: float) -> bool:
        """Wait for the connection; whether it is there."""
        return self._usable.wait(timeout_seconds)

    def publish(self, message: Outgoing) -> Future[None]:
        """Send one message; the future ends with None, or with the ``NotConfirmed`` that fits.

        Messages of one thread are sent in the order of their calls.
        """
        ticket = Single(message, deadline=self.deadline())
        self.submit(ticket)
        return ticket.future

    def publish_all(
        self, messages: Sequence[Outgoing], *, timeout_seconds: float
    ) -> list[NotConfirmed | None]:
        """Send messages in order and wait for all outcomes; None = confirmed, at the message's own place.

        No more than the window is ever on its way, so any number of messages may be given. The sequence must not
        change meanwhile.
        """
        if not messages:
            return []
        batch = Batch(messages)
        self.submit(batch)
        return batch.wait(timeout_seconds)

    def submit(self, ticket: Ticket) -> None:
        """Send what a ticket hands out, and tell the ticket; for callers with a way of waiting of their own."""
        self._inbox.put(ticket)

    def deadline(self) -> float:
        """When a message that is published now must be confirmed, by the clock that tickets are shown."""
        return self._clock() + self._timeout_seconds

    def close(self, timeout_seconds: float) -> None:
        """Take no new messages, wait for the confirms of those taken, then disconnect."""
        self._inbox.close()
        self._closing.set()
        if self._thread.ident is None:
            self._inbox.refuse("the publisher was never started")
            return
        if self._link is not None:
            self._link.end()
        self._thread.join(timeout_seconds)
        if self._thread.is_alive() and self._link is not None:
            self._link.hang_up()
            self._thread.join(HANG_UP_SECONDS)

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            failures = 0 if self._live_once(self._nodes[failures % len(self._nodes)]) else failures + 1
            rounds = min(
                failures // len(self._nodes), 10
            )  # every node of a cluster has its turn without delay
            pause = min(BACKOFF_LIMIT_SECONDS, BACKOFF_FIRST_SECONDS * 2**rounds)
            self._closing.wait(pause * (0.5 + self._jitter() / 2))
        self._inbox.refuse("the publisher is closed")

    def _live_once(self, node: pika.URLParameters) -> bool:
        """One connection to one node from beginning to end; whether it was ever usable."""
        link: Link | None = None
        try:
            link = self._link = Link(
                node,
                self._inbox,
                window=self._window,
                timeout_seconds=self._timeout_seconds,
                clock=self._clock,
                usable=self._usable,
            )
            if self._closing.is_set():  # close() came before it could see this link
                link.end()
            link.run()
        except Exception as error:
            # A bug in pika or here must not end publishing for good; the next connection starts clean.
            log.exception("a publisher's connection failed")
            self._inbox.refuse(f"the connection to RabbitMQ failed: {error!r}")
        return link is not None and link.had_channel
