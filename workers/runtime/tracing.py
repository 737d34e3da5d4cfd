"""The places of a round that a trace sees. Nothing happens here unless traces are switched on (``ops.tracing``)."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from workers.runtime.delivery import Delivery

T = TypeVar("T")


class Traces(Protocol):
    """Sees the deliveries of a worker and the calls that are made for them."""

    def call(self, action: Callable[[], T], deliveries: Iterable[Delivery], *, request_id: str) -> T:
        """Make a call to QuickBooks, for these deliveries."""
        ...

    def settled(self, delivery: Delivery, word: str) -> None:
        """A delivery is over."""
        ...


class NoTraces:
    """Traces are off."""

    def call(self, action: Callable[[], T], deliveries: Iterable[Delivery], *, request_id: str) -> T:  # noqa: ARG002
        """Just make it."""
        return action()

    def settled(self, delivery: Delivery, word: str) -> None:
        """Nobody looks."""
