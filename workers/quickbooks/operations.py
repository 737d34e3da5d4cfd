"""What can be asked of QuickBooks, and how each is written as a call of its own or as an item of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

OperationName = Literal["create", "update", "void", "delete"]

MAX_BATCH_ITEMS = 30
"""Source: Intuit, "Limits and throttles" (recommended maximum)."""

MAX_ITEM_ID = 10
"""Characters of an item id, when the batch has a request id. Source: Intuit, "Learn basic field definitions"."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One write. ``body`` is the entity object as JSON, to the byte: a repeat must not differ."""

    entity: str
    operation: OperationName
    body: bytes


@dataclass(frozen=True, slots=True)
class Query:
    """One read in Intuit's query language."""

    statement: str


@dataclass(frozen=True, slots=True)
class BatchItem:
    """An operation with the id by which its answer is found; at most MAX_ITEM_ID characters."""

    item_id: str
    operation: Operation | Query


def options_of(operation: Operation) -> dict[str, str]:
    """The query parameters of a single write.

    Only an Invoice has a void of its own; SalesReceipt, Payment and BillPayment are voided by a sparse update.
    Source: Intuit's reference of these entities.
    """
    match operation.operation:
        case "delete":
            return {"operation": "delete"}
        case "void" if operation.entity == "Invoice":
            return {"operation": "void"}
        case "void":
            return {"operation": "update", "include": "void"}
        case _:
            return {}


def batch_body(items: Sequence[BatchItem]) -> bytes:
    """The request of a batch. ``optionsData`` stands for the parameter ``include`` of a single call."""
    return orjson.dumps({"BatchItemRequest": [_item(item) for item in items]})


def quoted(text: str) -> str:
    """A string in a query; Intuit escapes an apostrophe by a backslash. Source: "Data queries"."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _item(item: BatchItem) -> dict[str, Any]:
    asked = item.operation
    if isinstance(asked, Query):
        return {"bId": item.item_id, "Query": asked.statement}
    request = {"bId": item.item_id, "operation": asked.operation, asked.entity: orjson.Fragment(asked.body)}
    if asked.operation == "void":
        request |= {"operation": "update", "optionsData": "void"}
    return request
