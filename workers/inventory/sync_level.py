"""A stock level as a difference in QuickBooks (rules A74 to A76, A79)."""

from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from schemas.inventory import Recount, StockCount, StockLevel
from workers.context import Context
from workers.errors import ProductUnknown, WaitsForProduct
from workers.inventory.adjust import adjusted, unsupported_since
from workers.inventory.levels import LevelRecord, Place, level_key
from workers.items.lookup import found_items, known_item, wanted_item
from workers.mapping.frame import Frame
from workers.outcomes import Outcome, Skipped, Superseded
from workers.steps import Step, Steps, StoreKey, SyncMapping, recall, remember

Known = Mapping[StoreKey, SyncMapping]
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
    known = yield from recall(_keys(level.item_id))
    record = LevelRecord.of(level.item_id, known.get(level_key(level.item_id)))
    if place in record.places and version < record.places[place].counted_at:
        return Superseded()
    record = record.with_place(place, Place(level.quantity, version), level.sku)
    yield from remember(record.mapping)
    return (yield from _followed(record, version, known, context, frame))


def recount(asked: Recount, context: Context) -> Steps:
    """Look again at a level that is known: orders changed after it was counted, or an operator asks for it."""
    known = yield from recall(_keys(asked.item_id))
    mapping = known.get(level_key(asked.item_id))
    if mapping is None:
        return Skipped("no_level_known")
    record = LevelRecord.of(asked.item_id, mapping)
    frame = Frame.of(context, f"Stock of {record.sku or asked.item_id}")
    record = replace(record, waited=context.envelope.id)  # it comes late enough
    return (yield from _followed(record, context.envelope.time, known, context, frame))


def count_stock(count: StockCount, context: Context) -> Steps:
    """All places of one thing at once, as a person had them counted: no order is waited for that may explain them."""
    frame = Frame.of(context, f"Stock of {count.sku or count.item_id}")
    known = yield from recall(_keys(count.item_id))
    record = LevelRecord.of(count.item_id, known.get(level_key(count.item_id)))
    for one in count.places:
        name = one.location_id or ONLY_PLACE
        chosen = not frame.settings.locations or name in frame.settings.locations
        seen = record.places.get(name)
        if chosen and (seen is None or one.updated_at >= seen.counted_at):
            record = record.with_place(name, Place(one.quantity, one.updated_at), count.sku)
    if not record.places:
        return Skipped("location_not_chosen")
    yield from remember(record.mapping)
    record = replace(record, waited=context.envelope.id)
    return (yield from _followed(record, context.envelope.time, known, context, frame))


def _keys(item_id: str) -> list[StoreKey]:
    return [level_key(item_id), *(StoreKey(kind, item_id) for kind in ("inventory_item", "product"))]


def _followed(
    record: LevelRecord, day: datetime, known: Known, context: Context, frame: Frame
) -> Generator[Step, Any, Outcome]:
    """Nothing moves before the first inventory run (A79), and nothing where the plan has no adjustments (A75)."""
    match frame.settings.stock:
        case "off":
            return Skipped("stock_not_followed")
        case "ask":
            return Skipped("first_inventory_run")
        case "follow":
            pass
    since = yield from unsupported_since()
    if since not in ("", context.envelope.id):
        return Skipped("unsupported_by_plan")
    item_id = yield from _item(record, known, frame)
    if item_id != record.item_id:
        record = replace(record, item_id=item_id)
        yield from remember(record.mapping)
    return (yield from adjusted(record, day, context.envelope.id, frame))


def _item(record: LevelRecord, known: Known, frame: Frame) -> Generator[Step, Any, str]:
    """The item behind the level: set by hand, remembered from its product, or found by SKU."""
    wanted = wanted_item(record.store_id, None, record.sku, "")
    by_hand = known_item(wanted, {}, frame)
    if by_hand is not None:
        return by_hand.quickbooks_id
    for kind in ("inventory_item", "product"):
        mapping = known.get(StoreKey(kind, record.store_id))
        if mapping is not None and mapping.quickbooks_id:
            return mapping.quickbooks_id
    found = (yield from found_items([wanted], frame)) if record.sku else {}
    if wanted not in found:
        raise WaitsForProduct(
            f"{frame.subject}: its product is not known yet. It is tried again by itself.",
            limit_seconds=PRODUCT_WAIT_SECONDS,
            otherwise=ProductUnknown(
                f"{frame.subject}: no QuickBooks item is known for it. Sync its product first, or say which item "
                "it is, then Retry.",
                cause=record.sku or record.store_id,
                fix=frame.fix("products", record.sku or "SKU"),
            ),
        )
    return found[wanted].quickbooks_id
