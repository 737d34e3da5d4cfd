"""JSON in and out with exact numbers: every number with a fraction is a Decimal on this side."""

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

import orjson

JSON_TYPE = b"application/json;charset=utf-8"


class UnreadableJson(ValueError):
    """The body is not one JSON object in UTF-8."""


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableJson(f"{name} is not JSON")


def _fraction(text: str) -> Decimal:
    value = Decimal(text)
    if not -_LARGEST_EXPONENT < value.adjusted() < _LARGEST_EXPONENT:
        raise UnreadableJson("a number out of all proportion")
    return value


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) < _LONGEST_INTEGER else Decimal(text)


MAX_DEPTH = 100
"""Far below what the writer can nest, far above any document."""
_LONGEST_INTEGER = 18
"""In digits: all of these fit into 64 bits, which is what the writer takes for an integer."""
_LARGEST_EXPONENT = 400
"""Numbers leave written out in full: without this, a few bytes could ask for gigabytes of zeros."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_decoder = json.JSONDecoder(parse_float=_fraction, parse_int=_integer, parse_constant=_refuse_constant)


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a request body. What it accepts, ``write_json`` can write.

    Raises:
        UnreadableJson: not UTF-8, not JSON, nested too deep, half a surrogate pair, or not an object.
    """
    try:
        document = _decoder.decode(body.decode("utf-8"))
        if _SURROGATE.search(body):
            write_json(document)
    except (ValueError, TypeError, RecursionError) as error:
        raise UnreadableJson(str(error)) from error
    if not isinstance(document, dict):
        raise UnreadableJson("not an object")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _is_deeper(document, MAX_DEPTH):
        raise UnreadableJson("nested too deep")
    return document


def _is_deeper(document: dict[str, Any], limit: int) -> bool:
    level: list[Any] = [document]
    for _ in range(limit):
        inner: list[Any] = []
        for value in level:
            inner += value.values() if type(value) is dict else value
        level = [value for value in inner if type(value) is dict or type(value) is list]
        if not level:
            return False
    return True


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f").encode())
    raise TypeError(f"{type(value).__name__} cannot leave as JSON")


def write_json(document: object) -> bytes:
    """UTF-8 JSON; a Decimal leaves as a number with exactly its digits."""
    return orjson.dumps(document, default=_exact)
