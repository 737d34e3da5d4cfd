"""Reading a store's JSON without trusting its types: ids as numbers, numbers as text, lists as objects.

Every function raises ``Unreadable`` with the key, and the value unless that may be personal: the sentence is shown to
anybody.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import NoReturn, TypeAlias

from events.stores.platform import Unreadable

Row: TypeAlias = Mapping[str, object]
"""One JSON object of a store's body."""

ZERO = Decimal(0)
FINEST = Decimal("0.00000001")
"""Amounts travel with at most eight decimals; WooCommerce's line taxes may have more."""

PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,8})?")
"""How nearly every amount is written; it needs no further look."""

LARGEST = Decimal(10) ** 15
NO_TIME = "0000-00-00"
NOTHING: Row = {}


def read_object(body: bytes) -> Row:
    """Parse a body whose numbers with a point become Decimal.

    Raises:
        Unreadable: not JSON, or JSON that is not an object.
    """
    try:
        parsed: object = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise Unreadable("The body is nested too deeply to be a webhook.") from error
    except ValueError as error:
        raise Unreadable(f"The body is not JSON: {error}.") from error
    if not isinstance(parsed, dict):
        raise Unreadable(f"The body is {_kind(parsed)}, not a JSON object.")
    return parsed


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def part(row: Row, key: str) -> Row:
    """The object under ``key``; empty where there is none (stores send null, "" and [] for it)."""
    value = row.get(key)
    return value if isinstance(value, dict) else NOTHING


def rows(row: Row, key: str) -> list[Row]:
    """The list of objects under ``key``. PHP makes an object of a list with gaps: its values count.

    Raises:
        Unreadable: something else, since a line that is left out makes the books wrong.
    """
    value = row.get(key)
    if value is None or value == "":
        return []
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise Unreadable(f'"{key}" is {_kind(value)}, not a list of objects.')
    return value


def rows_or_nothing(row: Row, key: str) -> list[Row]:
    """As ``rows``, for lists that no amount hangs on: what is odd is left out."""
    value = row.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def text(row: Row, key: str) -> str:
    """The text under ``key``; numbers as written, "" for everything that is no text."""
    value = row.get(key)
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return format(value, "f") if isinstance(value, Decimal) and in_range(value) else str(value)
    return ""


def clean(value: str) -> str:
    """Without NUL and lone surrogates, which neither UTF-8 nor PostgreSQL can hold."""
    if value.isascii():
        return value.replace("\x00", "") if "\x00" in value else value
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def store_id(row: Row, key: str) -> str | None:
    """An id as text; None for null, "" and 0, which stores send for "no such thing"."""
    value = row.get(key)
    if isinstance(value, Decimal) and in_range(value) and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value else None
    if isinstance(value, str):
        known = clean(value).strip()
        return known if known not in ("", "0") else None
    return None


def need_id(row: Row, key: str, owner: str) -> str:
    """An id that must be there; ``owner`` names its object in the sentence."""
    found = store_id(row, key)
    if found is None:
        raise Unreadable(f'{owner} has no id: "{key}" is {_shown(row.get(key))}.')
    if len(found) > 128:
        raise Unreadable(f'{owner}: the id in "{key}" is longer than 128 characters.')
    return found


def amount_or_none(row: Row, key: str) -> Decimal | None:
    """A number, written as number or text; None where there is none."""
    value = row.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        if PLAIN.fullmatch(value):
            return Decimal(value)
        try:
            value = Decimal(value)
        except InvalidOperation:
            _refuse_amount(key, value)
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not in_range(value):
        _refuse_amount(key, value)
    return value if _decimals(value) <= 8 else value.quantize(FINEST)


def amount(row: Row, key: str) -> Decimal:
    """A number, written as number or text; zero where there is none."""
    found = amount_or_none(row, key)
    return ZERO if found is None else found


def in_range(value: Decimal) -> bool:
    """True for a finite number that can be an amount, a quantity or an id."""
    return value.is_finite() and value.adjusted() < 30 and abs(value) < LARGEST and _decimals(value) < 60


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _refuse_amount(key: str, value: object) -> NoReturn:
    raise Unreadable(f'"{key}" is {_shown(value)}, which is no amount.')


def moment(row: Row, key: str) -> datetime | None:
    """A time in UTC; without an offset it is UTC already (WooCommerce's ``_gmt`` fields have no ``Z``)."""
    value = row.get(key)
    if value is None or value == "" or value is False:
        return None
    if not isinstance(value, str):
        raise Unreadable(f'"{key}" is {_shown(value)}, which is no time.')
    if value.startswith(NO_TIME):
        return None
    try:
        return utc(value)
    except (ValueError, OverflowError) as error:
        raise Unreadable(f'"{key}" is {_shown(value)}, which is no time.') from error


def utc(written: str) -> datetime:
    """ISO 8601 to UTC; finer than microseconds is cut off (Shopify writes nanoseconds)."""
    read = datetime.fromisoformat(written)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def flag(row: Row, key: str) -> bool:
    """True for true, "true", "yes", "1" and 1."""
    value = row.get(key)
    return value is True or (not isinstance(value, bool) and str(value).lower() in ("true", "yes", "1"))


_PLAIN = re.compile(r"[-+\d.,:eETZ ]{0,30}")
_WORDS = frozenset({"none", "null", "nan", "true", "false", "undefined", "{}", "[]"})


def _shown(value: object) -> str:
    """A value as an operator may read it: what is neither a number, a time nor a word of programs may be personal."""
    written = clean(repr(value) if not isinstance(value, str) else value)
    if _PLAIN.fullmatch(written) or written.casefold() in _WORDS:
        return f'"{written}"'
    return f"a text of {len(written)} characters"


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return _shown(value)
