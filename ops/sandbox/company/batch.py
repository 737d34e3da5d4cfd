"""Batches: up to thirty operations, each on its own; faults stand beside successes."""

from collections.abc import Callable
from datetime import datetime

from ops.sandbox.company.company import Company
from ops.sandbox.company.faults import (
    QuickBooksFault,
    missing,
    refusal,
    unreadable_property,
    unsupported_operation,
)
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.registry import ENTITIES

Around = Callable[[Json, Callable[[], Json]], Json]
"""Wraps each item, for a store of request ids: takes the item and the call that carries it out."""

_OWN_KEYS = frozenset({"bId", "operation", "optionsData"})


def run_batch(company: Company, items: list[Json], *, around: Around | None = None) -> list[Json]:
    """Carry out a batch and answer its BatchItemResponse list; no item sees what an earlier one made.

    Source of the latter: Intuit's blog on batches, 2017.

    Raises:
        QuickBooksFault: 1040 for too many operations, 2010 for a list that is not one.
    """
    limit = company.settings.uncertain.batch_limit
    if type(items) is not list:
        raise unreadable_property()
    if not items:
        raise missing("BatchItemRequest")
    if len(items) > limit:
        raise refusal(
            "1040",
            "Batch size exceeds allowed limit",
            f"Batch size {len(items)} exceeds the allowed limit of {limit}",
        )
    try:
        return [_answer(company, item, around) for item in items]
    finally:
        company.books.unseen.clear()


def _answer(company: Company, item: Json, around: Around | None) -> Json:
    if type(item) is not dict:
        raise unreadable_property()
    call = _call(company, item)
    answer = around(item, call) if around is not None else call()
    return {**answer, "bId": item["bId"]} if "bId" in item else answer


def _call(company: Company, item: Json) -> Callable[[], Json]:
    def call() -> Json:
        try:
            return _carry_out(company, item)
        except QuickBooksFault as fault:
            return {"Fault": fault_object(fault)}

    return call


def fault_object(fault: QuickBooksFault) -> Json:
    """A fault as it stands in an answer."""
    return {"Error": [error.document() for error in fault.errors], "type": fault.type}


def _carry_out(company: Company, item: Json) -> Json:
    if "Query" in item:
        if type(item["Query"]) is not str:
            raise unreadable_property()
        return {"QueryResponse": company.query(item["Query"])}
    if "CDCQuery" in item:
        return {"CDCResponse": [_captured(company, item["CDCQuery"])]}
    names = [key for key in item if key not in _OWN_KEYS]
    if len(names) != 1:
        raise missing("Entity")
    entity, body = names[0], item[names[0]]
    if entity not in ENTITIES:
        raise unreadable_property(f'Unrecognized field "{entity}" (class BatchItemRequest)')
    if type(body) is not dict:
        raise unreadable_property()
    return {entity: _operate(company, item, entity, body)}


def _operate(company: Company, item: Json, entity: str, body: Json) -> Json:
    operation = item.get("operation")
    options = item.get("optionsData") or ""
    if type(options) is not str:
        raise unreadable_property()
    include = frozenset(part.strip().lower() for part in options.split(",") if part.strip())
    if operation == "create":
        created = company.create(entity, body, include=include)
        company.books.unseen.add((entity, created.get("Id", "")))
        return created
    if operation == "update":
        return company.update(entity, body, include=include)
    if operation == "delete":
        return company.delete(entity, body)
    if operation is None:
        raise missing("operation")
    raise unsupported_operation(str(operation))


def _captured(company: Company, query: Json) -> Json:
    if type(query) is not dict:
        raise unreadable_property()
    entities, since = query.get("Entities"), query.get("ChangedSince")
    if type(entities) is str:
        entities = entities.split(",")
    if type(entities) is not list or type(since) is not str:
        raise missing("CDCQuery")
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise unreadable_property() from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=company.books.country.zone)
    return company.cdc([str(entity) for entity in entities], moment)
