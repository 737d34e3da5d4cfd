"""Carrying out what ``settle.decide`` says, up to the ack: publish what must be published, note what must be stored."""

import logging
from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from events import names
from events.outgoing import HeaderValue, NotConfirmed, Outgoing
from workers.error_copies import error_copy
from workers.errors import NeedsAttention
from workers.ledger.engine import reading
from workers.ledger.entries import Entry
from workers.ledger.failures import LATER_EVENT, Failure, first_failed
from workers.outcomes import Booked, Outcome, Skipped, status_of
from workers.runtime.delivery import TRACEPARENT, WAITING_SINCE, Delivery
from workers.runtime.requests import Apart, Changes, Request
from workers.runtime.services import Services
from workers.runtime.settle import Ack, DeadLetter, DelayedRetry, HoldBack, Settlement, decide
from workers.runtime.task import Task

log = logging.getLogger(__name__)

PUBLISH_SECONDS = 30.0
"""How long a round waits for the confirms of its copies and delayed retries."""


IGNORED = Skipped("ignored")
"""The outcome of an event whose store object an operator ignores: it is kept for Restore."""


class ObjectIgnored(NeedsAttention):
    """An operator ignores this store object; the event waits for Restore and nobody is asked anything."""

    reason = LATER_EVENT


@dataclass(frozen=True, slots=True)
class Settled:
    """A delivery whose end is stored: the broker may forget it."""

    delivery: Delivery
    word: str


def settle_all(
    ended: Sequence[Task], services: Services, changes: Changes, claimed: Collection[str]
) -> Generator[Request, Any, list[Settled]]:
    """Publish for these tasks what their settlement asks for, and add to ``changes`` what it stores.

    Raises:
        NotConfirmed: the broker did not confirm; nothing is settled, the deliveries must run again.
    """
    if not ended:
        return []
    now = services.clock()
    decided = [(task, _decision(task, services, now)) for task in ended]
    failures = {
        task.delivery.event_id: _failure(task, settlement.error, services, now)
        for task, settlement in decided
        if isinstance(settlement, DeadLetter)
    }
    if any(not isinstance(settlement, Ack) for _, settlement in decided):
        yield Apart(partial(_publish, decided, failures, services, now))
    changes.failures.extend(failures.values())
    for task, settlement in decided:
        delivery = task.delivery
        if task.outcome == IGNORED:
            changes.set_aside.append(_failure(task, _ignored(delivery), services, now))
        elif isinstance(settlement, Ack) and task.outcome is not None:
            changes.entries.extend(_entry(delivery, task.outcome))
        if delivery.object_key in claimed:
            changes.released.append(delivery.object_key)
        _report(task, settlement, services, now)
    return [Settled(task.delivery, _word(task, settlement)) for task, settlement in decided]


def set_aside(surplus: Sequence[Delivery], services: Services) -> list[Settled]:
    """Move what keeps others waiting to the end of the backlog queue. No attempt is used.

    Raises:
        NotConfirmed: the broker did not confirm; nothing is moved for sure.
    """
    messages = [
        _copy(delivery, names.backlog(delivery.workflow), _kept(delivery, delivery.attempts))
        for delivery in surplus
    ]
    for problem in services.mail.publish_all(messages, timeout_seconds=PUBLISH_SECONDS):
        if isinstance(problem, NotConfirmed):
            raise problem
    log.info("surplus set aside", extra={"connection_id": surplus[0].connection_id, "events": len(surplus)})
    return [Settled(delivery, "set_aside") for delivery in surplus]


def _decision(task: Task, services: Services, now: datetime) -> Settlement:
    delivery = task.delivery
    waited = (now - delivery.waiting_since).total_seconds() if delivery.waiting_since else 0.0
    return decide(task.error, attempts=delivery.attempts, waited_seconds=waited, policy=services.policy)


def _publish(
    decided: Sequence[tuple[Task, Settlement]],
    failures: dict[str, Failure],
    services: Services,
    now: datetime,
) -> None:
    since = _first_failures(failures, decided[0][0].delivery, services)
    messages = [
        message
        for task, settlement in decided
        if (message := _message(task.delivery, settlement, failures, since, now)) is not None
    ]
    if not messages:
        return
    for problem in services.mail.publish_all(messages, timeout_seconds=PUBLISH_SECONDS):
        if isinstance(problem, NotConfirmed):
            raise problem


def _first_failures(
    failures: dict[str, Failure], delivery: Delivery, services: Services
) -> dict[str, datetime]:
    if not failures:
        return {}
    with reading(services.engine) as database:
        return first_failed(database, delivery.workflow, list(failures))


def _message(
    delivery: Delivery,
    settlement: Settlement,
    failures: dict[str, Failure],
    since: dict[str, datetime],
    now: datetime,
) -> Outgoing | None:
    match settlement:
        case Ack():
            return None
        case DeadLetter():
            failure = failures[delivery.event_id]
            headers = failure.headers(since.get(delivery.event_id))
            return error_copy(delivery.workflow, delivery.event_id, delivery.body, headers)
        case HoldBack():
            kept = _kept(delivery, delivery.attempts)
            kept.pop(WAITING_SINCE, None)  # a pause of days is no waiting for a sale
            return _copy(delivery, names.held(delivery.workflow), kept)
        case DelayedRetry(delay_seconds=seconds, uses_attempt=True):
            kept = _kept(delivery, delivery.attempts + 1)
            return _copy(delivery, names.delayed(delivery.workflow, seconds), kept)
        case DelayedRetry(delay_seconds=seconds):
            kept = _kept(delivery, delivery.attempts)
            kept[WAITING_SINCE] = (delivery.waiting_since or now).isoformat()
            return _copy(delivery, names.delayed(delivery.workflow, seconds), kept)


def _kept(delivery: Delivery, attempts: int) -> dict[str, HeaderValue]:
    kept: dict[str, HeaderValue] = {names.ATTEMPTS: attempts, "connection": delivery.connection_id}
    if delivery.waiting_since is not None:
        kept[WAITING_SINCE] = delivery.waiting_since.isoformat()
    if delivery.traceparent:
        kept[TRACEPARENT] = delivery.traceparent
    return kept


def _copy(delivery: Delivery, queue: str, headers: dict[str, HeaderValue]) -> Outgoing:
    return Outgoing("", queue, delivery.body, message_id=delivery.event_id, headers=headers)


def _ignored(delivery: Delivery) -> ObjectIgnored:
    return ObjectIgnored(
        f"{delivery.subject} is ignored, so this later event is kept and not synced. Restore brings all of it back.",
        cause=delivery.subject,
        fix=f"counterfoil errors restore {delivery.event_id}",
    )


def _failure(task: Task, error: NeedsAttention, services: Services, now: datetime) -> Failure:
    delivery = task.delivery
    return Failure(
        event_id=delivery.event_id,
        workflow=delivery.workflow,
        connection_id=delivery.connection_id,
        subject=delivery.subject,
        object_key=delivery.object_key,
        body=delivery.body,
        reason=error.reason,
        cause=error.cause,
        message=str(error),
        fix=error.fix,
        fault_code=error.fault_code,
        attempts=delivery.attempts + 1,
        copy_id=services.new_id(),
        failed_at=now,
        sequence=int(now.timestamp() * 1_000_000) * 1000,
    )


def _entry(delivery: Delivery, outcome: Outcome) -> list[Entry]:
    envelope = delivery.envelope
    if envelope is None:
        return []
    return [
        Entry(
            connection_id=delivery.connection_id,
            event_id=delivery.event_id,
            workflow=delivery.workflow,
            type=envelope.type,
            subject=delivery.subject,
            version=envelope.time,
            outcome=outcome,
            attempts=delivery.attempts + 1,
        )
    ]


def _word(task: Task, settlement: Settlement) -> str:
    match settlement:
        case Ack():
            return status_of(task.outcome) if task.outcome is not None else "acked"
        case DelayedRetry():
            return "delayed_retry"
        case HoldBack():
            return "held"
        case DeadLetter():
            return "dead_letter"


def _report(task: Task, settlement: Settlement, services: Services, now: datetime) -> None:
    delivery, word = task.delivery, _word(task, settlement)
    seconds = max(0.0, (now - delivery.received_at).total_seconds())
    booked = isinstance(task.outcome, Booked) and delivery.envelope is not None
    age = (now - delivery.envelope.time).total_seconds() if booked and delivery.envelope else None
    services.observer.settled(delivery.workflow, word, seconds=seconds, age_seconds=age)
    log.info(
        "event settled",
        extra={
            "event_id": delivery.event_id,
            "connection_id": delivery.connection_id,
            "workflow": delivery.workflow,
            "attempt": delivery.attempts + 1,
            "settlement": word,
            "reason": task.error.reason if task.error else "",
        },
    )
