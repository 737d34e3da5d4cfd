"""Shapes: the properties that an object may have, and reading a request against them."""

from collections.abc import Iterable, Mapping
from typing import Any

from ops.sandbox.company.faults import missing, unknown_property, unreadable_property
from ops.sandbox.company.fields import (
    Field,
    Reader,
    anything,
    boolean,
    choice,
    integer,
    list_reader,
    number,
    read_reference,
    reference,
    text,
)
from ops.sandbox.company.json_values import Json


class Shape:
    """A table of fields, compiled for speed."""

    def __init__(self, class_name: str, fields: Iterable[Field]) -> None:
        self.class_name = class_name
        self.fields: Mapping[str, Field] = {field.name: field for field in fields}
        self._readers: dict[str, tuple[Reader, bool]] = {
            field.name: (field.read, field.read_only) for field in self.fields.values()
        }
        self._required = tuple(field.name for field in self.fields.values() if field.required)
        self.references = tuple(
            (field.name, field.target) for field in self.fields.values() if field.target is not None
        )
        self.read_only = frozenset(field.name for field in self.fields.values() if field.read_only)

    def read(self, body: Any) -> Json:
        """What the client wrote, without read-only properties; a cleared property is None.

        Null means "not sent", an empty text or object means "clear it". Source: Intuit's pages on sparse
        update, and the bodies that open-source clients send.

        Raises:
            QuickBooksFault: 2010 for an unknown property or a value of the wrong type, 2050 for length.
        """
        if type(body) is not dict:
            raise unreadable_property()
        readers = self._readers
        found: Json = {}
        for name, value in body.items():
            reader = readers.get(name)
            if reader is None:
                raise unknown_property(str(name), self.class_name, list(self.fields))
            if value is None or reader[1]:
                continue
            found[name] = None if value == "" or value == {} else reader[0](value, name)
        return found

    def read_nested(self, body: Any, _element: str) -> Json:
        """As ``read``, for an object inside another: what is empty is left out."""
        if type(body) is not dict:
            raise unreadable_property()
        readers = self._readers
        found: Json = {}
        for name, value in body.items():
            reader = readers.get(name)
            if reader is None:
                raise unknown_property(str(name), self.class_name, list(self.fields))
            if value is None or reader[1] or value == "" or value == {}:
                continue
            inner = reader[0](value, name)
            if inner is not None:
                found[name] = inner
        return found

    def require(self, document: Json) -> None:
        """Raises 2020 with one error per required property that is not there."""
        absent = [name for name in self._required if document.get(name) is None]
        if absent:
            raise missing(*absent)


def nested(name: str, shape: Shape, **options: Any) -> Field:
    return Field(name, shape.read_nested, **options)


def nested_list(name: str, shape: Shape, **options: Any) -> Field:
    return Field(name, list_reader(shape.read_nested), **options)


ADDRESS = Shape(
    "PhysicalAddress",
    [
        text("Id", 50),
        *(text(f"Line{number_of_line}", 500) for number_of_line in range(1, 6)),
        text("City", 255),
        text("Country", 255),
        text("CountryCode", 255),
        text("County", 255),
        text("CountrySubDivisionCode", 255),
        text("PostalCode", 30),
        text("PostalCodeSuffix", 30),
        text("Lat", 50),
        text("Long", 50),
        text("Tag", 50),
        text("Note", 2000),
    ],
)
PHONE = Shape(
    "TelephoneNumber",
    [
        text("FreeFormNumber", 30),
        *(text(name, 30) for name in ("Id", "DeviceType", "CountryCode", "AreaCode", "ExchangeCode")),
        text("Extension", 30),
        boolean("Default"),
        text("Tag", 50),
    ],
)
EMAIL = Shape("EmailAddress", [text("Address", 100), text("Id"), boolean("Default"), text("Tag", 50)])
WEB_ADDRESS = Shape("WebSiteAddress", [text("URI", 1000), text("Id"), boolean("Default"), text("Tag", 50)])
MEMO = Shape("MemoRef", [text("value", 1000), text("id"), text("name")])
CUSTOM_FIELD = Shape(
    "CustomField",
    [
        text("DefinitionId", 50),
        text("Name", 255),
        choice("Type", "StringType", "BooleanType", "NumberType", "DateType"),
        text("StringValue", 31),
        boolean("BooleanValue"),
        text("DateValue"),
        number("NumberValue"),
    ],
)
META_DATA = Shape(
    "ModificationMetaData",
    [
        *(text(name) for name in ("CreateTime", "LastUpdatedTime", "LastChangedInQB")),
        *(anything(name) for name in ("CreatedByRef", "LastModifiedByRef", "Synchronized")),
    ],
)
LINKED_TRANSACTION = Shape(
    "LinkedTxn", [text("TxnId", 50), text("TxnType", 50), text("TxnLineId", 50), integer("LineNum")]
)
MARKUP = Shape(
    "MarkupInfo",
    [
        boolean("PercentBased"),
        number("Value"),
        number("Percent"),
        reference("PriceLevelRef"),
        reference("MarkUpIncomeAccountRef", "Account"),
    ],
)

BASE_FIELDS = (
    text("domain", read_only=True),
    text("status", read_only=True),
    boolean("sparse", read_only=True),
    text("Id", read_only=True, filterable=True),
    text("SyncToken", read_only=True),
    nested("MetaData", META_DATA, read_only=True),
)
"""Every entity has these; they are written by the company alone."""

__all__ = [
    "ADDRESS",
    "BASE_FIELDS",
    "CUSTOM_FIELD",
    "EMAIL",
    "LINKED_TRANSACTION",
    "MARKUP",
    "MEMO",
    "META_DATA",
    "PHONE",
    "WEB_ADDRESS",
    "Shape",
    "nested",
    "nested_list",
    "read_reference",
]
