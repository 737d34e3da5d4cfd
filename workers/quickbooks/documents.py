"""JSON as QuickBooks wants it: amounts are numbers, and none of their digits may change. Here they are Decimals."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

import orjson

from workers.steps import Json


class UnreadableAnswer(ValueError):
    """The text is not one JSON object."""


def encode_document(document: Mapping[str, Any]) -> bytes:
    """Write JSON; a Decimal becomes a number with exactly its digits.

    Raises:
        TypeError: a value that has no JSON form, a Decimal that is no finite number among them.
    """
    return orjson.dumps(document, default=_number)


def decode_document(body: bytes) -> Json:
    """Read one JSON object; every number becomes a Decimal.

    Raises:
        UnreadableAnswer: not UTF-8, not JSON, or no object.
    """
    try:
        document = _decoder.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableAnswer(str(error)) from error
    if not isinstance(document, dict):
        raise UnreadableAnswer("no JSON object")
    return document


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{value!r} does not go into a QuickBooks document")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_decoder = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)
