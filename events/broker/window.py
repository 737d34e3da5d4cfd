"""The messages that are sent on one channel and not confirmed yet, by delivery tag. Pure: no broker, no clock."""

from dataclasses import dataclass

from events.broker.tickets import Ticket
from events.outgoing import NotConfirmed, Outgoing, Refused, Unroutable

WINDOW_BYTES = 4_000_000
"""No more than this is on its way at once: behind hundreds of large bodies no confirm would come in time."""


@dataclass(slots=True)
class Sent:
    """One message on its way."""

    ticket: Ticket
    place: int
    message: Outgoing
    sent_at: float
    returned: str = ""


class Window:
    """Delivery tags count from 1 on each channel. A window belongs to one channel and is thrown away with it,

    so a late confirm of an old channel can never confirm a newer message.
    Source: RabbitMQ docs, "Consumer Acknowledgements and Publisher Confirms".
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._bytes = 0
        self._sent: dict[int, Sent] = {}
        self._last_tag = 0
        self._lowest_open = 1
        self.was_refused = False

    @property
    def has_room(self) -> bool:
        """Whether one more message may be sent now."""
        return len(self._sent) < self._size and self._bytes < WINDOW_BYTES

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on its way."""
        return not self._sent

    def add(self, ticket: Ticket, place: int, message: Outgoing, *, now: float) -> None:
        """A message was just given to the channel."""
        self._last_tag += 1
        self._bytes += len(message.body)
        self._sent[self._last_tag] = Sent(ticket, place, message, now)

    def confirmed(self, tag: int, *, multiple: bool) -> None:
        """The broker has taken responsibility, or has given the message back just before."""
        for sent in self._close(tag, multiple=multiple):
            sent.ticket.settle(sent.place, Unroutable(sent.returned) if sent.returned else None)

    def refused(self, tag: int, *, multiple: bool) -> None:
        """The broker could not take it (basic.nack)."""
        self.was_refused = True
        for sent in self._close(tag, multiple=multiple):
            sent.ticket.settle(
                sent.place, Refused("the broker refused the message: the queue is full or gone")
            )

    def returned(
        self, *, exchange: str, routing_key: str, message_id: str | None, body: bytes, why: str
    ) -> None:
        """No queue took a message. The broker says so in the order of publishing, before the confirm.

        A return names no delivery tag, so the first message in flight with this very content is the one.
        """
        for sent in self._sent.values():
            message = sent.message
            if (
                not sent.returned
                and message.routing_key == routing_key
                and message.exchange == exchange
                and message.message_id == message_id
                and message.body == body
            ):
                sent.returned = f'no queue takes routing key "{routing_key}" of exchange "{exchange}" ({why})'
                return

    def waits_since(self) -> float | None:
        """When the oldest open message was sent."""
        for sent in self._sent.values():
            return sent.sent_at
        return None

    def abandon(
        self, outcome: NotConfirmed, *, culprit: NotConfirmed | None = None, exchange: str = ""
    ) -> None:
        """The channel is gone: nothing in flight can be confirmed any more. ``culprit`` is for ``exchange``'s."""
        sent, self._sent, self._bytes = self._sent, {}, 0
        for one in sent.values():
            guilty = culprit is not None and one.message.exchange == exchange
            one.ticket.settle(one.place, culprit if guilty else outcome)

    def _close(self, tag: int, *, multiple: bool) -> list[Sent]:
        tags = range(self._lowest_open, tag + 1) if multiple else (tag,)
        if multiple:
            self._lowest_open = max(self._lowest_open, tag + 1)
        closed = [one for number in tags if (one := self._sent.pop(number, None)) is not None]
        for one in closed:
            self._bytes -= len(one.message.body)
        return closed
