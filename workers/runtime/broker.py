"""The one place that acks: the worker's consuming connection to RabbitMQ."""

import os
import select
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from kombu.connection import Connection
from kombu.entity import Queue
from kombu.exceptions import OperationalError

from events import names
from events.broker.addresses import tries
from schemas.envelope import Workflow
from workers.runtime.delivery import Delivery, read_delivery

HEARTBEAT_SECONDS = 30
PREFETCH = 600
"""Deliveries held in memory: 20 batches. More would only make the broker give more back when we die."""

BACKLOG_PREFETCH = 150
"""Five batches of those that wait for a company to catch up."""

FRAME_SECONDS = 0.0001
"""How long we look for one more frame: just long enough to be no busy loop (0 would mean "block")."""


CLOSE_SECONDS = 2.0


class BrokerLost(Exception):
    """The consuming connection is gone; every delivery that was not acked comes again."""


class Inlet:
    """Takes deliveries from workflow queues and acks them. Only ``wake`` may be called from other threads.

    It holds on to one AMQP connection by itself: kombu's ``Connection.connection`` would silently make a new
    one, without consumers, and the worker would live on without ever getting a message.
    """

    def __init__(
        self,
        url: str,
        workflows: Sequence[Workflow],
        on_delivery: Callable[[Delivery], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._url = url
        self._workflows = workflows
        self._on_delivery = on_delivery
        self._clock = clock
        self._amqp: Any = None
        self._generation = 0
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._woken = False

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Consume while the block runs.

        Raises:
            BrokerLost: the broker is not there, or a queue is not (then run ``counterfoil setup``).
        """
        self._generation += 1
        connection = Connection(self._url, heartbeat=HEARTBEAT_SECONDS, connect_timeout=5)
        with _broker_errors(connection):
            connection.ensure_connection(max_retries=tries(self._url), interval_start=0)
            self._amqp = amqp = connection.connection
            try:
                for workflow in self._workflows:
                    self._consume(connection, workflow, workflow, PREFETCH)
                    self._consume(connection, workflow, names.backlog(workflow), BACKLOG_PREFETCH)
                yield
            finally:
                self._amqp = None
                _close(amqp)

    def _consume(self, connection: Any, workflow: Workflow, queue: str, prefetch: int) -> None:
        generation = self._generation

        def received(message: Any) -> None:
            body = message.body
            self._on_delivery(
                read_delivery(
                    workflow,
                    body.encode() if isinstance(body, str) else bytes(body),
                    message.headers or {},
                    message.properties.get("message_id"),
                    received_at=self._clock(),
                    handle=(generation, message),
                    set_aside=queue != workflow,
                )
            )

        connection.Consumer(
            [Queue(queue, no_declare=True)],
            on_message=received,
            prefetch_count=prefetch,
            auto_declare=False,
            accept=None,
        ).consume()

    def drain(self, timeout_seconds: float) -> None:
        """Wait until the broker sends something, somebody calls ``wake``, or the time is over.

        Raises:
            BrokerLost: the connection broke.
        """
        sock = self._amqp.transport.sock
        if sock is None:
            raise BrokerLost("the connection is closed")
        ready, _, _ = select.select([sock, self._wake_read], [], [], timeout_seconds)
        if self._wake_read in ready:
            _empty(self._wake_read)
            # after the read: one that comes in between finds us awake; the other way round the read would take its
            # byte, and all later ones would take it for still there
            self._woken = False
        if sock in ready:
            self._drain_frames()
        self._amqp.heartbeat_tick(rate=2)

    def _drain_frames(self) -> None:
        while True:
            try:
                self._amqp.drain_events(timeout=FRAME_SECONDS)
            except (TimeoutError, BlockingIOError):
                return

    def wake(self) -> None:
        """End a ``drain`` from another thread."""
        if not self._woken:
            self._woken = True
            try:
                os.write(self._wake_write, b"x")
            except BlockingIOError:
                return

    def is_current(self, delivery: Delivery) -> bool:
        """False for a delivery of an earlier connection: the broker delivers it again by itself."""
        return bool(delivery.handle[0] == self._generation) and self._amqp is not None

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Let the broker forget these. Those of an earlier connection are left out: they come again."""
        for delivery in deliveries:
            if self.is_current(delivery):
                delivery.handle[1].ack()


@contextmanager
def _broker_errors(connection: Any) -> Iterator[None]:
    try:
        yield
    except (OperationalError, *connection.connection_errors, *connection.channel_errors) as error:
        raise BrokerLost(f"{type(error).__name__}: {error}") from error


def _close(amqp: Any) -> None:
    """Say goodbye, but not for long: a frozen broker never answers."""
    with suppress(Exception):  # whatever is wrong with it, it is over
        amqp.sock.settimeout(CLOSE_SECONDS)
        amqp.close()
    amqp.collect()


def _empty(descriptor: int) -> None:
    try:
        while os.read(descriptor, 4096):
            continue
    except BlockingIOError:
        return
