"""One life of a connection to the broker: from the first byte to the last, in the publisher's thread."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import pika

from events.broker.confirm_channel import ConfirmChannel
from events.broker.inbox import Inbox
from events.broker.one_write import OneWriteConnection
from events.outgoing import BrokerAway, ConfirmTimeout

TICK_SECONDS = 0.1
RENEW_SECONDS = 1.0
"""The shortest life of a channel that is thrown away because the broker refuses."""

log = logging.getLogger(__name__)


class Link:
    """Sends what is in the inbox while its channel is good, and opens a new channel when one is lost.

    After a message without a confirm for ``timeout_seconds`` the channel is thrown away, and until a new one is
    open the broker counts as away. ``usable`` is set while messages are sent.

    After a refusal the next message goes over a new channel, once a second at most: RabbitMQ 3.10 looks a queue's
    leader up when a channel sends its first message there, and refuses all that the channel ever sends if the leader
    has just died. Source: rabbitmq-server pull request 9241; seen with a killed node of three, November 2026.
    """

    def __init__(
        self,
        parameters: pika.URLParameters,
        inbox: Inbox,
        *,
        window: int,
        timeout_seconds: float,
        clock: Callable[[], float],
        usable: threading.Event,
    ) -> None:
        self.had_channel = False
        self._inbox, self._window, self._timeout_seconds = inbox, window, timeout_seconds
        self._clock, self._usable = clock, usable
        self._channel: ConfirmChannel | None = None
        self._renew_at = 0.0
        self._blocked = False
        self._ending = False
        self._unusable_since = clock()
        self._connection = OneWriteConnection(
            parameters,
            on_open_callback=self._opened,
            on_open_error_callback=self._ended,
            on_close_callback=self._ended,
        )

    def run(self) -> None:
        """Work until the connection ends; every message then has its outcome."""
        loop = self._connection.ioloop
        self._inbox.wake_with(lambda: loop.add_callback_threadsafe(self._woken))
        loop.call_later(TICK_SECONDS, self._tick)
        try:
            loop.start()
        finally:
            self._inbox.wake_with(None)
            self._go_away("the connection to RabbitMQ ended")
            loop.close()

    # From other threads

    def end(self) -> None:
        """Disconnect as soon as nothing waits for a confirm."""
        self._ending = True

    def hang_up(self) -> None:
        """Disconnect now, without the broker's goodbye."""
        self._connection.ioloop.add_callback_threadsafe(self._hang_up)

    # What pika calls

    def _opened(self, connection: pika.SelectConnection) -> None:
        connection.add_on_connection_blocked_callback(self._blocked_by_alarm)
        connection.add_on_connection_unblocked_callback(self._unblocked)
        self._open_channel()

    def _ended(self, connection: pika.SelectConnection, reason: Exception | str) -> None:
        if not self._ending:
            log.warning("no connection to RabbitMQ", extra={"problem": str(reason) or repr(reason)})
        self._go_away(f"no connection to RabbitMQ: {reason!r}")
        connection.ioloop.stop()

    def _blocked_by_alarm(self, _connection: Any, frame: Any) -> None:
        self._blocked = True
        log.warning("RabbitMQ takes no messages", extra={"problem": str(frame.method.reason)})
        self._refuse(f"RabbitMQ takes no messages now: {frame.method.reason}")

    def _unblocked(self, _connection: Any, _frame: Any) -> None:
        self._blocked = False
        if self._channel is not None and self._channel.is_ready:
            self._accept()

    # The channel

    def _open_channel(self) -> None:
        self._unusable_since = self._clock()
        self._channel = ConfirmChannel(
            self._connection,
            window=self._window,
            on_ready=self._channel_is_ready,
            on_room=self._send,
            on_closed=self._channel_closed,
        )

    def _channel_is_ready(self) -> None:
        self.had_channel = True
        self._renew_at = self._clock() + RENEW_SECONDS
        if not self._blocked:
            self._accept()

    def _channel_closed(self) -> None:
        """By the broker, over one message. The broker is well: what waits may wait for the next channel."""
        self._usable.clear()
        if self._connection.is_open:
            self._open_channel()

    # Sending

    def _accept(self) -> None:
        self._inbox.accept()
        self._usable.set()
        self._send()

    def _refuse(self, why: str) -> None:
        """What is in flight may still be confirmed; what waits or comes is given up."""
        self._usable.clear()
        self._inbox.refuse(why)

    def _go_away(self, why: str) -> None:
        channel, self._channel = self._channel, None
        self._refuse(why)
        if channel is not None:
            channel.throw_away(BrokerAway(why))

    def _woken(self) -> None:
        self._inbox.awake()
        self._send()

    def _send(self) -> None:
        channel = self._channel
        if channel is None or not channel.is_ready or self._blocked:
            return
        if self._inbox.is_empty or not channel.window.has_room:
            return
        if channel.window.was_refused and self._clock() >= self._renew_at:
            self._renew(channel)
            return
        with self._connection.one_write():
            self._inbox.send(channel, now=self._clock())

    def _renew(self, channel: ConfirmChannel) -> None:
        """As soon as nothing is on its way over the old one. What waits goes over the new one."""
        if channel.window.is_empty:
            channel.throw_away(BrokerAway("the channel is renewed"))
            self._open_channel()

    # Time

    def _tick(self) -> None:
        if self._connection.is_closed:
            return
        self._connection.ioloop.call_later(TICK_SECONDS, self._tick)
        channel, now = self._channel, self._clock()
        oldest = None if channel is None else channel.window.waits_since()
        if channel is not None and oldest is not None and now - oldest > self._timeout_seconds:
            log.warning("RabbitMQ did not confirm in time; the channel is thrown away")
            self._refuse("RabbitMQ does not confirm in time")
            channel.throw_away(ConfirmTimeout("no confirm from the broker in time"))
            self._open_channel()
        elif (channel is None or not channel.is_ready) and now - self._unusable_since > self._timeout_seconds:
            self._refuse("RabbitMQ does not answer")
        if self._ending:
            self._disconnect_when_done()

    def _disconnect_when_done(self) -> None:
        done = self._inbox.is_empty and (self._channel is None or self._channel.window.is_empty)
        if (done or not self._usable.is_set()) and not self._connection.is_closing:
            self._connection.close()

    def _hang_up(self) -> None:
        if not self._connection.is_closed:
            self._connection.hang_up()
