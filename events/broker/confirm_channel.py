"""One pika channel in confirm mode: it sends, and tells its window what the broker answers."""

import re
import struct
from collections.abc import Callable
from typing import Any

import pika
from pika.channel import Channel
from pika.exceptions import AMQPError, ChannelClosedByBroker

from events.broker.tickets import Ticket
from events.broker.window import Window
from events.outgoing import BrokerAway, NotConfirmed, Outgoing, Refused, Unroutable

PERSISTENT = 2
HEADERS_LIMIT_BYTES = 100_000
"""All headers must fit one frame of 131,072 bytes, or the broker closes the whole connection."""

_UNWRITABLE = (AMQPError, AssertionError, ValueError, TypeError, struct.error)

NOT_FOUND = 404
ACCESS_REFUSED = 403


class ConfirmChannel:
    """Lives in the connection's thread. After ``throw_away`` nothing that arrives has any effect."""

    def __init__(
        self,
        connection: pika.SelectConnection,
        *,
        window: int,
        on_ready: Callable[[], None],
        on_room: Callable[[], None],
        on_closed: Callable[[], None],
    ) -> None:
        self.window = Window(window)
        self.is_ready = False
        self._thrown_away = False
        self._on_ready, self._on_room, self._on_closed = on_ready, on_room, on_closed
        self._channel: Channel = connection.channel(on_open_callback=self._opened)

    def send(self, ticket: Ticket, place: int, message: Outgoing, *, now: float) -> None:
        """Publish one message, mandatory and persistent; its outcome reaches the ticket."""
        if not self._channel.is_open:
            ticket.settle(place, BrokerAway("the channel is closing"))
            return
        try:
            properties = _properties(message)
            self._channel.basic_publish(
                message.exchange, message.routing_key, message.body, properties, mandatory=True
            )
        except _UNWRITABLE as error:
            # pika encodes before it sends, so nothing of it is on the wire: a name over 255 bytes, for example.
            ticket.settle(place, Refused(f"the message cannot be written as AMQP: {error!r}"))
            return
        self.window.add(ticket, place, message, now=now)

    def throw_away(self, outcome: NotConfirmed) -> None:
        """Close the channel; what is in flight ends with ``outcome``."""
        self._thrown_away = True
        self.is_ready = False
        if self._channel.is_open:
            self._channel.close()
        self.window.abandon(outcome)

    def _opened(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._closed)
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._answered, callback=self._confirms_are_on)

    def _confirms_are_on(self, _frame: Any) -> None:
        if not self._thrown_away:
            self.is_ready = True
            self._on_ready()

    def _answered(self, frame: Any) -> None:
        if self._thrown_away:
            return
        answer = frame.method
        settle = self.window.confirmed if isinstance(answer, pika.spec.Basic.Ack) else self.window.refused
        settle(answer.delivery_tag, multiple=answer.multiple)
        self._on_room()

    def _returned(
        self, _channel: Channel, method: Any, properties: pika.BasicProperties, body: bytes
    ) -> None:
        if not self._thrown_away:
            self.window.returned(
                exchange=method.exchange,
                routing_key=method.routing_key,
                message_id=properties.message_id,
                body=body,
                why=method.reply_text,
            )

    def _closed(self, _channel: Channel, reason: Exception) -> None:
        if self._thrown_away:
            return
        self._thrown_away = True
        self.is_ready = False
        away = BrokerAway(f"the broker closed the channel: {reason}")
        exchange, culprit = _blame(reason)
        self.window.abandon(away, culprit=culprit, exchange=exchange)
        self._on_closed()


def _blame(reason: Exception) -> tuple[str, NotConfirmed | None]:
    """Which exchange's messages made the broker close the channel, and what that means for them."""
    if not isinstance(reason, ChannelClosedByBroker):
        return "", None
    named = re.search(r"exchange '([^']*)'", reason.reply_text)
    if named is None:
        return "", None
    if reason.reply_code == NOT_FOUND:
        return named[1], Unroutable(f'there is no exchange "{named[1]}"; run `counterfoil setup`')
    if reason.reply_code == ACCESS_REFUSED:
        return named[1], Refused(f'this broker user may not publish to exchange "{named[1]}"')
    return "", None


def _properties(message: Outgoing) -> pika.BasicProperties:
    size = sum(len(name) + len(str(value).encode()) for name, value in message.headers.items())
    if size > HEADERS_LIMIT_BYTES:
        raise ValueError(f"its headers are over {HEADERS_LIMIT_BYTES} bytes")
    return pika.BasicProperties(
        content_type=message.content_type,
        headers=dict(message.headers) or None,
        delivery_mode=PERSISTENT,
        message_id=message.message_id,
    )
