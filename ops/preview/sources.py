"""Where a preview's events come from: a file, the failed messages that the ledger keeps, and what is held back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError
from sqlalchemy import Engine

from events import names
from events.broker.topology import WORKFLOWS
from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from events.stores.webhook import Webhook
from ops.desk.queue_pass import Lying, QueuePass
from schemas.connection import Connection
from schemas.envelope import Envelope
from workers.ledger.engine import reading
from workers.ledger.kept_events import kept_events

MOST_HELD = 10_000
"""So many held messages are looked at, those of other connections too."""

TOPIC_HEADERS = {"woocommerce": "x-wc-webhook-topic", "shopify": "x-shopify-topic"}


class SourceRefused(Exception):
    """The file holds no events; the text is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Read:
    """Events in the order of their time; ``unreadable`` says of each other message why it is no event."""

    events: tuple[Envelope, ...]
    unreadable: tuple[str, ...] = ()


def from_ledger(engine: Engine, connection_id: str, last: int) -> Read:
    """The connection's events that failed once; the ledger keeps no others to the byte."""
    with reading(engine) as database:
        kept = kept_events(database, connection_id, last)
    return _read(one.body for one in kept)


def held_back(broker_url: str, connection_id: str) -> Read:
    """What waits for a paused connection. Looking takes nothing away: these queues are made to be looked into.

    Raises:
        pika.exceptions.AMQPError: the broker is away, or the queues are not declared.
    """
    found: list[bytes] = []
    for workflow in WORKFLOWS:
        with QueuePass(broker_url, names.held(workflow), shared=True) as walk:
            seen = 0
            for chunk in walk.chunks():
                found += [one.body for one in chunk if _is_of(one, connection_id)]
                seen += len(chunk)
                if seen >= MOST_HELD:
                    break
    return _read(found)


def from_file(text: str, connection: Connection, *, topic: str, now: datetime) -> Read:
    """Envelopes or the store's own bodies: one JSON object, an array of them, or one a line.

    ``topic`` is the store's word for what bodies are (``order.updated``, ``orders/updated``).

    Raises:
        SourceRefused: it is no JSON, or a body without a topic.
    """
    events: list[Envelope] = []
    unreadable: list[str] = []
    for number, document in enumerate(_documents(text), start=1):
        try:
            events += _events(document, connection, topic=topic, now=now)
        except Unreadable as problem:
            unreadable.append(f"Number {number} in the file: {problem.problem}")
        except ValidationError as error:
            unreadable.append(f"Number {number} in the file is no valid event: {_first(error)}")
    return Read(_in_order(events), tuple(unreadable))


def together(*parts: Read, last: int) -> Read:
    """Each event once, the last ones of all, the oldest first."""
    events = _in_order(one for part in parts for one in part.events)
    return Read(
        events[-last:] if last else (), tuple(problem for part in parts for problem in part.unreadable)
    )


def _read(bodies: Iterable[bytes]) -> Read:
    events: list[Envelope] = []
    unreadable: list[str] = []
    for body in bodies:
        try:
            events.append(Envelope.model_validate_json(body))
        except ValidationError as error:
            unreadable.append(f"A kept message is no valid event: {_first(error)}")
    return Read(_in_order(events), tuple(unreadable))


def _in_order(events: Iterable[Envelope]) -> tuple[Envelope, ...]:
    unique = {one.id: one for one in events}
    return tuple(sorted(unique.values(), key=lambda one: one.time))


def _documents(text: str) -> Iterator[Any]:
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError:
        whole = None
    if whole is not None:
        yield from whole if isinstance(whole, list) else [whole]
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise SourceRefused(f"Line {number} of the file is no JSON: {error}.") from error


def _events(document: Any, connection: Connection, *, topic: str, now: datetime) -> list[Envelope]:
    if isinstance(document, Mapping) and "specversion" in document:
        envelope = Envelope.model_validate(document)
        return [envelope.model_copy(update={"connection": connection.connection_id})]
    header = TOPIC_HEADERS.get(connection.platform)
    if header is None or not topic:
        raise SourceRefused(
            "The file holds a store's own bodies, not events. Say what they are: --topic order.updated "
            "(WooCommerce) or --topic orders/updated (Shopify)."
        )
    webhook = Webhook(connection.connection_id, {header: topic}, orjson.dumps(document), now)
    return PLATFORMS[connection.platform].read(webhook)


def _is_of(one: Lying, connection_id: str) -> bool:
    named = one.headers.get("connection")
    return named == connection_id if isinstance(named, str) and named else connection_id.encode() in one.body


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['msg']}."
