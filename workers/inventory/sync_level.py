"""A stock level as a difference in QuickBooks (rules A74, A76)."""

from collections.abc import Generator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.inventory import StockLevel
from workers.answers import carried_out
from workers.context import Context
from workers.errors import AccountUnmapped, ProductUnknown, RemovedInQuickBooks, WaitsForProduct
from workers.items.lookup import found_items, known_item, wanted_item
from workers.items.stock import item_now
from workers.mapping.adjustment import adjustment_document
from workers.mapping.frame import Frame
from workers.mapping.marks import book_date, private_note
from workers.outcomes import Booked, Document, Outcome, Skipped, Superseded
from workers.steps import Json, Step, Steps, StoreKey, SyncMapping, Write, recall, remember

PRODUCT_WAIT_SECONDS = 120.0
"""A product's own webhook is on its way as long as that at most, or it was never sent."""

ONLY_PLACE = "shop"
"""Stands for the place of a store that names none."""


def sync_level(level: StockLevel, context: Context) -> Steps:
    """Bring QuickBooks' quantity to the store's, summed over the chosen places.

    The levels of all places of one item are one mapping: their events must be applied one after another.
    """
    frame = Frame.of(context, f"Stock of {level.sku or level.item_id}")
    place = level.location_id or ONLY_PLACE
    if frame.settings.locations and place not in frame.settings.locations:
        return Skipped("location_not_chosen")
    version = context.envelope.time
    key = StoreKey("level", level.item_id)
    item_keys = [StoreKey(kind, level.item_id) for kind in ("inventory_item", "product")]
    known = yield from recall([key, *item_keys])
    places = _places(known.get(key))
    if place in places and version < datetime.fromisoformat(places[place]["time"]):
        return Superseded()
    if place in places and places[place]["event"] == context.envelope.id and known[key].quickbooks_id:
        mapping = known[key]  # died after the answer: it is adjusted already
        return Booked((Document(mapping.entity, mapping.quickbooks_id),))
    item_id = yield from _item(level, item_keys, known, frame)
    places[place] = {
        "quantity": str(level.quantity),
        "time": version.isoformat(),
        "event": context.envelope.id,
    }
    return (yield from _adjusted(item_id, key, places, version, frame))


def _places(mapping: SyncMapping | None) -> dict[str, dict[str, str]]:
    return {} if mapping is None else dict(mapping.detail.get("places", {}))


def _item(
    level: StockLevel, keys: list[StoreKey], known: Mapping[StoreKey, SyncMapping], frame: Frame
) -> Generator[Step, Any, str]:
    """The item behind the level: remembered from its product, set by hand, or found by SKU."""
    for key in keys:
        if key in known and known[key].quickbooks_id:
            return known[key].quickbooks_id
    wanted = wanted_item(level.item_id, None, level.sku, "")
    by_hand = known_item(wanted, {}, frame)
    if by_hand is not None:
        return by_hand.quickbooks_id
    found = (yield from found_items([wanted], frame)) if level.sku else {}
    if wanted not in found:
        raise WaitsForProduct(
            f"{frame.subject}: its product is not known yet. It is tried again by itself.",
            limit_seconds=PRODUCT_WAIT_SECONDS,
            otherwise=ProductUnknown(
                f"{frame.subject}: no QuickBooks item is known for it. Sync its product first, or say which item "
                "it is, then Retry.",
                cause=level.sku or level.item_id,
                fix=frame.fix("products", level.sku or "SKU"),
            ),
        )
    return found[wanted].quickbooks_id


def _adjusted(
    item_id: str, key: StoreKey, places: dict[str, dict[str, str]], version: datetime, frame: Frame
) -> Generator[Step, Any, Outcome]:
    item = yield from item_now(item_id)
    if item is None:
        raise RemovedInQuickBooks(
            f"{frame.subject}: QuickBooks item {item_id} was removed or made inactive. "
            "Make it active there, then Retry; or Ignore it.",
            cause=f"item {item_id}",
            fix="QuickBooks: Products and services, Include inactive, Make active",
        )
    detail: Json = {"places": places, "item": item_id}
    if item.get("Type") != "Inventory":
        yield from remember(SyncMapping(key, "", "", version=version, detail=detail))
        return Skipped("stock_not_tracked")
    difference = _target(places, frame) - Decimal(str(item.get("QtyOnHand", 0)))
    if not difference:
        yield from remember(SyncMapping(key, "Item", item_id, version=version, detail=detail))
        return Booked((Document("Item", item_id),))
    document = adjustment_document(
        item_id,
        difference,
        account_id=_account(frame),
        date=book_date(version, frame.settings.time_zone),
        note=private_note(frame.marker("level", key.store_id)),
    )
    step = Write("adjustment", "InventoryAdjustment", "create", document, key, version, detail)
    answer = yield from carried_out(step, frame.subject)
    return Booked((Document("InventoryAdjustment", str(answer["Id"])),))


def _target(places: Mapping[str, Mapping[str, str]], frame: Frame) -> Decimal:
    """The store's quantity over the places that count (A76)."""
    chosen = frame.settings.locations
    counted = (place for name, place in places.items() if not chosen or name in chosen)
    return sum((Decimal(place["quantity"]) for place in counted), Decimal(0))


def _account(frame: Frame) -> str:
    account = frame.settings.accounts.stock_adjustments
    if not account:
        raise AccountUnmapped(
            f"{frame.subject}: there is no account for inventory adjustments. Choose it, then Retry.",
            cause="stock adjustments",
            fix=frame.fix("accounts", "stock_adjustments"),
        )
    return account
