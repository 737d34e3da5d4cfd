"""Plain kombu: its ConsumerMixin and a pool of threads; ``--batch`` is the batched prototype of the design.

The loop waits for the broker's socket and for a pipe that threads write to, so that an ack goes out at once.
"""

import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from kombu import Connection, Queue
from kombu.mixins import ConsumerMixin

from ops.bench.peers.fill import main
from ops.bench.peers.job import (
    BATCH,
    BROKER,
    LINGER_SECONDS,
    QUEUE,
    QUORUM,
    SLOTS,
    process,
    process_batch,
)


class Worker(ConsumerMixin):
    """Hands messages to threads, one by one or thirty at a time."""

    def __init__(self, connection: Connection, *, batched: bool) -> None:
        self.connection = connection
        self._batched = batched
        self._threads = ThreadPoolExecutor(SLOTS)
        self._done: deque[tuple[Any, bool]] = deque()
        self._waiting: list[Any] = []
        self._since = 0.0
        self._woken = False
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def stop(self) -> None:
        """End the loop; from a signal handler."""
        self.should_stop = True
        os.write(self._write, b"x")

    def get_consumers(self, Consumer: Any, channel: Any) -> list[Any]:  # noqa: ARG002, N803 - kombu's names
        queue = Queue(QUEUE, durable=True, queue_arguments=QUORUM)
        prefetch = BATCH * (SLOTS + 1) if self._batched else SLOTS * 2
        return [Consumer([queue], on_message=self._arrived, prefetch_count=prefetch)]

    def _arrived(self, message: Any) -> None:
        if not self._batched:
            self._threads.submit(self._run, [message])
            return
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(message)
        if len(self._waiting) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        messages, self._waiting = self._waiting, []
        self._threads.submit(self._run, messages)

    def _run(self, messages: list[Any]) -> None:
        bodies = [
            message.body.encode() if isinstance(message.body, str) else bytes(message.body)
            for message in messages
        ]
        try:
            if self._batched:
                process_batch(bodies)
            else:
                process(bodies[0])
            good = True
        except Exception as error:
            print(f"not done: {error!r}", flush=True)
            good = False
        self._done.extend((message, good) for message in messages)
        if not self._woken:
            self._woken = True
            with suppress(BlockingIOError):
                os.write(self._write, b"x")

    def _settle(self) -> None:
        while self._done:
            message, good = self._done.popleft()
            if good:
                message.ack()
            else:
                message.requeue()
        if self._waiting and time.monotonic() - self._since >= LINGER_SECONDS:
            self._flush()

    def consume(self, *_: Any, **words: Any) -> Iterator[None]:
        """Kombu's own loop looks for acks only when a message came, or every so many milliseconds."""
        with self.consumer_context(**words) as (connection, _channel, _consumers):
            poll = select.poll()
            socket = (
                connection.transport_manager.transport.sock
                if hasattr(connection, "transport_manager")
                else connection.connection.transport.sock
            )
            poll.register(socket, select.POLLIN)
            poll.register(self._read, select.POLLIN)
            while not self.should_stop:
                ready = {fd for fd, _ in poll.poll(LINGER_SECONDS * 1000 if self._waiting else 1000)}
                if self._read in ready:
                    with suppress(BlockingIOError):
                        os.read(self._read, 4096)
                    self._woken = False
                if ready - {self._read}:
                    with suppress(TimeoutError, BlockingIOError):
                        while True:
                            connection.drain_events(timeout=0)
                self._settle()
                yield


def worker(*, batched: bool) -> None:
    with Connection(BROKER) as connection:
        consumer = Worker(connection, batched=batched)
        signal.signal(signal.SIGTERM, lambda *_: consumer.stop())
        consumer.run()


if __name__ == "__main__":
    main(lambda: worker(batched="--batch" in sys.argv))
