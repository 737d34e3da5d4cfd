"""From the store's level to an inventory adjustment by the difference (rules A74, A75)."""

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from workers.answers import carried_out
from workers.errors import (
    AccountUnmapped,
    RemovedInQuickBooks,
    StockUnsettled,
    UnsupportedByPlan,
    WaitsForOrders,
)
from workers.inventory.levels import LevelRecord
from workers.items.stock import item_now
from workers.mapping.adjustment import adjustment_document
from workers.mapping.frame import Frame
from workers.mapping.marks import book_date, private_note
from workers.outcomes import Booked, Document, Outcome, Skipped
from workers.steps import Json, Step, StoreKey, SyncMapping, Write, recall, remember
from workers.stock import RecallStock, SeeStock, StockMoves, not_in_level

FIRST_WAIT_SECONDS = 5
"""A level often comes before the order that moved it: what does not fit yet is looked at again after that."""

LONGEST_WAIT_SECONDS = 86_400.0
"""So long may the outcome of an order's write stay unknown before a person must look at it."""

UNSUPPORTED = StoreKey("level", "/unsupported")
"""Remembers which event was told that the company has no inventory adjustments."""


def adjusted(
    record: LevelRecord, day: datetime, event_id: str, frame: Frame
) -> Generator[Step, Any, Outcome]:
    """Adjust by what the store's level, less what orders explain, differs from QuickBooks' quantity.

    Raises:
        WaitsForOrders: an order of this item is under way, or the level came first and its orders may follow.
        RemovedInQuickBooks, AccountUnmapped, UnsupportedByPlan: a person must act.
    """
    counted_at = record.counted_at
    assert counted_at is not None, "a level has a place"
    asked = RecallStock(record.item_id, counted_at, (record.store_id,), _skus(record, frame))
    moves: StockMoves = yield asked
    item = yield from item_now(record.item_id)
    if item is None:
        raise _gone(record.item_id, frame)
    if item.get("Type") != "Inventory":
        return Skipped("stock_not_tracked")
    again: StockMoves = yield asked
    if moves.in_flight or again.in_flight or moves.rows != again.rows:
        raise _unsettled(frame)
    target = record.total(frame.settings.locations) + not_in_level(moves.rows, counted_at)
    difference = target - Decimal(str(item.get("QtyOnHand", 0)))
    if difference and record.waited != event_id:
        yield from remember(replace(record, waited=event_id).mapping)
        raise WaitsForOrders(
            f"{frame.subject}: the order that moved it may follow. It is looked at again by itself.",
            delay_seconds=FIRST_WAIT_SECONDS,
        )
    document = Document("Item", record.item_id)
    if difference:
        answer = yield from _written(record, difference, _date(day, item, frame), event_id, frame)
        if answer is None:
            return Skipped("unsupported_by_plan")
        document = Document("InventoryAdjustment", str(answer["Id"]))
    yield SeeStock(moves.rows)
    if (yield from unsupported_since()):
        yield from remember(SyncMapping(UNSUPPORTED, "", ""))
    return Booked((document,))


def unsupported_since() -> Generator[Step, Any, str]:
    """The event that was told that the company has no inventory adjustments; "" while nobody was (A75)."""
    known = yield from recall([UNSUPPORTED])
    return str(known[UNSUPPORTED].detail.get("event", "")) if UNSUPPORTED in known else ""


def _written(
    record: LevelRecord, difference: Decimal, date: str, event_id: str, frame: Frame
) -> Generator[Step, Any, Json | None]:
    """The answer; None when another event has reported meanwhile that the company has no adjustments."""
    mark = frame.marker("level", f"{record.store_id}/{event_id}")
    document = adjustment_document(
        record.item_id, difference, account_id=_account(frame), date=date, note=private_note(mark)
    )
    key = StoreKey("adjustment", f"{record.store_id[:60]}/{event_id}")
    step = Write(
        "adjustment", "InventoryAdjustment", "create", document, key, detail={"difference": str(difference)}
    )
    try:
        return (yield from carried_out(step, frame.subject))
    except UnsupportedByPlan:
        if (yield from unsupported_since()) not in ("", event_id):
            return None
        yield from remember(SyncMapping(UNSUPPORTED, "", "", detail={"event": event_id}))
        raise


def _skus(record: LevelRecord, frame: Frame) -> tuple[str, ...]:
    """SKUs of orders that move this item: the level's own, and those that are set by hand."""
    by_hand = (sku for sku, item_id in frame.settings.products.items() if item_id == record.item_id)
    return tuple(dict.fromkeys(sku for sku in (record.sku, *by_hand) if sku))


def _date(day: datetime, item: Json, frame: Frame) -> str:
    """Never before the item's first day: QuickBooks refuses that (6270)."""
    return max(book_date(day, frame.settings.time_zone), str(item.get("InvStartDate", "")))


def _unsettled(frame: Frame) -> WaitsForOrders:
    return WaitsForOrders(
        f"{frame.subject}: an order of it is just being booked. It is looked at again by itself.",
        delay_seconds=FIRST_WAIT_SECONDS,
        limit_seconds=LONGEST_WAIT_SECONDS,
        otherwise=StockUnsettled(
            f"{frame.subject}: for a day it was not known whether QuickBooks has booked an order of it. "
            "See to the failed orders of this connection, then Retry.",
            cause="orders under way",
            fix="counterfoil errors list --workflow orders",
        ),
    )


def _gone(item_id: str, frame: Frame) -> RemovedInQuickBooks:
    return RemovedInQuickBooks(
        f"{frame.subject}: QuickBooks item {item_id} was removed or made inactive. "
        "Make it active there, then Retry; or Ignore it.",
        cause=f"item {item_id}",
        fix="QuickBooks: Products and services, Include inactive, Make active",
    )


def _account(frame: Frame) -> str:
    account = frame.settings.accounts.stock_adjustments
    if not account:
        raise AccountUnmapped(
            f"{frame.subject}: there is no account for inventory adjustments. Choose it, then Retry.",
            cause="stock adjustments",
            fix=frame.fix("accounts", "stock_adjustments"),
        )
    return account
