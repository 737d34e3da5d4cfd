"""A connection's settings as a TOML file: written with what each one does, read back with a person's changes. Pure."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import tomli_w

from ops.configuring.describe import Described, described, shown
from schemas.connection import ConnectionSettings

LINE = 100


class TomlRefused(Exception):
    """The file is no TOML; the text is a sentence for a person."""


def written(connection_id: str, version: int, settings: ConnectionSettings) -> str:
    """The file. Secrets are no settings, so none is in it."""
    parts = [
        f"# Settings of the connection {connection_id}, version {version}.\n"
        f"# To change them: edit, then `counterfoil connections import {connection_id} FILE`.\n"
        "# A setting that is not in the file gets its default.\n"
    ]
    table = ""
    for one in sorted(described(settings), key=_place):
        head, _, name = one.path.rpartition(".")
        if one.is_map:
            parts.append(f"\n{_comment(one)}[{one.path}]\n{tomli_w.dumps(one.value)}")
            continue
        if head != table:
            table = head
            parts.append(f"\n[{head}]\n")
        parts.append(f"\n{_comment(one)}{_line(name, one.value)}")
    return "".join(parts)


def read(text: str) -> dict[str, Any]:
    """The settings that a file holds, amounts to the digit; whether they are good is for the model to say.

    Raises:
        TomlRefused: it is no TOML.
    """
    try:
        return {name: _json(value) for name, value in tomllib.loads(text, parse_float=Decimal).items()}
    except tomllib.TOMLDecodeError as error:
        raise TomlRefused(f"The file is no TOML: {error}.") from error


def _place(one: Described) -> tuple[bool, str]:
    """Plain settings first: after a table's head TOML takes everything as part of that table."""
    head = one.path if one.is_map else one.path.rpartition(".")[0]
    return bool(head), head


def _line(name: str, value: Any) -> str:
    if value is None:
        return f"# {name} =\n"  # TOML has no word for "not set"
    if name.endswith("_date") and isinstance(value, str) and _is_day(value):
        value = date.fromisoformat(value)
    return tomli_w.dumps({name: value})


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _comment(one: Described) -> str:
    facts = [one.text]
    if one.allowed:
        facts.append(f"One of: {', '.join(one.allowed)}")
    if one.value != one.default:
        facts.append(f"Default: {shown(one.default)}")
    return "".join(f"# {line}\n" for fact in facts if fact for line in _wrapped(fact))


def _wrapped(text: str) -> Iterator[str]:
    words, line = text.split(), ""
    for word in words:
        if line and len(line) + len(word) > LINE:
            yield line
            line = ""
        line = f"{line} {word}".strip()
    yield line


def _json(value: Any) -> Any:
    """Days and amounts as the model reads them from JSON."""
    match value:
        case Mapping():
            return {name: _json(one) for name, one in value.items()}
        case list():
            return [_json(one) for one in value]
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case _:
            return value
