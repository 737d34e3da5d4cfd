"""Publishing for the desk: everything under confirm, and two kinds of failure told apart."""

from collections.abc import Callable, Sequence
from typing import Protocol

from events.broker.tickets import Batch, Ticket
from events.outgoing import NotConfirmed, Outgoing, Refused, Unroutable

CONFIRM_SECONDS = 30.0
"""How long one chunk may take to be confirmed; a quorum queue under load needs a second or two."""

Checkpoint = Callable[[str], None]
"""Called with the name of each step that is behind us; tests end the process there."""


class Publishes(Protocol):
    """What the desk needs of a publisher."""

    def publish_all(
        self, messages: Sequence[Outgoing], *, timeout_seconds: float
    ) -> list[NotConfirmed | None]:
        """Send in order; None = confirmed, at the message's own place."""

    def submit(self, ticket: Ticket) -> None:
        """Send what a ticket hands out, and tell the ticket."""


def no_checkpoint(_name: str) -> None:
    """Outside of tests nothing happens there."""


def publish(publisher: Publishes, messages: Sequence[Outgoing]) -> list[int]:
    """Publish messages and wait for all confirms. Returns the places of those that the broker will not take.

    Raises:
        NotConfirmed: the broker is away or does not answer; each message may or may not be there.
    """
    return refused_of(publisher.publish_all(messages, timeout_seconds=CONFIRM_SECONDS))


def send(publisher: Publishes, messages: Sequence[Outgoing]) -> Batch:
    """Begin to publish messages; ``refused_of(batch.wait(CONFIRM_SECONDS))`` is what ``publish`` gives."""
    batch = Batch(messages)
    publisher.submit(batch)
    return batch


def refused_of(outcomes: Sequence[NotConfirmed | None]) -> list[int]:
    """The places of those that the broker will not take.

    Raises:
        NotConfirmed: as ``publish``.
    """
    places: list[int] = []
    for place, outcome in enumerate(outcomes):
        match outcome:
            case None:
                pass
            case Unroutable() | Refused():
                places.append(place)
            case _:
                raise outcome
    return places


def publish_or_raise(publisher: Publishes, messages: Sequence[Outgoing]) -> None:
    """Publish messages that have to arrive before anything else may happen.

    Raises:
        NotConfirmed: one of them did not.
    """
    for outcome in publisher.publish_all(messages, timeout_seconds=CONFIRM_SECONDS):
        if outcome is not None:
            raise outcome
