"""RabbitMQ's own dead letters: each becomes a failed message, and is tried once more, alone.

A worker that dies costs every message that it holds one of its lives, so after 20 deaths healthy ones arrive here
beside the one that did it. Source: RabbitMQ docs, "Quorum Queues", "Poison message handling". Nothing at a death tells
them apart, a trial does: the healthy ones are booked, the poison is here again, and stays for a person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine

from ops.desk.publishing import Publishes, publish_or_raise
from schemas.envelope import Workflow
from workers.error_copies import error_copy
from workers.errors import DeliveryLimit
from workers.ledger.engine import reading, writing
from workers.ledger.entries import applied_events
from workers.ledger.failure_trials import SUSPECT, TRIAL
from workers.ledger.failure_views import FailedMessage, find_failed
from workers.ledger.failures import Failure, first_failed, record_failures, resolve_failures
from workers.runtime.delivery import Delivery, read_delivery

WAITS_FOR_IT = (
    "workers stopped again and again while they held this message, maybe because of another one that they held as "
    "well. It is tried once more, alone."
)
FAILED_IT = (
    "workers stopped again and again while they held this message, also when no other suspect was with them, so "
    "RabbitMQ set it aside. The worker's log says why they stopped."
)

Fate = Literal["dropped", "suspect", "failed"]


def decide_fate(*, ended: bool, ignored: bool, failed_its_trial: bool) -> Fate:
    """What becomes of a dead letter. ``ended``: it is booked, superseded or skipped."""
    if ended or ignored:
        return "dropped"
    return "failed" if failed_its_trial else "suspect"


def failed_its_trial(row: FailedMessage | None) -> bool:
    """Whether the message was the only suspect with the workers. ``row``: what the ledger has of it.

    A row that says so already is that of the same dead letter, taken before a crash.
    """
    if row is None or row.reason != DeliveryLimit.reason:
        return False
    tried = row.status == "retry_issued" and row.command_id.startswith(TRIAL)
    return tried or (row.status == "unresolved" and row.cause != SUSPECT)


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
            row = self._row(connection, delivery)
            fate = decide_fate(
                ended=bool(applied_events(connection, [(delivery.connection_id, delivery.event_id)])),
                ignored=row is not None and row.status == "ignored",
                failed_its_trial=failed_its_trial(row),
            )
            first = first_failed(connection, self.workflow, [delivery.event_id])
        if fate == "dropped":
            self._resolve(delivery, now)
            return fate
        failure = self._failure(delivery, now, fate)
        told = failure.headers(first.get(delivery.event_id))
        copy = error_copy(self.workflow, delivery.event_id, body, told)
        publish_or_raise(self.publisher, [copy])
        with writing(self.ledger) as connection:
            record_failures(connection, [failure])
        return fate

    def _resolve(self, delivery: Delivery, now: datetime) -> None:
        """A retried message that was booked before must not be "being retried" for ever."""
        event = (delivery.connection_id, delivery.event_id)
        with writing(self.ledger) as connection:
            if applied_events(connection, [event]):
                resolve_failures(connection, [(self.workflow, event)], now)

    def _row(self, connection: Connection, delivery: Delivery) -> FailedMessage | None:
        here = (self.workflow, delivery.connection_id)
        found = find_failed(connection, delivery.event_id)
        return next((row for row in found if (row.workflow, row.connection_id) == here), None)

    def _failure(self, delivery: Delivery, now: datetime, fate: Fate) -> Failure:
        alone = fate == "failed"
        kind = delivery.envelope.type if delivery.envelope else "message"
        return Failure(
            event_id=delivery.event_id,
            workflow=self.workflow,
            connection_id=delivery.connection_id,
            subject=delivery.subject,
            object_key=delivery.object_key,
            body=delivery.body,
            reason=DeliveryLimit.reason,
            cause=kind if alone else SUSPECT,
            message=f"{delivery.subject} ({kind}): {FAILED_IT if alone else WAITS_FOR_IT}",
            fix=f"Read the worker's log, mend the cause, then: counterfoil errors retry {delivery.event_id}"
            if alone
            else "Nothing to do: the desk tries it again by itself.",
            fault_code="",
            attempts=delivery.attempts + 1,
            copy_id=self.new_id(),
            failed_at=now,
            sequence=int(now.timestamp() * 1_000_000) * 1000,
        )
