"""From the steps that tasks wait for to one QuickBooks call, and from its answer back to the tasks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from workers.errors import NeedsAttention, SyncError
from workers.ledger.intents import Intent
from workers.quickbooks.client import BatchItem, Operation, Query, QuickBooks, encode_document
from workers.runtime.task import Task
from workers.steps import Find, Json, SyncMapping, Write

Answer = Json | list[Json] | SyncError


@dataclass(frozen=True, slots=True)
class Ask:
    """One operation of a call. ``tasks`` wait for it: more than one when they create the same store object."""

    tasks: tuple[Task, ...]
    intent: Intent | None
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """What goes out as one request: a batch, or alone when there is one operation."""

    realm_id: str
    request_id: str
    asks: tuple[Ask, ...]

    @property
    def is_batch(self) -> bool:
        """True when the operations travel as a batch, as a repeat of one item of a batch does too."""
        first = self.asks[0].intent
        return len(self.asks) > 1 or bool(first and first.item_id)

    @property
    def intents(self) -> list[Intent]:
        """The writes of this call."""
        return [ask.intent for ask in self.asks if ask.intent is not None]


def plan_call(tasks: Sequence[Task], realm_id: str, *, now: datetime, new_id: Callable[[], str]) -> Call:
    """Make one call of what the tasks wait for. Two that create the same store object share one operation."""
    request_id = new_id()
    alone = len(tasks) == 1
    groups: dict[object, list[Task]] = {}
    for task in tasks:
        groups.setdefault(_sameness(task), []).append(task)
    asks = []
    for number, group in enumerate(groups.values(), start=1):
        step, item_id = group[0].step, "" if alone else str(number)
        if isinstance(step, Find):
            statement = f"select * from {step.entity} where {step.where}"  # noqa: S608 - QuickBooks, not SQL
            asks.append(Ask(tuple(group), None, statement))
        else:
            assert isinstance(step, Write), "only finds and writes go to QuickBooks"
            asks.append(Ask(tuple(group), _intent(group[0], step, realm_id, request_id, item_id, now)))
    return Call(realm_id, request_id, tuple(asks))


def replay_calls(intents: Sequence[Intent]) -> list[Call]:
    """Make the calls that settle intents of unknown outcome: same request ids, same item ids, same bytes."""
    groups: dict[tuple[str, str], list[Intent]] = {}
    for intent in intents:
        groups.setdefault((intent.realm_id, intent.request_id), []).append(intent)
    return [
        Call(realm_id, request_id, tuple(Ask((), intent) for intent in group))
        for (realm_id, request_id), group in groups.items()
    ]


def make_call(quickbooks: QuickBooks, call: Call) -> list[Answer]:
    """Send it. Item faults come back as values; what fails as a whole is raised (``workers.errors``)."""
    if not call.is_batch:
        try:
            return [_single(quickbooks, call.realm_id, call.request_id, call.asks[0])]
        except NeedsAttention as refusal:  # of this one operation, as a batch would answer it
            return [refusal]
    items = [
        BatchItem(_item_id(ask, number), _operation(ask.intent) if ask.intent else Query(ask.statement))
        for number, ask in enumerate(call.asks, start=1)
    ]
    return list(quickbooks.batch(call.realm_id, items, request_id=call.request_id))


def booked_mapping(intent: Intent, answer: Json) -> SyncMapping | None:
    """The sync mapping that an answered write leaves behind; None when the step names no store object."""
    if intent.key is None:
        return None
    return SyncMapping(
        key=intent.key,
        entity=intent.entity,
        quickbooks_id=str(answer.get("Id", "")),
        sync_token=str(answer.get("SyncToken", "0")),
        version=intent.version,
        document_hash=sha256(intent.document.encode()).hexdigest(),
        removed=intent.operation in ("void", "delete"),
        detail=intent.detail,
    )


def _single(quickbooks: QuickBooks, realm_id: str, request_id: str, ask: Ask) -> Answer:
    if ask.intent is None:
        return quickbooks.query(realm_id, ask.statement)
    return quickbooks.write(realm_id, _operation(ask.intent), request_id=request_id)


def _sameness(task: Task) -> object:
    step = task.step
    if isinstance(step, Write) and step.operation == "create" and step.key is not None:
        return (step.entity, step.key)
    if isinstance(step, Find):
        return (step.entity, step.where)
    return id(task)


def _item_id(ask: Ask, number: int) -> str:
    return ask.intent.item_id if ask.intent else f"q{number}"


def _operation(intent: Intent) -> Operation:
    return Operation(intent.entity, intent.operation, intent.document.encode())


def _intent(task: Task, step: Write, realm_id: str, request_id: str, item_id: str, now: datetime) -> Intent:
    delivery = task.delivery
    detail: dict[str, Any] = dict(step.detail)
    return Intent(
        connection_id=delivery.connection_id,
        event_id=delivery.event_id,
        name=step.name,
        object_key=delivery.object_key,
        realm_id=realm_id,
        request_id=request_id,
        item_id=item_id,
        entity=step.entity,
        operation=step.operation,
        document=encode_document(step.document).decode(),
        started_at=now,
        key=step.key,
        version=step.version,
        detail=detail,
    )
