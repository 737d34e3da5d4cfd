"""JSON in and out with exact numbers: every number with a fraction is a Decimal on this side."""

import json
from decimal import Decimal
from typing import Any, NoReturn

import orjson

JSON_TYPE = b"application/json;charset=utf-8"


class UnreadableJson(ValueError):
    """The body is not one JSON object in UTF-8."""


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableJson(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a request body.

    Raises:
        UnreadableJson: not UTF-8, not JSON, nested too deep, or not an object.
    """
    try:
        document = _decoder.decode(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnreadableJson(str(error)) from error
    if not isinstance(document, dict):
        raise UnreadableJson("not an object")
    return document


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f").encode())
    raise TypeError(f"{type(value).__name__} cannot leave as JSON")


def write_json(document: object) -> bytes:
    """UTF-8 JSON; a Decimal leaves as a number with exactly its digits."""
    return orjson.dumps(document, default=_exact)
