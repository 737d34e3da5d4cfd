"""The one place that acks: the desk's consuming connection of one workflow, for its commands and dead letters.

It holds on to one AMQP connection by itself: kombu's ``Connection.connection`` would silently make a new one without
consumers. Whatever goes wrong while a message is in hand ends the connection; RabbitMQ then delivers it again.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Protocol

import pika.exceptions
from kombu.connection import Connection
from kombu.exceptions import OperationalError
from sqlalchemy.exc import DBAPIError

from events import names
from events.broker.addresses import tries
from events.broker.topology import existing
from events.outgoing import NotConfirmed
from ops.desk.carry_out import Handled, Workbench
from ops.desk.dead import DeadLetters
from ops.desk.reading import Arrival
from ops.desk.trials import Trials

HEARTBEAT_SECONDS = 60
"""A claim of a million rows may hold the thread for a while; RabbitMQ waits for two heartbeats."""

LOOK_SECONDS = 0.25
NO_WAIT_SECONDS = 0.001
"""For a look at what has arrived while a long command is at work."""

QUIET_SECONDS = 2.0
"""So long without a command after connecting, a command that began and did not end has lost its message."""

BACKOFF_FIRST_SECONDS = 0.2
BACKOFF_LIMIT_SECONDS = 10.0

log = logging.getLogger(__name__)


class BrokerLost(Exception):
    """The consuming connection is gone, or a queue is; what was not acked comes again."""


class Observer(Protocol):
    """What the desk tells its metrics."""

    def command_done(self, command: str, result: str) -> None:
        """One command was answered."""

    def commands_left(self, workflow: str, messages: int) -> None:
        """So many messages are still to be published by the commands that run."""


@dataclass(slots=True)
class Listener:
    """Hands commands and dead letters of one workflow to those who know, one at a time, and acks them.

    ``command_done`` is called after each command.
    """

    broker_url: str
    workbench: Workbench
    dead_letters: DeadLetters
    observer: Observer
    command_done: Callable[[], None]
    stopping: Event
    connected: bool = False
    trials: Trials = field(init=False)
    _arrived: deque[tuple[Callable[[Any], None], Any]] = field(default_factory=deque)
    _amqp: Any = None

    def __post_init__(self) -> None:
        self.workbench.keep_alive = self._keep_alive
        self.trials = Trials(self.workbench)

    def run(self) -> None:
        """Consume until ``stopping`` is set; reconnect for ever in between."""
        pause = BACKOFF_FIRST_SECONDS
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                with self._consuming() as connection:
                    self._loop(connection)
            except (BrokerLost, NotConfirmed, DBAPIError, pika.exceptions.AMQPError) as error:
                log.warning("desk waits", extra=self._facts(error))
            except Exception as error:
                # Our bug. The message stays; after 100 deliveries RabbitMQ puts it into commands.rejected.
                log.exception("desk failed", extra=self._facts(error))
            pause = BACKOFF_FIRST_SECONDS if time.monotonic() - began > BACKOFF_LIMIT_SECONDS else pause * 2
            self.stopping.wait(min(pause, BACKOFF_LIMIT_SECONDS))

    def _keep_alive(self) -> None:
        """Called in long commands: heartbeats go out, and what arrives waits for its turn."""
        self._drain(NO_WAIT_SECONDS)

    def _facts(self, error: Exception) -> dict[str, object]:
        return {"workflow": self.workbench.workflow, "problem": f"{type(error).__name__}: {error}"[:500]}

    @contextmanager
    def _consuming(self) -> Iterator[Any]:
        self._arrived.clear()
        self.workbench.forget()
        self.observer.commands_left(self.workbench.workflow, 0)
        connection = Connection(self.broker_url, heartbeat=HEARTBEAT_SECONDS, connect_timeout=5)
        errors = (OperationalError, *connection.connection_errors, *connection.channel_errors)
        with connection:
            try:
                connection.ensure_connection(max_retries=tries(self.broker_url), interval_start=0)
                self._amqp = connection.connection
                workflow = self.workbench.workflow
                # One at a time: after a crash only the last command can come again.
                self._consume(connection, names.commands(workflow), 1, self._command)
                self._consume(connection, names.dead(workflow), 10, self._dead_letter)
                self.connected = True
                yield connection
            except errors as error:
                raise BrokerLost(f"{type(error).__name__}: {error}") from error
            finally:
                self.connected = False
                self._amqp = None

    def _consume(self, connection: Any, queue: str, prefetch: int, take: Callable[[Any], None]) -> None:
        connection.Consumer(
            [existing(queue)],
            on_message=lambda message: self._arrived.append((take, message)),
            prefetch_count=prefetch,
            auto_declare=False,
            accept=None,
        ).consume()

    def _loop(self, connection: Any) -> None:
        quiet_since = time.monotonic()
        while not self.stopping.is_set():
            self._drain(NO_WAIT_SECONDS if self.workbench.busy else LOOK_SECONDS)
            while self._arrived and not self.stopping.is_set():
                take, message = self._arrived.popleft()
                take(message)
                quiet_since = time.monotonic()
            if self.workbench.busy:
                self._work()
                quiet_since = time.monotonic()
            if (tried := self.trials.step()) is not None:
                self._tell(tried)
            quiet = time.monotonic() - quiet_since > QUIET_SECONDS
            if quiet and not self.workbench.looked_for_begun and self._alone(connection):
                self.workbench.resume()

    def _alone(self, connection: Any) -> bool:
        """Whether no command waits and no other desk consumes: then nothing that runs has its message any more."""
        with connection.channel() as channel:
            found = existing(names.commands(self.workbench.workflow))(channel).queue_declare(passive=True)
        return bool(found.message_count == 0 and found.consumer_count == 1)

    def _drain(self, timeout_seconds: float) -> None:
        with suppress(TimeoutError):
            self._amqp.drain_events(timeout=timeout_seconds)
        self._amqp.heartbeat_tick(rate=2)

    def _command(self, message: Any) -> None:
        handled = self.workbench.handle(
            Arrival(
                body=_bytes(message.body),
                user_id=message.properties.get("user_id"),
                redelivered=bool(message.delivery_info.get("redelivered")),
                properties={**message.properties, "headers": message.headers},
            )
        )
        message.ack()
        self._tell(handled)

    def _work(self) -> None:
        handled = self.workbench.work()
        if handled is None:
            self.observer.commands_left(self.workbench.workflow, self.workbench.left)
        else:
            self._tell(handled)

    def _tell(self, handled: Handled) -> None:
        self.observer.commands_left(self.workbench.workflow, self.workbench.left)
        if handled.result != "running":
            self.observer.command_done(handled.command, handled.result)
        log.info(
            "command running" if handled.result == "running" else "command answered",
            extra={
                "workflow": self.workbench.workflow,
                "command": handled.command,
                "result": handled.result,
                "matched": handled.matched,
            },
        )
        self.command_done()

    def _dead_letter(self, message: Any) -> None:
        fate = self.dead_letters.take(
            _bytes(message.body), message.headers or {}, message.properties.get("message_id")
        )
        message.ack()
        if fate == "suspect":
            self.trials.waiting = True
        log.warning("dead letter taken", extra={"workflow": self.workbench.workflow, "fate": fate})


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)
