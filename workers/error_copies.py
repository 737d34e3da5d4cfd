"""Copies of failed messages, as they lie in the error queues for a person to read."""

import json
from typing import Any, NoReturn

import orjson

from events import names
from events.outgoing import Outgoing
from schemas.envelope import Workflow
from schemas.failure import FailureHeaders
from workers.ledger.failures import header_values


def error_copy(workflow: Workflow, event_id: str, body: bytes, headers: FailureHeaders) -> Outgoing:
    """The copy for the workflow's error queue. ``body`` is the message to the byte, which the failed message keeps."""
    return Outgoing("", names.errors(workflow), readable(body), event_id, dict(header_values(headers)))


def readable(body: bytes) -> bytes:
    """The same JSON with a line for each value, as RabbitMQ's screen cuts long lines off; anything else as it is."""
    try:
        found = _reader.decode(body.decode())
        return orjson.dumps(found, option=orjson.OPT_INDENT_2)
    except (ValueError, TypeError, RecursionError):
        return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_reader = json.JSONDecoder(
    parse_float=lambda text: orjson.Fragment(text),
    parse_int=lambda text: orjson.Fragment(text),
    parse_constant=_refuse,
    object_pairs_hook=_once,
)
