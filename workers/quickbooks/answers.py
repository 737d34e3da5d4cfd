"""From an HTTP answer to its document, or to the error that fits it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from workers.errors import QuickBooksUnavailable, SyncError
from workers.quickbooks.documents import UnreadableAnswer, decode_document
from workers.quickbooks.fault_shapes import fault_in_body, fault_in_document
from workers.quickbooks.faults import Answered, error_for, unavailable
from workers.quickbooks.operations import BatchItem, Query
from workers.steps import Json

ItemAnswer = Json | list[Json] | SyncError


def read_answer(status: int, headers: Mapping[str, str], body: bytes, *, what: str, now: datetime) -> Json:
    """The document of an answer; header names in lower case.

    Raises:
        SyncError: whatever ``workers.quickbooks.faults`` makes of the answer.
    """
    answered = Answered(status, headers, what, now)
    if not 200 <= status < 300:
        raise error_for(fault_in_body(body), answered)
    try:
        document = decode_document(body)
    except UnreadableAnswer:
        raise error_for(fault_in_body(body), answered) from None
    fault = fault_in_document(document)
    if fault is not None:
        raise error_for(fault, answered)
    return document


def entity_in(document: Json, entity: str) -> Json:
    """The entity object of an answer.

    Raises:
        QuickBooksUnavailable: it is not there.
    """
    found = document.get(entity)
    if not isinstance(found, dict):
        raise unavailable(f"an answer without {entity}")
    return found


def rows_in(document: Json) -> list[Json]:
    """The rows of a query's answer; an empty result has no list at all.

    Raises:
        QuickBooksUnavailable: it is no answer to a query.
    """
    response = document.get("QueryResponse")
    if not isinstance(response, dict):
        raise unavailable("an answer without QueryResponse")
    return next((value for value in response.values() if isinstance(value, list)), [])


def batch_answers(document: Json, items: Sequence[BatchItem], *, now: datetime) -> list[ItemAnswer]:
    """The answers of a batch in the order of ``items``; Intuit promises no order of its own.

    An item without an answer is a QuickBooksUnavailable: its outcome is unknown.
    """
    listed = document.get("BatchItemResponse")
    by_id = (
        {_item_id(one): one for one in listed if isinstance(one, dict)} if isinstance(listed, list) else {}
    )
    return [_item_answer(by_id.get(item.item_id), item, now) for item in items]


def _item_id(answer: dict[str, Any]) -> str:
    return str(answer.get("bId", ""))


def _item_answer(answer: Json | None, item: BatchItem, now: datetime) -> ItemAnswer:
    if answer is None:
        return unavailable("the batch's answer does not name this item")
    asked = item.operation
    fault = fault_in_document(answer)
    if fault is not None:
        what = "query" if isinstance(asked, Query) else asked.entity
        return error_for(fault, Answered(200, {}, what, now))
    try:
        return rows_in(answer) if isinstance(asked, Query) else entity_in(answer, asked.entity)
    except QuickBooksUnavailable as error:
        return error
