"""Publishing with many confirms in flight, from any thread, over one connection that mends itself."""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import pika

from events.broker.confirm_channel import ConfirmChannel
from events.broker.one_write import OneWriteConnection
from events.broker.tickets import Batch, Single, Ticket
from events.outgoing import BrokerAway, ConfirmTimeout, NotConfirmed, Outgoing

HEARTBEAT_SECONDS = 30
TICK_SECONDS = 0.1
FAIR_SHARE = 50
"""So many messages of one batch go out before the next caller's: a long batch must not delay a webhook."""

BACKOFF_FIRST_SECONDS = 0.2
BACKOFF_LIMIT_SECONDS = 5.0

log = logging.getLogger(__name__)


class Publisher:
    """Every message is mandatory, persistent and confirmed, or its outcome says what is wrong with it.

    While there is no usable connection every message ends with ``BrokerAway`` at once; only before the first
    try to connect is decided do messages wait. Nothing is ever sent twice by itself: a message without a confirm
    may or may not be there, and the caller decides. pika's objects are touched by the publisher's thread alone.

    One message at most waits ``confirm_timeout_seconds``. After a time-out the channel is thrown away, and until
    a new one is open the broker counts as away. ``jitter`` gives numbers from 0 to 1.
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
        self._parameters = pika.URLParameters(url)
        self._parameters.heartbeat = HEARTBEAT_SECONDS
        self._parameters.connection_attempts = 1
        self._parameters.socket_timeout = confirm_timeout_seconds
        self._parameters.stack_timeout = confirm_timeout_seconds
        self._parameters.client_properties = {"connection_name": connection_name}
        self._window = window
        self._timeout_seconds = confirm_timeout_seconds
        self._jitter, self._clock = jitter, clock
        self._waiting: deque[Ticket] = deque()
        # The lock guards what other threads read: whether messages are taken, and which loop to wake.
        self._lock = threading.Lock()
        self._away: str | None = None
        self._woken = False
        self._connection: OneWriteConnection | None = None
        self._connected = threading.Event()
        # Of the publisher's thread alone:
        self._channel: ConfirmChannel | None = None
        self._blocked = False
        self._had_channel = False
        self._unusable_since = 0.0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=connection_name, daemon=True)

    # For every thread

    def start(self) -> None:
        """Connect in the background; returns at once."""
        self._thread.start()

    def deadline(self) -> float:
        """When a message that is published now must be confirmed, by the clock that tickets are shown."""
        return self._clock() + self._timeout_seconds

    @property
    def connected(self) -> bool:
        """Whether a message published now would be sent now."""
        return self._connected.is_set()

    def wait_connected(self, timeout_seconds: float) -> bool:
        """Wait for the connection; whether it is there."""
        return self._connected.wait(timeout_seconds)

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

    def close(self, timeout_seconds: float) -> None:
        """Take no new messages, wait for the confirms of those taken, then disconnect."""
        with self._lock:
            self._closing.set()
            self._wake()
        if self._thread.ident is None:
            self._refuse_new("the publisher was never started")
            return
        self._thread.join(timeout_seconds)
        with self._lock:
            if self._thread.is_alive() and self._connection is not None:
                self._connection.ioloop.add_callback_threadsafe(self._hang_up)
        self._thread.join(timeout=1.0)

    def submit(self, ticket: Ticket) -> None:
        """Send what a ticket hands out, and tell the ticket; for callers with a way of waiting of their own."""
        with self._lock:
            away = "the publisher is closed" if self._closing.is_set() else self._away
            if away is None:
                self._waiting.append(ticket)
                self._wake()
        if away is not None:
            ticket.give_up(away)

    def _wake(self) -> None:
        """Let the publisher's thread look; called with the lock held. One wake-up serves a burst of messages."""
        if not self._woken and self._connection is not None:
            self._woken = True
            self._connection.ioloop.add_callback_threadsafe(self._pump)

    # The publisher's thread

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            self._connect()
            failures = 0 if self._had_channel else failures + 1
            pause = min(BACKOFF_LIMIT_SECONDS, BACKOFF_FIRST_SECONDS * 2 ** min(failures, 10))
            self._closing.wait(pause * (0.5 + self._jitter() / 2))
        self._go_away("the publisher is closed")

    def _connect(self) -> None:
        """One life of a connection, from the first byte to the last."""
        self._had_channel = False
        self._blocked = False
        self._unusable_since = self._clock()
        connection = OneWriteConnection(
            self._parameters,
            on_open_callback=self._opened,
            on_open_error_callback=self._ended,
            on_close_callback=self._ended,
        )
        with self._lock:
            self._connection, self._woken = connection, False
        connection.ioloop.call_later(TICK_SECONDS, self._tick)
        try:
            connection.ioloop.start()
        except Exception as error:
            # A bug in pika or here must not end publishing for good; the next connection starts clean.
            log.exception("publisher connection failed")
            self._go_away(f"the connection to RabbitMQ failed: {error!r}")
        with self._lock:
            self._connection = None
        connection.ioloop.close()

    def _opened(self, connection: pika.SelectConnection) -> None:
        connection.add_on_connection_blocked_callback(self._blocked_by_alarm)
        connection.add_on_connection_unblocked_callback(self._unblocked)
        self._open_channel()

    def _ended(self, connection: pika.SelectConnection, reason: Exception | str) -> None:
        if not self._closing.is_set():
            log.warning("no connection to RabbitMQ", extra={"problem": str(reason) or repr(reason)})
        self._go_away(f"no connection to RabbitMQ: {reason!r}")
        connection.ioloop.stop()

    def _open_channel(self) -> None:
        self._unusable_since = self._clock()
        assert self._connection is not None
        self._channel = ConfirmChannel(
            self._connection,
            window=self._window,
            on_ready=self._channel_is_ready,
            on_room=self._send_waiting,
            on_closed=self._channel_closed,
        )

    def _channel_is_ready(self, _channel: ConfirmChannel) -> None:
        self._had_channel = True
        if not self._blocked:
            self._come_back()

    def _channel_closed(self, channel: ConfirmChannel) -> None:
        self._connected.clear()
        if channel is self._channel and self._connection is not None and self._connection.is_open:
            self._open_channel()

    def _blocked_by_alarm(self, _connection: Any, frame: Any) -> None:
        self._blocked = True
        log.warning("RabbitMQ takes no messages", extra={"problem": str(frame.method.reason)})
        self._refuse_new(f"RabbitMQ takes no messages now: {frame.method.reason}")

    def _unblocked(self, _connection: Any, _frame: Any) -> None:
        self._blocked = False
        if self._channel is not None and self._channel.is_ready:
            self._come_back()

    def _come_back(self) -> None:
        with self._lock:
            self._away = None
        self._connected.set()
        self._send_waiting()

    def _refuse_new(self, why: str) -> None:
        """From now on messages are given up at once, those that wait too; what is in flight may still be confirmed."""
        self._connected.clear()
        with self._lock:
            self._away = why
            waiting, self._waiting = self._waiting, deque()
        for ticket in waiting:
            ticket.give_up(why)

    def _go_away(self, why: str) -> None:
        channel, self._channel = self._channel, None
        self._refuse_new(why)
        if channel is not None:
            channel.throw_away(BrokerAway(why))

    def _pump(self) -> None:
        with self._lock:
            self._woken = False
        self._send_waiting()
        self._disconnect_when_done()

    def _send_waiting(self) -> None:
        connection, channel = self._connection, self._channel
        if connection is None or channel is None or not channel.is_ready or self._blocked:
            return
        if not self._waiting or not channel.window.has_room:
            return
        with connection.one_write():
            self._fill(channel)

    def _fill(self, channel: ConfirmChannel) -> None:
        now, waiting, window = self._clock(), self._waiting, channel.window
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

    def _tick(self) -> None:
        connection, channel, now = self._connection, self._channel, self._clock()
        if connection is None or connection.is_closed:
            return
        connection.ioloop.call_later(TICK_SECONDS, self._tick)
        oldest = None if channel is None else channel.window.waits_since()
        if channel is not None and oldest is not None and now - oldest > self._timeout_seconds:
            log.warning("RabbitMQ did not confirm in time; the channel is thrown away")
            self._refuse_new("RabbitMQ does not confirm in time")
            channel.throw_away(ConfirmTimeout("no confirm from the broker in time"))
            self._open_channel()
        elif (channel is None or not channel.is_ready) and now - self._unusable_since > self._timeout_seconds:
            self._refuse_new("RabbitMQ does not answer")
        self._disconnect_when_done()

    def _disconnect_when_done(self) -> None:
        if self._closing.is_set():
            idle = not self._waiting and (self._channel is None or self._channel.window.is_empty)
            if idle or not self.connected:
                self._disconnect()

    def _disconnect(self) -> None:
        connection = self._connection
        if connection is not None and not connection.is_closing and not connection.is_closed:
            connection.close()

    def _hang_up(self) -> None:
        if self._connection is not None and not self._connection.is_closed:
            self._connection.hang_up()
