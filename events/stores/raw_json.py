"""A store's JSON answers, read without losing the bytes: an object out of a list is as its webhook would carry it."""

import json
import re
from decimal import Decimal
from typing import NoReturn

from events.stores.api import StoreUnavailable
from events.stores.reading import Row

_SPACE = re.compile(r"[ \t\r\n]*")
_COMMA = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)


def objects_in(body: bytes, wrapper: str = "") -> list[tuple[Row, bytes]]:
    """The objects of a list, each with its own bytes; ``wrapper`` is the key that the list stands under.

    Raises:
        StoreUnavailable: not JSON, or no list of objects.
    """
    text = _text(body)
    try:
        position = _after_key(text, wrapper) if wrapper else _skip(text, 0)
        if text[position : position + 1] != "[":
            raise ValueError("no list")
        return _items(text, position + 1)
    except (ValueError, RecursionError) as error:
        raise _odd(error) from error


def object_in(body: bytes, wrapper: str = "") -> tuple[Row, bytes]:
    """One object with its own bytes.

    Raises:
        StoreUnavailable: not JSON, or no object.
    """
    text = _text(body)
    try:
        position = _after_key(text, wrapper) if wrapper else _skip(text, 0)
        return _object(text, position)[:2]
    except (ValueError, RecursionError) as error:
        raise _odd(error) from error


def _items(text: str, position: int) -> list[tuple[Row, bytes]]:
    found = []
    position = _skip(text, position)
    while text[position : position + 1] != "]":
        row, raw, position = _object(text, position)
        found.append((row, raw))
        comma = _COMMA.match(text, position)
        if comma is None and text[_skip(text, position) :][:1] != "]":
            raise ValueError("a list that does not end")
        position = comma.end() if comma else _skip(text, position)
    return found


def _object(text: str, position: int) -> tuple[Row, bytes, int]:
    value, end = _DECODER.raw_decode(text, position)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value, text[position:end].encode("utf-8", "surrogatepass"), end


def _after_key(text: str, key: str) -> int:
    found = re.match(r"\s*\{\s*" + re.escape(json.dumps(key)) + r"\s*:\s*", text)
    if found is None:
        raise ValueError(f'no "{key}"')
    return found.end()


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _text(body: bytes) -> str:
    return body.decode("utf-8-sig", "replace")


def _odd(error: Exception) -> StoreUnavailable:
    return StoreUnavailable(
        f"The store's API answered something else than it should ({error}). "
        "A plugin, a proxy or a maintenance page may stand before it."
    )
