"""A message on its way to the broker, and what can go wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

HeaderValue = str | int | datetime

MESSAGE_ID_BYTES = 255
"""AMQP's short strings end here. The id of an event may be longer (128 wide letters); it is in the body too."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message: always persistent, always mandatory, always confirmed. ``exchange`` "" = straight to a queue.

    A ``message_id`` that AMQP cannot carry is left out: else the message could never be published.
    """

    exchange: str
    routing_key: str
    body: bytes
    message_id: str | None = None
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)
    content_type: str | None = "application/json"

    def __post_init__(self) -> None:
        """Leave out what does not fit."""
        if self.message_id is not None and len(self.message_id.encode("utf-8", "replace")) > MESSAGE_ID_BYTES:
            object.__setattr__(self, "message_id", None)


class NotConfirmed(Exception):
    """The broker did not confirm the message. Base class: it may or may not be there."""


class BrokerAway(NotConfirmed):
    """No connection, or it was lost before the confirm."""


class ConfirmTimeout(NotConfirmed):
    """No confirm in time (a memory or disk alarm, a frozen broker)."""


class Refused(NotConfirmed):
    """The broker said no (nack): the queue is full or gone."""


class Unroutable(NotConfirmed):
    """No queue takes the message: the topology is not set up. The message is nowhere."""
