"""Every setting with its value, its default and what it does, out of the model itself. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas.connection import ConnectionSettings


@dataclass(frozen=True, slots=True)
class Described:
    """One setting. ``path`` as ``connections set`` takes it; values as they travel in JSON.

    ``allowed``: the words to choose from, () where any value of its kind fits.
    """

    path: str
    value: Any
    default: Any
    text: str
    allowed: tuple[str, ...] = ()

    @property
    def is_map(self) -> bool:
        """True where an operator names the keys (a tax, a gateway, a SKU)."""
        return isinstance(self.default, Mapping)


def described(settings: ConnectionSettings) -> list[Described]:
    """All settings, in the model's order."""
    return list(_walk("", settings, settings.model_dump(mode="json")))


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """What differs between two dumps of settings: path, old value, new value; None where a map lacks the key."""
    return list(_differences("", before, after))


def shown(value: Any) -> str:
    """A value as a person reads it."""
    match value:
        case None | "" | [] | ():
            return "-"
        case Mapping():
            return ", ".join(f"{name} = {shown(one)}" for name, one in value.items()) or "-"
        case list() | tuple():
            return ", ".join(str(one) for one in value)
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _walk(prefix: str, model: BaseModel, values: Mapping[str, Any]) -> Iterator[Described]:
    defaults = type(model)().model_dump(mode="json")
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _walk(f"{prefix}{name}.", value, values[name])
        else:
            allowed = tuple(_allowed(field))
            yield Described(prefix + name, values[name], defaults[name], field.description or "", allowed)


def _allowed(field: FieldInfo) -> Iterator[str]:
    """The words of a Literal, also of one that may be left out."""
    annotation: Any = field.annotation
    for one in get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,):
        if get_origin(one) is Literal:
            yield from (str(word) for word in get_args(one))


def _differences(
    prefix: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(f"{prefix}{name}.", old, new)
        elif old != new:
            yield prefix + name, old, new
