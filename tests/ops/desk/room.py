"""What the desk's tests stand on: a ledger, a broker with our topology, failures as a worker leaves them, a desk."""

import json
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kombu.connection import Connection
from sqlalchemy import Engine, func, select

from events import names
from events.broker.publisher import Publisher
from events.broker.topology import declare
from ops.desk.carry_out import Workbench
from ops.desk.dead import DeadLetters
from ops.desk.listen import Listener
from ops.desk.publishing import Publishes
from ops.desk.release import Release
from ops.desk.sweep import Sweeper
from ops.metrics import Metrics
from schemas.connection import Connection as StoreConnection
from schemas.envelope import Workflow
from tests.rig.broker import Broker, Message
from tests.rig.waiting import wait_for
from workers.error_copies import error_copy
from workers.ledger.connections import add_connection
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.failed_bodies import with_body
from workers.ledger.failures import (
    Failure,
    first_failed,
    record_failures,
    resolve_failures,
)
from workers.ledger.tables import commands, failed_messages, metadata


def now() -> datetime:
    return datetime.now(UTC)


def body_of(number: int, *, connection: str = "acme-woo", subject: str = "") -> bytes:
    envelope = {
        "specversion": "1.0",
        "id": f"event-{number}",
        "source": f"counterfoil/connections/{connection}",
        "type": "orders.paid",
        "subject": subject or f"order/{number}",
        "time": "2026-11-24T08:15:00Z",
        "connection": connection,
        "data": {"number": number},
    }
    return json.dumps(envelope).encode()


def own_headers(message: Message) -> dict[str, Any]:
    """The headers without those that RabbitMQ adds."""
    return {name: value for name, value in message.headers.items() if not name.startswith("x-")}


def failure(number: int = 1, **changes: Any) -> Failure:
    """One failure as a worker makes it; ``copy_id`` is always a new one."""
    at = changes.pop("failed_at", now())
    plain = Failure(
        event_id=f"event-{number}",
        workflow="orders",
        connection_id="acme-woo",
        subject=f"order/{number}",
        object_key=f"order/{number}",
        body=body_of(number),
        reason="tax_code_unmapped",
        cause="GST 5%",
        message=f'Order {number}: store tax "GST 5%" has no QuickBooks tax code.',
        fix='counterfoil connections set acme-woo taxes."GST 5%"=CODE',
        fault_code="",
        attempts=1,
        copy_id=uuid.uuid4().hex,
        failed_at=at,
        sequence=time.time_ns(),
    )
    return replace(plain, **changes)


@dataclass
class Room:
    """A ledger and a virtual host for one test, and the moves of a worker and an operator in it."""

    broker: Broker
    ledger: Engine
    publisher: Publisher
    workflow: Workflow = "orders"
    metrics: Metrics = field(default_factory=Metrics)

    # What a worker does

    def fail(self, *failures: Failure) -> None:
        """Copies under confirm, then the rows, as a worker settles failures."""
        self.publish_copies(failures)
        with writing(self.ledger) as connection:
            record_failures(connection, failures)

    def publish_copies(self, failures: Iterable[Failure]) -> None:
        failures = list(failures)
        with reading(self.ledger) as connection:
            since = first_failed(connection, self.workflow, [one.event_id for one in failures])
        copies = [
            error_copy(one.workflow, one.event_id, one.body, one.headers(since.get(one.event_id)))
            for one in failures
        ]
        assert not any(self.publisher.publish_all(copies, timeout_seconds=30))

    def book(self, *event_ids: str) -> None:
        with writing(self.ledger) as connection:
            ended = [(self.workflow, ("acme-woo", event_id)) for event_id in event_ids]
            resolve_failures(connection, ended, now())

    # What an operator does

    def command(self, body: Any, *, workflow: str = "orders", **more: Any) -> None:
        """Publish as the Management UI does."""
        assert self.broker.publish(names.COMMANDS, workflow, body, **more)

    def answers(self) -> list[dict[str, Any]]:
        """What commands.log holds, by time: looking at a queue may change the order of what was looked at."""
        found = [message.json() for message in self.broker.peek(names.COMMANDS_LOG, 200)]
        return sorted(found, key=lambda answer: str(answer["received_at"]))

    def wait_answers(self, count: int) -> list[dict[str, Any]]:
        def answered() -> list[dict[str, Any]]:
            found = self.answers()
            assert len(found) >= count, found
            return found

        return wait_for(answered, timeout_seconds=20, what=f"{count} answers")

    # What can be seen

    def row(self, number: int = 1) -> Any:
        with reading(self.ledger) as connection:
            wanted = with_body(failed_messages).where(failed_messages.c.event_id == f"event-{number}")
            return connection.execute(wanted).one_or_none()

    def statuses(self) -> dict[str, int]:
        with reading(self.ledger) as connection:
            wanted = select(failed_messages.c.status, func.count()).group_by(failed_messages.c.status)
            return {row[0]: row[1] for row in connection.execute(wanted)}

    def command_rows(self) -> list[Any]:
        with reading(self.ledger) as connection:
            return list(connection.execute(select(commands).order_by(commands.c.received_at)))

    def taken_from_workflow(self) -> list[Message]:
        return self.broker.take(self.workflow)

    def copies(self) -> list[str]:
        """The event ids in the error queue, in order (taken out: use it last)."""
        with self.broker.channel() as channel:
            expected = channel.queue_declare(names.errors(self.workflow), passive=True).method.message_count
            found: list[str] = []
            for _ in range(expected):
                _, properties, _ = channel.basic_get(names.errors(self.workflow), auto_ack=True)
                assert properties is not None
                found.append(properties.message_id)
        return found

    # The desk, in this process

    def workbench(self, publisher: Publishes | None = None, **changes: Any) -> Workbench:
        """``changes``: what differs from the usual desk."""
        out = publisher or self.publisher
        release = Release(self.broker.url, self.ledger, out, now)
        return Workbench(self.workflow, self.ledger, out, release, now, lambda: uuid.uuid4().hex, **changes)

    def sweeper(self) -> Sweeper:
        return Sweeper(self.broker.url, self.ledger, self.publisher, now)

    @contextmanager
    def desk(self, **changes: Any) -> Iterator[Listener]:
        """A listening desk for the time of the block."""
        stopping = threading.Event()
        dead = DeadLetters(self.workflow, self.ledger, self.publisher, now, lambda: uuid.uuid4().hex)
        listener = Listener(
            self.broker.url, self.workbench(**changes), dead, self.metrics, lambda: None, stopping
        )
        thread = threading.Thread(target=listener.run)
        thread.start()
        try:
            yield listener
        finally:
            stopping.set()
            thread.join(30)
            assert not thread.is_alive()


@contextmanager
def open_room(broker: Broker, database_url: str) -> Iterator[Room]:
    with Connection(broker.url) as connection:
        declare(connection)
    ledger = open_ledger(database_url)
    metadata.create_all(ledger)
    with writing(ledger) as connection:
        for name in ("acme-woo", "other-shop"):
            add_connection(
                connection,
                StoreConnection(connection_id=name, platform="woocommerce", realm_id="1"),
                secrets=b"",
                now=now(),
            )
    publisher = Publisher(broker.url, window=250, confirm_timeout_seconds=10)
    publisher.start()
    try:
        yield Room(broker, ledger, publisher)
    finally:
        publisher.close(5)
        ledger.dispose()


def minutes_ago(minutes: int) -> datetime:
    return now() - timedelta(minutes=minutes)
