"""What waits for closed connections is dropped: failed messages and their copies, held events."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

import pika
import pika.exceptions
from sqlalchemy import Engine

from events import names
from events.broker.nodes import pika_nodes
from events.broker.topology import WORKFLOWS
from ops.desk.queue_pass import QueueBusy, QueuePass
from ops.desk.release import connection_of
from schemas.envelope import Workflow
from workers.ledger.engine import reading, writing
from workers.ledger.erasure import forget_open_writes
from workers.ledger.failure_changes import Order, Target, ignore
from workers.ledger.failure_views import count_matching

REASON = "the connection was closed"
ALONE_SECONDS = 5.0
PASSES = 3
"""Enough for acks that RabbitMQ forgot."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a connection: failed messages that are unresolved, and held events."""

    failed: int
    held: int


@dataclass(frozen=True, slots=True)
class Dropper:
    """Drops what waits for closed connections. Safe to run again after a death anywhere.

    Events in the workflow queues, the backlogs and the delayed queues come to a worker, which skips them.
    """

    broker_url: str
    ledger: Engine
    now: Callable[[], datetime]

    def waiting(self, connection_id: str) -> Waiting:
        """What would be dropped; changes nothing.

        Raises:
            pika.exceptions.AMQPError: the broker is away.
        """
        held = sum(self._held(workflow, {connection_id}, drop=False) for workflow in WORKFLOWS)
        return Waiting(self._unresolved(connection_id), held)

    def drop(self, connection_ids: Collection[str], *, by: str) -> Waiting:
        """Ignore the failed messages of these connections, all closed, and take their held events out.

        The desk's sweep then takes the copies out of the error queues.

        Raises:
            pika.exceptions.AMQPError, sqlalchemy.exc.DBAPIError: broker or database is away; run it again.
        """
        failed = 0
        for connection_id in connection_ids:
            if self._unresolved(connection_id):
                failed += self._ignore(connection_id, by)
            with writing(self.ledger) as connection:
                forget_open_writes(connection, connection_id)
        held = sum(self._held(workflow, connection_ids, drop=True) for workflow in WORKFLOWS)
        return Waiting(failed, held)

    def _unresolved(self, connection_id: str) -> int:
        with reading(self.ledger) as connection:
            return sum(
                count_matching(connection, workflow, connection_id=connection_id) for workflow in WORKFLOWS
            )

    def _ignore(self, connection_id: str, by: str) -> int:
        order = Order(f"close-{connection_id}", by, self.now())
        with writing(self.ledger) as connection:
            return sum(
                ignore(connection, Target(workflow, connection_id=connection_id), order, REASON)
                for workflow in WORKFLOWS
            )

    def _held(self, workflow: Workflow, connection_ids: Collection[str], *, drop: bool) -> int:
        total = 0
        for _ in range(PASSES if drop else 1):
            if not self._depth(workflow):
                break
            with self._open(names.held(workflow)) as walk:
                mine = [
                    one.spot
                    for chunk in walk.chunks()
                    for one in chunk
                    if connection_of(one) in connection_ids
                ]
                if drop:
                    walk.take_out(mine)
            total += len(mine)
            if not mine:
                break
        return total

    def _depth(self, workflow: Workflow) -> int:
        """A pass costs each message one return: not where there is nothing."""
        connection = pika.BlockingConnection(pika_nodes(self.broker_url, connection_name="counterfoil close"))
        try:
            declared = connection.channel().queue_declare(names.held(workflow), passive=True)
            return int(declared.method.message_count)
        finally:
            if connection.is_open:
                connection.close()

    def _open(self, queue: str) -> QueuePass:
        """Alone if we can: what a person looks at just now would else stay behind."""
        until = time.monotonic() + ALONE_SECONDS
        while time.monotonic() < until:
            try:
                return QueuePass(self.broker_url, queue)
            except QueueBusy:
                time.sleep(ALONE_SECONDS / 20)
        return QueuePass(self.broker_url, queue, shared=True)
