"""Looking after the error queues: when a pass is due, and the numbers for the metrics."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Protocol

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingConnection
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from events import names
from events.broker.nodes import pika_nodes
from events.outgoing import NotConfirmed
from ops.desk.queue_pass import QueueBusy
from ops.desk.sweep import Sweeper
from ops.metrics import FailedMessages
from schemas.envelope import Workflow
from workers.ledger.commands import running_commands
from workers.ledger.connections import read_connections
from workers.ledger.engine import reading
from workers.ledger.failure_views import count_by_reason, count_unresolved, oldest_unresolved

SWEEP_SECONDS = 2.0
"""The shortest time between two passes over one queue."""

REST_FACTOR = 4.0
"""After a pass that took one second, four seconds of rest, unless half of the queue can go: a pass costs each message
that stays one of a million returns."""

MISSING_SECONDS = 15.0
"""So long a queue may hold less than the ledger says: a person who looks holds messages for a moment."""

BUSY_SECONDS = 60.0
"""After that we look in spite of whoever holds messages of the queue: settled copies must not stay for ever."""

QUIET_SECONDS = 1.0
"""So long no command: a pass keeps the process busy, and the operator's next command is not to wait for it."""

OVERDUE_SECONDS = 10.0
"""A copy too many for so long is taken out although commands keep coming."""

LOOK_SECONDS = 0.5
COUNT_SECONDS = 10.0

log = logging.getLogger(__name__)


class Observer(Protocol):
    """What the watch tells the metrics."""

    def failures(self, counts: Mapping[FailedMessages, int]) -> None:
        """The ledger's numbers of failed messages."""

    def oldest_failures(self, seconds: Mapping[str, float]) -> None:
        """The age of each workflow's oldest unresolved failed message."""

    def connections(self, up: Mapping[str, bool]) -> None:
        """Which connections are active."""


@dataclass(slots=True)
class QueueState:
    """What the watch remembers of one error queue. Times are seconds of a monotonic clock."""

    swept_at: float | None = None
    pass_seconds: float = 0.0
    strangers: int = 0
    missing_since: float | None = None
    excess_since: float | None = None
    busy_since: float | None = None


def sweep_is_due(
    state: QueueState, *, depth: int, unresolved: int, last_command_at: float, at: float
) -> bool:
    """Whether the queue and the ledger differ long enough to make a pass. The first pass is always due."""
    if state.swept_at is None:
        return True
    ours = depth - state.strangers
    state.missing_since = (state.missing_since or at) if ours < unresolved else None
    state.excess_since = (state.excess_since or at) if ours > unresolved else None
    pays = ours - unresolved >= max(1, unresolved)  # half of it goes, and the next pass is that much shorter
    if at - state.swept_at < max(SWEEP_SECONDS, 0.0 if pays else REST_FACTOR * state.pass_seconds):
        return False
    if state.excess_since is not None:
        return at - last_command_at >= QUIET_SECONDS or at - state.excess_since >= OVERDUE_SECONDS
    return state.missing_since is not None and at - state.missing_since >= MISSING_SECONDS


@dataclass(slots=True)
class Watch:
    """A thread's work: looks twice a second until ``stopping`` is set."""

    broker_url: str
    ledger: Engine
    sweeper: Sweeper
    workflows: Sequence[Workflow]
    observer: Observer
    now: Callable[[], datetime]
    stopping: Event
    states: dict[Workflow, QueueState] = field(default_factory=dict)
    _last_command_at: float = float("-inf")
    _connection: BlockingConnection | None = None
    _counted_at: float = float("-inf")

    def run(self) -> None:
        """Look, sweep, count; what is away is waited for."""
        while not self.stopping.is_set():
            try:
                self._look()
            except (pika.exceptions.AMQPError, NotConfirmed, DBAPIError, OSError) as error:
                log.warning(
                    "error queues not looked at", extra={"problem": f"{type(error).__name__}: {error}"}
                )
                self._disconnect()
            self.stopping.wait(LOOK_SECONDS)
        self._disconnect()

    def command_done(self) -> None:
        """A command was answered just now; called from any thread."""
        self._last_command_at = time.monotonic()

    def _look(self) -> None:
        for workflow in self.workflows:
            state = self.states.setdefault(workflow, QueueState())
            with reading(self.ledger) as connection:
                # The copies of what a command works on are left alone until it has ended.
                at_work = sum(row.matched for row in running_commands(connection, workflow))
                unresolved = count_unresolved(connection, workflow)
            if sweep_is_due(
                state,
                depth=self._depth(workflow),
                unresolved=unresolved + at_work,
                last_command_at=self._last_command_at,
                at=time.monotonic(),
            ):
                self._sweep(workflow, state)
        if time.monotonic() - self._counted_at > COUNT_SECONDS:
            self._counted_at = time.monotonic()
            self._count()

    def _sweep(self, workflow: Workflow, state: QueueState) -> None:
        began = time.monotonic()
        shared = state.busy_since is not None and began - state.busy_since > BUSY_SECONDS
        try:
            swept = self.sweeper.sweep(workflow, shared=shared)
        except QueueBusy:
            state.busy_since = state.busy_since or began
            return
        state.busy_since = None
        state.swept_at = time.monotonic()
        state.pass_seconds = state.swept_at - began
        state.strangers = swept.strangers
        state.missing_since = None
        log.info(
            "error queue swept",
            extra={
                "workflow": workflow,
                "kept": swept.kept,
                "taken_out": swept.taken_out,
                "seconds": round(state.pass_seconds, 3),
            },
        )

    def _depth(self, workflow: Workflow) -> int:
        if self._connection is None or self._connection.is_closed:
            nodes = pika_nodes(self.broker_url, connection_name="counterfoil desk watch")
            self._connection = pika.BlockingConnection(nodes)
        channel = self._connection.channel()
        depth: int = channel.queue_declare(names.errors(workflow), passive=True).method.message_count
        channel.close()
        return depth

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and connection.is_open:
            try:
                connection.close()
            except pika.exceptions.AMQPError:
                return  # closed all the same

    def _count(self) -> None:
        with reading(self.ledger) as connection:
            counts = count_by_reason(connection)
            oldest = oldest_unresolved(connection)
            stored = read_connections(connection)
        self.observer.failures({FailedMessages(*labels): count for labels, count in counts.items()})
        now = self.now()
        ages: dict[str, float] = {}
        for name in self.workflows:
            ages[name] = (now - oldest[name]).total_seconds() if name in oldest else 0.0
        self.observer.oldest_failures(ages)
        known = [one.connection for one in stored if one.connection.status != "closed"]
        up = {one.connection_id: one.status == "active" for one in known}
        self.observer.connections(up)
