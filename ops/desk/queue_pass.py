"""One pass over what lies in a queue: look at each message once, take some out, give the rest back in order.

The messages are held unacked and given back by closing: that keeps their order on RabbitMQ 3.10 and 4.x, where a
``basic.nack`` of many scrambles them on 3.10 (measured on 3.10.8 and 4.0.5; RabbitMQ docs, "Quorum Queues"). Each
channel starts only when the one before it is full, so that they hold the queue's parts one after another.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingChannel

from events.broker.nodes import pika_nodes

HELD_BY_ONE_CHANNEL = 10_000
"""Below AMQP's 65,535, and small, since pika buffers as much as a channel may hold."""

CHUNK = 1000
QUIET_SECONDS = 1.0
"""So long without a message, the rest of what we counted is in somebody else's hands (a person who looks)."""

QUIET_ALONE_SECONDS = 5.0
"""The same where nobody else consumes: a broker under load pauses for longer than a second."""

SETTLE_SECONDS_EACH = 0.0002
SETTLE_LIMIT_SECONDS = 3.0
"""A quorum queue takes in some 10,000 single acks a second (measured on 3.10.8, one node)."""

Spot = tuple[int, int]
"""Channel and delivery tag."""


class QueueBusy(Exception):
    """Somebody else holds a part of the queue: another desk's pass, or a person who looks. Raised by ``QueuePass``."""


@dataclass(frozen=True, slots=True)
class Lying:
    """One message that lies in the queue."""

    spot: Spot
    body: bytes
    headers: Mapping[str, Any]
    message_id: str
    content_type: str


class QueuePass:
    """Use as a context manager; leaving it gives back everything that was not taken out.

    What arrives after the start is not touched. ``shared``: look even if somebody else holds a part. A pass costs
    each message one return, so the queue needs a large delivery limit.

    Raises:
        QueueBusy: somebody else holds a part of the queue, and ``shared`` is off.
        pika.exceptions.AMQPError: the broker is away, or the queue is not there. Nothing is taken out that was not
            told, and what was told may still be there: the next pass sees it again.
    """

    def __init__(
        self,
        url: str,
        queue: str,
        *,
        shared: bool = False,
        keep_alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._queue = queue
        self._keep_alive = keep_alive
        nodes = pika_nodes(url, connection_name=f"counterfoil pass over {queue}")
        for parameters in nodes:
            parameters.blocked_connection_timeout = 30
        self._connection = pika.BlockingConnection(nodes)
        self._channels: list[BlockingChannel] = []
        self._consumers: list[str] = []
        self._arrived: list[Lying] = []
        self._seen = 0
        try:
            counted = self._connection.channel().queue_declare(queue, passive=True).method
            if counted.consumer_count and not shared:
                raise QueueBusy(f"{queue} has a consumer already")
        except BaseException:
            self._close()
            raise
        self.expected: int = counted.message_count
        self._alone = counted.consumer_count == 0

    def __enter__(self) -> "QueuePass":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def complete(self) -> bool:
        """Whether all was handed over that lay there at the start, and nobody else held a part of the queue."""
        return self._alone and self._seen >= self.expected

    def chunks(self) -> Iterator[list[Lying]]:
        """The messages that lay there at the start, in order, up to 1,000 at a time."""
        while self._seen < self.expected:
            room = min(HELD_BY_ONE_CHANNEL, self.expected - self._seen)
            self._consume(room)
            full = self._seen + room
            while self._seen < full:
                if not self._wait_for_more(at_least=min(CHUNK, full - self._seen)):
                    yield from self._hand_over()
                    return
                yield from self._hand_over()

    def take_out(self, spots: Iterable[Spot]) -> int:
        """Ack these messages. Call it after the last chunk, once. Returns how many were acked.

        RabbitMQ forgets acks that a quorum queue has not taken in when the channel closes, so a few may still be
        there: look again.
        """
        for channel, consumer in zip(self._channels, self._consumers, strict=True):
            channel.basic_cancel(consumer)  # else each ack would let a new message in
        singles = 0
        wanted = set(spots)
        for number, channel in enumerate(self._channels):
            tags = sorted(tag for channel_number, tag in wanted if channel_number == number)
            first_kept = next((place for place, tag in enumerate(tags, 1) if tag != place), len(tags) + 1)
            if first_kept > 1:
                channel.basic_ack(first_kept - 1, multiple=True)
            for tag in tags[first_kept - 1 :]:
                channel.basic_ack(tag)
                singles += 1
                if singles % CHUNK == 0:
                    self._connection.process_data_events(0)
        if wanted:
            self._wait(min(SETTLE_LIMIT_SECONDS, 0.05 + singles * SETTLE_SECONDS_EACH))
        return len(wanted)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._connection.process_data_events(left)

    def _consume(self, room: int) -> None:
        channel = self._connection.channel()
        channel.basic_qos(prefetch_count=room)
        number = len(self._channels)

        def arrived(_channel: Any, method: Any, properties: Any, body: bytes) -> None:
            self._arrived.append(
                Lying(
                    (number, method.delivery_tag),
                    body,
                    properties.headers or {},
                    properties.message_id or "",
                    properties.content_type or "",
                )
            )

        self._channels.append(channel)
        self._consumers.append(channel.basic_consume(self._queue, arrived))

    def _wait_for_more(self, at_least: int) -> bool:
        patience = QUIET_ALONE_SECONDS if self._alone else QUIET_SECONDS
        quiet_since = time.monotonic()
        while len(self._arrived) < at_least:
            before = len(self._arrived)
            self._connection.process_data_events(0.2)
            if len(self._arrived) > before:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > patience:
                return False
        return True

    def _hand_over(self) -> Iterator[list[Lying]]:
        arrived, self._arrived = self._arrived, []
        self._seen += len(arrived)
        for start in range(0, len(arrived), CHUNK):
            self._keep_alive()
            yield arrived[start : start + CHUNK]

    def _close(self) -> None:
        if self._connection.is_open:
            try:
                for channel in self._channels:  # in turn: together they give back in any order
                    channel.close()
                self._connection.close()
            except pika.exceptions.AMQPError:
                return  # it is closed all the same, and the broker has the messages back
