"""Sales dated before the first day of stock of an item (A77): held, or the item's day is moved, or the sale's."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

from workers.answers import STALE, carried_out
from workers.errors import BeforeStockStart, QuickBooksRejected, StaleObject
from workers.mapping.frame import Frame
from workers.mapping.names import quoted
from workers.orders.dating import dated_on
from workers.steps import Json, Step, Write, find

IN_ONE_QUERY = 30
"""Ids in one IN list; the longest statement that QuickBooks takes is not documented."""


def with_stock_begun(step: Write, error: BeforeStockStart, frame: Frame) -> Generator[Step, Any, Write]:
    """The step to write instead of the one that was refused, by the setting ``sale_before_stock``.

    Raises:
        BeforeStockStart: it is held; the sentence names the first item, and its day.
    """
    day = str(step.document["TxnDate"])
    late = yield from _begin_later(step.document, day)
    if not late:  # somebody has moved its day meanwhile
        return replace(step, name=f"{step.name}-again")
    match frame.settings.sale_before_stock:
        case "move_item":
            for item in late:
                yield from _begins_on(item, day, frame)
            return replace(step, name=f"{step.name}-stocked")
        case "move_sale":
            newest = max(late, key=_first_day)
            why = f'the stock of "{newest["Name"]}" begins then, the sale is of {day}.'
            return dated_on(step, _first_day(newest), why)
        case "hold":
            raise held_before_stock(error, frame, item=late[0], day=day)


def held_before_stock(
    error: BeforeStockStart, frame: Frame, *, item: Json | None = None, day: str = ""
) -> BeforeStockStart:
    """The error with the setting that says what to do. ``item``: the first one whose stock begins after ``day``."""
    fix = frame.fix("sale_before_stock", value="move_item")
    if item is None:
        return BeforeStockStart(str(error), cause=error.cause, fix=fix, fault_code=error.fault_code)
    name = f"{item['Name']} ({item['Sku']})" if item.get("Sku") else str(item["Name"])
    return BeforeStockStart(
        f"{frame.subject} is of {day}, but the stock of item {name} begins on {_first_day(item)} in QuickBooks. Let "
        "Counterfoil move the item's first day to the sale, or the sale to that day, then Retry.",
        cause=f"item {item['Id']}",
        fix=fix,
        fault_code=error.fault_code,
    )


def _begin_later(document: Json, day: str) -> Generator[Step, Any, list[Json]]:
    ids = sorted(set(_items(document.get("Line", ()))))
    found: list[Json] = []
    for start in range(0, len(ids), IN_ONE_QUERY):
        listed = ", ".join(quoted(one) for one in ids[start : start + IN_ONE_QUERY])
        rows = yield from find("Item", f"Id IN ({listed})")
        found += [row for row in rows if row.get("Type") == "Inventory" and _first_day(row) > day]
    return found


def _items(lines: Any) -> Iterator[str]:
    """Also those inside a bundle."""
    for line in lines:
        item = (line.get("SalesItemLineDetail") or {}).get("ItemRef")
        if item is not None and str(item["value"]).isdigit():
            yield str(item["value"])
        yield from _items((line.get("GroupLineDetail") or {}).get("Line", ()))


def _begins_on(item: Json, day: str, frame: Frame) -> Generator[Step, Any, None]:
    """Only ever to an earlier day: two sales of one item may be under way."""
    item_id = str(item["Id"])
    for attempt in (1, 2):
        body = {"Id": item_id, "SyncToken": str(item["SyncToken"]), "sparse": True, "InvStartDate": day}
        name = f"item-{item_id}-begins-{day}" if attempt == 1 else f"item-{item_id}-begins-{day}-again"
        try:
            yield from carried_out(Write(name, "Item", "update", body), frame.subject)
            return
        except QuickBooksRejected as error:
            if error.fault_code != STALE:
                raise
            rows = yield from find("Item", f"Id = {quoted(item_id)}")
            if not rows or _first_day(rows[0]) <= day:
                return
            item = rows[0]
            if attempt == 2:
                raise StaleObject(
                    f"{frame.subject}: item {item_id} changed while we worked on it."
                ) from error


def _first_day(item: Json) -> str:
    return str(item.get("InvStartDate", ""))[:10]
