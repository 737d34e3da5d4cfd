"""One arrival of an event at a worker."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from events import names
from events.stores.unreadable import ACTION, read_again
from schemas.envelope import Envelope, Workflow
from workers.errors import InvalidEvent

KEY_CHARACTERS = 200
_OBJECTS = {
    "orders": ("order_id", "order"),
    "inventory.level_changed": ("item_id", "level"),
    "inventory.recount_asked": ("item_id", "level"),
    "inventory.stock_counted": ("item_id", "level"),
}
"""Which field of the payload names the object, by event type or else by workflow."""

WAITING_SINCE = "waiting_since"
"""Header of an event that comes back without using attempts: since when it waits."""

TRACEPARENT = "traceparent"
"""Header that carries a trace over the broker. Source: W3C Trace Context."""

LONGEST_TRACEPARENT = 64


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in our hands. ``attempts`` are the tries used up before this one.

    ``envelope`` is None when the message is no valid event; ``problem`` then says why. ``set_aside``: it comes
    from the backlog queue. ``handle`` is the broker's message, only ``broker.py`` looks inside. ``traceparent`` says
    which trace it belongs to, "" for none.
    """

    workflow: Workflow
    body: bytes
    event_id: str
    connection_id: str
    subject: str
    object_key: str
    envelope: Envelope | None
    problem: InvalidEvent | None
    attempts: int
    waiting_since: datetime | None
    received_at: datetime
    set_aside: bool
    handle: Any
    traceparent: str = ""


def read_delivery(
    workflow: Workflow,
    body: bytes,
    headers: Mapping[str, object],
    message_id: str | None,
    *,
    received_at: datetime,
    handle: object,
    set_aside: bool = False,
) -> Delivery:
    """Read a message; whatever is wrong with it becomes ``problem``, never an exception."""
    envelope, problem = _envelope(workflow, body)
    fallback = sha256(body).hexdigest()[:32]
    subject = envelope.subject if envelope else f"message/{fallback}"
    return Delivery(
        workflow=workflow,
        body=body,
        event_id=envelope.id if envelope else (message_id or fallback)[:128],
        connection_id=envelope.connection if envelope else "",
        subject=subject,
        object_key=object_key_of(envelope) if envelope else subject,
        envelope=envelope,
        problem=problem,
        attempts=_count(headers.get(names.ATTEMPTS)),
        waiting_since=_time(headers.get(WAITING_SINCE)),
        received_at=received_at,
        set_aside=set_aside,
        handle=handle,
        traceparent=_short(headers.get(TRACEPARENT)),
    )


def object_key_of(envelope: Envelope) -> str:
    """The store object whose events run one after another: what the sender says, else what the payload is about.

    A refund whose sender names no partition key must still not run beside its order, and a kept webhook that can be
    read by now must not run beside what it tells of.
    """
    if envelope.partitionkey is not None:
        return envelope.partitionkey
    if envelope.action == ACTION:
        return _object_inside(envelope)
    field, kind = _OBJECTS.get(envelope.type, _OBJECTS.get(envelope.workflow, ("", "")))
    named = envelope.data.get(field)
    return f"{kind}/{named}"[:KEY_CHARACTERS] if isinstance(named, str) and named else envelope.subject


def _object_inside(envelope: Envelope) -> str:
    try:
        inside = read_again(envelope)
    except Exception:  # whatever it is, the workflow function says it to a person
        return envelope.subject
    return object_key_of(inside[0]) if inside else envelope.subject


def _envelope(workflow: Workflow, body: bytes) -> tuple[Envelope | None, InvalidEvent | None]:
    try:
        envelope = Envelope.model_validate_json(body)
    except ValidationError as error:
        problems = "; ".join(_sentence(detail) for detail in error.errors()[:3])
        first = str(error.errors()[0]["loc"][:1] or "body")
        return None, InvalidEvent(
            f"The message is no valid event: {problems}. Correct and publish it again, then Ignore this one.",
            cause=f"envelope {first}",
        )
    if envelope.workflow != workflow:
        return None, InvalidEvent(
            f'The event has type "{envelope.type}", but it was published for the workflow {workflow}. '
            "Publish it with its type as routing key, then Ignore this one.",
            cause="wrong workflow",
        )
    return envelope, None


def _sentence(detail: Any) -> str:
    place = ".".join(str(part) for part in detail["loc"]) or "body"
    return f"{place}: {detail['msg']}"


def _short(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= LONGEST_TRACEPARENT else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1_000_000 else 0


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
