"""Edit and retry: another payload for a failed message; what names the event stays as it was. Pure."""

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.envelope import Envelope
from schemas.event_types import EVENT_TYPES

LOCKED = ("id", "source", "connection", "subject", "type", "time", "partitionkey", "specversion")
"""Another event, another store object or another version must not be made out of this one."""


class EditRefused(Exception):
    """The edited event cannot be retried; the text is a sentence. Raised by ``edited``."""


def edited(original: bytes, event: Mapping[str, Any]) -> bytes:
    """The message to publish instead of ``original``.

    Raises:
        EditRefused: the original is no event, something that names it is changed, or the payload breaks its shape.
    """
    try:
        before = Envelope.model_validate_json(original)
    except ValidationError:
        raise EditRefused(
            "The original is no valid event, so nothing says what it is about. Publish a corrected event on "
            "counterfoil.events, then Ignore this one."
        ) from None
    was = orjson.loads(original)
    changed = [name for name in LOCKED if event.get(name) != was.get(name)]
    if changed:
        raise EditRefused(
            f'"{changed[0]}" names the event and stays as it was: {was.get(changed[0])!r}. Only "data" may change.'
        )
    if event == was:
        raise EditRefused("Nothing is changed. Use retry.")
    try:
        after = Envelope.model_validate_json(orjson.dumps(event))
    except ValidationError as error:
        raise EditRefused(_sentence(error.errors(include_url=False)[0], "")) from None
    shape = EVENT_TYPES.get(before.type)
    try:
        if shape is not None:
            shape.model_validate(after.data)
    except ValidationError as error:
        raise EditRefused(_sentence(error.errors(include_url=False)[0], "data.")) from None
    return orjson.dumps(event)


def _sentence(problem: ErrorDetails, prefix: str) -> str:
    field = prefix + ".".join(str(part) for part in problem["loc"])
    return f'The edited event is not valid: "{field.rstrip(".")}": {problem["msg"].removeprefix("Value error, ")}.'
