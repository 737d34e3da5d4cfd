"""Field types: how one value of a request is read, the way the server's JSON reader does it.

It turns numbers into text and text into numbers, and refuses what cannot be turned.
Every reader takes the value and the name of its element, and raises QuickBooksFault.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from ops.sandbox.company.faults import (
    invalid_enumeration,
    invalid_number,
    unreadable_property,
    wrong_length,
)

Reader = Callable[[Any, str], Any]

LARGEST_AMOUNT = Decimal("99999999999.99")
"""Amounts have at most 15 digits. Source: Intuit's page "Basic field definitions"."""
FINEST_STEP = Decimal("0.0000001")
"""Unit prices come back with up to seven places, seen in a recorded invoice."""


_CENT, _ONE = Decimal("0.01"), Decimal(1)


@dataclass(frozen=True)
class Field:
    """One property of a shape."""

    name: str
    read: Reader
    required: bool = False
    read_only: bool = False
    filterable: bool = False
    target: str | None = None
    """The entity that a reference points to."""


def _plain_text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if kind is dict or kind is list:
        raise unreadable_property()
    return str(value)


def text_reader(longest: int) -> Reader:
    def read(value: Any, element: str) -> str:
        text = value if type(value) is str else _plain_text(value)
        if len(text) > longest:
            raise wrong_length(element, 0, longest, len(text))
        return text

    return read


def read_decimal(value: Any, element: str) -> Decimal:
    """A number of any size the server stores; finer steps are rounded."""
    kind = type(value)
    try:
        if kind is Decimal:
            number = value
        elif kind is int:
            number = Decimal(value)
        elif kind is str:
            number = Decimal(value.strip())
        elif kind is float:
            number = Decimal(repr(value))
        else:
            raise unreadable_property()
    except InvalidOperation:
        raise unreadable_property(
            f"Can not construct instance of java.math.BigDecimal from String value '{value}'"
        ) from None
    if not number.is_finite() or abs(number) > LARGEST_AMOUNT:
        raise invalid_number(element, value)
    if number.same_quantum(_CENT) or number.same_quantum(_ONE):
        return number  # type: ignore[no-any-return]
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and (exponent < -7 or exponent > 0):
        number = number.quantize(FINEST_STEP if exponent < 0 else Decimal(1), ROUND_HALF_UP)
    return number  # type: ignore[no-any-return]


def read_integer(value: Any, element: str) -> int:
    number = read_decimal(value, element)
    if number != number.to_integral_value():
        raise unreadable_property()
    return int(number)


def read_boolean(value: Any, _element: str) -> bool:
    if type(value) is bool:
        return value
    if value == "true" or value == "false":
        return bool(value == "true")
    raise unreadable_property(f"Can not construct instance of java.lang.Boolean from value '{value}'")


_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:$|[T ]|[+-]\d{2}:?\d{2}$|Z$)")


@lru_cache(maxsize=4096)
def _day(text: str) -> str | None:
    match = _DATE.match(text)
    if match is None:
        return None
    try:
        date.fromisoformat(match[1])
    except ValueError:
        return None
    return match[1]


def read_date(value: Any, _element: str) -> str:
    """A day; a time of day or a zone behind it is dropped."""
    day = _day(value) if type(value) is str else None
    if day is None:
        raise unreadable_property(f"Can not construct instance of java.util.Date from String value '{value}'")
    return day


def enumeration_reader(allowed: Iterable[str]) -> Reader:
    values = frozenset(allowed)

    def read(value: Any, element: str) -> str:
        if type(value) is not str:
            raise unreadable_property()
        if value not in values:
            raise invalid_enumeration(element, value)
        return value

    return read


def read_reference(value: Any, _element: str) -> dict[str, str] | None:
    """``{"value": …}`` with text inside; the name that was sent is not believed."""
    if type(value) is not dict:
        raise unreadable_property()
    for key in value:
        if key not in ("value", "name", "type"):
            raise unreadable_property(f'Unrecognized field "{key}" (class ReferenceType)')
    inner = value.get("value")
    if inner is None or inner == "":
        return None
    read = {"value": inner if type(inner) is str else _plain_text(inner)}
    kind = value.get("type")
    if kind:
        read["type"] = _plain_text(kind)
    return read


def list_reader(read_one: Reader, most: int = 10_000) -> Reader:
    """A JSON list. Source of the limit: Intuit's page "Limits and throttles"."""

    def read(value: Any, element: str) -> list[Any]:
        if type(value) is not list:
            raise unreadable_property()
        if len(value) > most:
            raise invalid_number(element, len(value))
        return [read_one(one, element) for one in value if one is not None]

    return read


def read_anything(value: Any, _element: str) -> Any:
    """For properties that are stored but never looked at."""
    return value


def text(name: str, longest: int = 4000, **options: Any) -> Field:
    return Field(name, text_reader(longest), **options)


def number(name: str, **options: Any) -> Field:
    return Field(name, read_decimal, **options)


def integer(name: str, **options: Any) -> Field:
    return Field(name, read_integer, **options)


def boolean(name: str, **options: Any) -> Field:
    return Field(name, read_boolean, **options)


def day(name: str, **options: Any) -> Field:
    return Field(name, read_date, **options)


def choice(name: str, *allowed: str, **options: Any) -> Field:
    return Field(name, enumeration_reader(allowed), **options)


def reference(name: str, target: str | None = None, **options: Any) -> Field:
    return Field(name, read_reference, target=target, **options)


def anything(name: str, **options: Any) -> Field:
    return Field(name, read_anything, **options)
