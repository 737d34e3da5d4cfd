"""RabbitMQ's own dead letters: the one that kills workers becomes a failed message, its neighbours go back.

A worker that dies costs every message that it holds one of its lives, so after 20 deaths healthy ones arrive here
beside the one that did it. Source: RabbitMQ docs, "Quorum Queues", "Poison message handling".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine

from events import names
from events.outgoing import HeaderValue, Outgoing
from ops.desk.publishing import Publishes, publish_or_raise
from schemas.envelope import Workflow
from workers.errors import DeliveryLimit
from workers.ledger.engine import reading, writing
from workers.ledger.entries import applied_events
from workers.ledger.failure_views import read_copies
from workers.ledger.failures import Failure, first_failed, header_values, record_failures, resolve_failures
from workers.ledger.intents import open_intents
from workers.runtime.delivery import Delivery, read_delivery

REQUEUED = "requeued_from_dead"
"""Header of a message that went back once; the second time it becomes a failed message."""

Fate = Literal["dropped", "requeued", "failed"]


def decide_fate(
    *, ended: bool, ignored: bool, began: bool, failed_before: bool, requeued_before: bool
) -> Fate:
    """What becomes of a dead letter.

    ``ended``: it is booked, superseded or skipped. ``began``: a worker was about to write for it. Without any trace
    of an attempt it was only in the worker's hands beside another one.
    """
    if ended or ignored:
        return "dropped"
    if began or failed_before or requeued_before:
        return "failed"
    return "requeued"


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Takes the dead letters of one workflow; ``take`` returns when the message may be acked."""

    workflow: Workflow
    ledger: Engine
    publisher: Publishes
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    def take(self, body: bytes, headers: Mapping[str, Any], message_id: str | None) -> Fate:
        """Decide, publish, record. Safe to run again: a copy or an event that is published twice does no harm.

        Raises:
            NotConfirmed, sqlalchemy.exc.DBAPIError: the broker or the database is away; the message stays.
        """
        now = self.now()
        delivery = read_delivery(self.workflow, body, headers, message_id, received_at=now, handle=None)
        with reading(self.ledger) as connection:
            fate = self._fate(connection, delivery, headers)
            first = first_failed(connection, self.workflow, [delivery.event_id])
        if fate == "dropped":
            self._resolve(delivery, now)
        elif fate == "requeued":
            publish_or_raise(self.publisher, [self._back(delivery, headers)])
        elif fate == "failed":
            failure = self._failure(delivery, now)
            copy = dict(header_values(failure.headers(first.get(delivery.event_id))))
            queue = names.errors(self.workflow)
            publish_or_raise(self.publisher, [Outgoing("", queue, body, delivery.event_id, copy)])
            with writing(self.ledger) as connection:
                record_failures(connection, [failure])
        return fate

    def _resolve(self, delivery: Delivery, now: datetime) -> None:
        """A retried message that was booked before must not be "being retried" for ever."""
        event = (delivery.connection_id, delivery.event_id)
        with writing(self.ledger) as connection:
            if applied_events(connection, [event]):
                resolve_failures(connection, [(self.workflow, event)], now)

    def _fate(self, connection: Connection, delivery: Delivery, headers: Mapping[str, Any]) -> Fate:
        copies = read_copies(connection, self.workflow, [delivery.event_id])
        row = copies.get((delivery.connection_id, delivery.event_id))
        intents = open_intents(connection, [(delivery.connection_id, delivery.object_key)])
        return decide_fate(
            ended=bool(applied_events(connection, [(delivery.connection_id, delivery.event_id)])),
            ignored=row is not None and row.status == "ignored",
            began=any(intent.event_id == delivery.event_id for intent in intents),
            failed_before=row is not None,
            requeued_before=REQUEUED in headers,
        )

    def _back(self, delivery: Delivery, headers: Mapping[str, Any]) -> Outgoing:
        kept: dict[str, HeaderValue] = {
            name: value
            for name, value in headers.items()
            if isinstance(value, str | int) and not name.startswith("x-")
        }
        return Outgoing("", self.workflow, delivery.body, delivery.event_id, {**kept, REQUEUED: 1})

    def _failure(self, delivery: Delivery, now: datetime) -> Failure:
        kind = delivery.envelope.type if delivery.envelope else "message"
        return Failure(
            event_id=delivery.event_id,
            workflow=self.workflow,
            connection_id=delivery.connection_id,
            subject=delivery.subject,
            object_key=delivery.object_key,
            body=delivery.body,
            reason=DeliveryLimit.reason,
            cause=kind,
            message=(
                f"{delivery.subject} ({kind}): workers stopped again and again while they held this message, so "
                "RabbitMQ set it aside. The worker's log says why they stopped."
            ),
            fix="Read the worker's log, mend the cause, then: counterfoil errors retry " + delivery.event_id,
            fault_code="",
            attempts=delivery.attempts + 1,
            copy_id=self.new_id(),
            failed_at=now,
            sequence=int(now.timestamp() * 1_000_000) * 1000,
        )
