"""Change data capture: what was created, changed and deleted since a moment."""

from datetime import datetime, timedelta

from ops.sandbox.company.books import Books
from ops.sandbox.company.faults import missing, query_invalid, refusal
from ops.sandbox.company.json_values import Json
from ops.sandbox.company.registry import entity_for_path

LOOK_BACK = timedelta(days=30)
LIMIT = 1000
"""Both from Intuit's page "Change data capture"."""


def changes(books: Books, entities: list[str], changed_since: datetime) -> Json:
    """``{"QueryResponse": [one per entity]}``: whole objects, and deleted ones by Id and status.

    Raises:
        QuickBooksFault: 2020 without entities, 4001 for one that is not captured, 2190 for too long ago.
    """
    if not entities:
        raise missing("entities")
    since = changed_since.timestamp()
    if since < books.now() - LOOK_BACK.total_seconds():
        raise refusal(
            "2190", "Invalid Date Range", "changedSince can look back 30 days at most", "changedSince"
        )
    answers, left = [], LIMIT
    for name in entities:
        definition = entity_for_path(name.strip())
        if definition is None or "cdc" not in definition.operations:
            raise query_invalid(f"invalid context declaration: {name}")
        found = _changed(books, definition.name, since)
        shown = []
        for at, row in sorted(found, key=lambda one: one[0], reverse=True)[:left]:
            live = definition.view is not None and row.get("status") != "Deleted"
            shown.append(definition.view(books, row) if live and definition.view is not None else row)
            assert at >= since
        left -= len(shown)
        answers.append(
            {definition.name: shown, "startPosition": 1, "maxResults": len(shown)} if shown else {}
        )
    return {"QueryResponse": answers}


def _changed(books: Books, entity: str, since: float) -> list[tuple[float, Json]]:
    tables = books.store.tables
    found: list[tuple[float, Json]] = []
    for id, row in books.store.rows(entity).items():
        at = tables.changed_at.get((entity, id), 0.0)
        if entity in ("Customer", "Vendor") and id in tables.touched:
            at = max(at, tables.touched[id][0])
        if at >= since and (entity, id) not in books.unseen:
            found.append((at, row))
    for (name, id), removal in tables.removals.items():
        if name == entity and removal.at >= since:
            deleted = {
                "domain": "QBO",
                "status": "Deleted",
                "Id": id,
                "MetaData": {"LastUpdatedTime": removal.stamp},
            }
            found.append((removal.at, deleted))
    return found
