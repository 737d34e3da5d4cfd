"""Properties of a query: which may be asked for, by dotted name and without minding case."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from ops.sandbox.company.entity import Entity
from ops.sandbox.company.faults import query_invalid
from ops.sandbox.company.fields import Field, text
from ops.sandbox.company.registry import ENTITIES

_SYSTEM = {
    "id": (("Id",), text("Id")),
    "metadata.createtime": (("MetaData", "CreateTime"), text("CreateTime")),
    "metadata.lastupdatedtime": (("MetaData", "LastUpdatedTime"), text("LastUpdatedTime")),
}
_NESTED = {
    "primaryemailaddr.address": (("PrimaryEmailAddr", "Address"), text("Address")),
}
_IN_LISTS = {
    ("Attachable", "attachableref.entityref.type"): (("EntityRef", "type"), text("Type"), "AttachableRef"),
    ("Attachable", "attachableref.entityref.value"): (("EntityRef", "value"), text("value"), "AttachableRef"),
}
"""Source: Intuit's page "Attachable", query for the attachments of an object."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property that was asked for; with ``in_list`` that of any element of a list."""

    path: tuple[str, ...]
    field: Field
    in_list: str = ""


@lru_cache(maxsize=256)
def _by_folded_name(entity_name: str) -> dict[str, Field]:
    entity = ENTITIES[entity_name]
    return {name.lower(): field for name, field in entity.shape.fields.items()}


def find_property(entity: Entity, name: str) -> Property:
    """The property of a condition or an order.

    Raises:
        QuickBooksFault: 4001 when the entity does not have it or it cannot be filtered by.
    """
    folded = name.lower()
    system = _SYSTEM.get(folded)
    if system is not None:
        return Property(*system)
    in_list = _IN_LISTS.get((entity.name, folded))
    if in_list is not None:
        return Property(*in_list)
    first = folded.split(".")[0]
    field = _by_folded_name(entity.name).get(first)
    if field is None:
        raise query_invalid(f"Property {name} not found for Entity {entity.name}")
    if not field.filterable:
        raise query_invalid(f"property '{name}' is not queryable")
    if "." in folded:
        inner = _NESTED.get(folded)
        if inner is None:
            raise query_invalid(f"Property {name} not found for Entity {entity.name}")
        return Property(*inner)
    return Property((field.name,), field)


def must_be_selectable(entity: Entity, name: str) -> str:
    """The proper spelling of a selected property: 4001 when the entity does not have it."""
    first, _, rest = name.partition(".")
    field = _by_folded_name(entity.name).get(first.lower())
    if field is None:
        raise query_invalid(f"Property {name} not found for Entity {entity.name}")
    return f"{field.name}.{rest}" if rest else field.name


@lru_cache(maxsize=4096)
def moment_of(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


@lru_cache(maxsize=1024)
def read_moment(value: str) -> float:
    """Seconds since 1970 of a time in a query; without a zone it is UTC, a bare day starts it."""
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise query_invalid(f"Invalid date value: {value}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
