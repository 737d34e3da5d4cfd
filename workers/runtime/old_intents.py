"""Intents that are older than QuickBooks is trusted to know their request id: looked up instead of repeated."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from workers.ledger.intents import Intent
from workers.quickbooks.client import QuickBooks, quoted
from workers.steps import Json

PAGE_ROWS = 1000
"""Most rows of one query. Source: Intuit's page "Data queries"."""

MARGIN = timedelta(minutes=10)
"""Our clock and Intuit's may differ."""

NAMES = {"Customer": "DisplayName", "Item": "Name"}
"""Lists are known by their name, transactions by the mark in their note."""


def split_by_age(
    intents: Sequence[Intent], *, now: datetime, trust_seconds: float
) -> tuple[list[Intent], list[Intent]]:
    """The intents that may be repeated, and the creates that must be looked up.

    An old update, void or delete may always be repeated: its SyncToken lets it through once at most.
    """
    oldest = now - timedelta(seconds=trust_seconds)
    old = [one for one in intents if one.operation == "create" and one.started_at < oldest]
    return [one for one in intents if one not in old], old


def find_created(quickbooks: QuickBooks, intent: Intent) -> Json | None:
    """The object that an old create has left in QuickBooks; None when it never arrived.

    Raises:
        SyncError: QuickBooks could not be asked.
    """
    document: dict[str, Any] = orjson.loads(intent.document)
    start = 1
    while True:
        where = f"{_condition(intent, document)} startposition {start} maxresults {PAGE_ROWS}"
        rows = quickbooks.query(intent.realm_id, f"select * from {intent.entity} where {where}")  # noqa: S608
        found = next((row for row in rows if _is_it(row, intent.entity, document)), None)
        if found is not None or len(rows) < PAGE_ROWS:
            return found
        start += PAGE_ROWS


def _condition(intent: Intent, document: Json) -> str:
    name = NAMES.get(intent.entity)
    if name is not None:
        return f"{name} = {quoted(str(document.get(name, '')))}"
    since = (intent.started_at.astimezone(UTC) - MARGIN).isoformat(timespec="seconds")
    return f"MetaData.CreateTime >= {quoted(since)} orderby Id"


def _is_it(row: Json, entity: str, document: Json) -> bool:
    name = NAMES.get(entity)
    if name is not None:
        return str(row.get(name, "")).casefold() == str(document.get(name, "")).casefold()
    same_note = _mark(row) == _mark(document) != ""
    return same_note and str(row.get("DocNumber", "")) == str(
        document.get("DocNumber", row.get("DocNumber", ""))
    )


def _mark(document: Json) -> str:
    return str(document.get("PrivateNote", "")).partition("\n")[0].strip()
