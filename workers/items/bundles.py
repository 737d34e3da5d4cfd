"""The parts of QuickBooks' bundles (A78), as far as orders need them; read once a day for each bundle."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from workers.errors import ProductUnknown
from workers.mapping.bundle import Bundle, Part
from workers.mapping.frame import Frame
from workers.mapping.names import quoted
from workers.steps import Json, Step, StoreKey, SyncMapping, find, recall, remember

GROUP = "Group"
"""A bundle's type. The API reads them and cannot change them. Source: Intuit's API reference, Item."""

KEPT = timedelta(days=1)
"""So long are parts and prices remembered: reads are metered, and bundles change rarely."""

IN_ONE_QUERY = 30


def bundle_of(sku: str, frame: Frame) -> str:
    """The bundle that stands for a SKU by the settings, "" where none does."""
    return frame.settings.bundles.get(sku.strip(), "") if sku else ""


def part_key(item_id: str) -> StoreKey:
    """Under which what an item moves as a part of bundles is noted, beside what its own product moves (A74).

    The ledger maps it to the item, as it does a product, so that a count of the item finds it.
    """
    return StoreKey("product", f"item/{item_id}")


def bundles_of(skus: Iterable[str], at: datetime, frame: Frame) -> Generator[Step, Any, Mapping[str, Bundle]]:
    """The bundles that stand for these SKUs, by item id. Nothing is asked where none of them is one.

    Raises:
        ProductUnknown: what the settings name is no bundle, or it or a part of it is gone.
    """
    wanted = {item_id: sku for sku in skus if (item_id := bundle_of(sku, frame))}
    if not wanted:
        return {}
    known = yield from recall([_key(item_id) for item_id in wanted])
    found = {
        key.store_id: _remembered(mapping)
        for key, mapping in known.items()
        if mapping.version is not None and abs(at - mapping.version) < KEPT
    }
    missing = {item_id: sku for item_id, sku in wanted.items() if item_id not in found}
    if missing:
        found |= yield from _read(missing, at, frame)
    return found


def _read(wanted: Mapping[str, str], at: datetime, frame: Frame) -> Generator[Step, Any, dict[str, Bundle]]:
    rows = yield from _items(list(wanted))
    lines: dict[str, list[Json]] = {}
    for item_id, sku in wanted.items():
        row = rows.get(item_id)
        if row is None or row.get("Type") != GROUP:
            raise _unknown(sku, f"QuickBooks item {item_id} is no bundle, or it is gone", frame)
        lines[item_id] = list((row.get("ItemGroupDetail") or {}).get("ItemGroupLine", ()))
    parts = yield from _items(sorted({_part_id(line) for of_one in lines.values() for line in of_one}))
    found = {}
    for item_id, of_one in lines.items():
        for line in of_one:
            if _part_id(line) not in parts:
                why = f"part {_part_id(line)} of bundle {item_id} is gone or inactive in QuickBooks"
                raise _unknown(wanted[item_id], why, frame)
        bundle = Bundle(item_id, tuple(_part(line, parts[_part_id(line)]) for line in of_one))
        yield from remember(_mapping(bundle, at))
        for part in (part for part in bundle.parts if part.stocked):
            detail = {"type": "Inventory"}
            yield from remember(SyncMapping(part_key(part.item_id), "Item", part.item_id, detail=detail))
        found[item_id] = bundle
    return found


def _items(ids: Sequence[str]) -> Generator[Step, Any, dict[str, Json]]:
    found: dict[str, Json] = {}
    for start in range(0, len(ids), IN_ONE_QUERY):
        listed = ", ".join(quoted(one) for one in ids[start : start + IN_ONE_QUERY])
        rows = yield from find("Item", f"Id IN ({listed})")
        found |= {str(row["Id"]): row for row in rows}
    return found


def _unknown(sku: str, why: str, frame: Frame) -> ProductUnknown:
    return ProductUnknown(
        f"{frame.subject}: {why}. Say which bundle {sku} is, then Retry.",
        cause=sku,
        fix=frame.fix("bundles", sku),
    )


def _key(item_id: str) -> StoreKey:
    return StoreKey("bundle", item_id)


def _part_id(line: Json) -> str:
    return str((line.get("ItemRef") or {}).get("value", ""))


def _part(line: Json, row: Json) -> Part:
    return Part(
        item_id=str(row["Id"]),
        name=str(row.get("Name", "")),
        quantity=Decimal(str(line.get("Qty", 0))),
        price=Decimal(str(row.get("UnitPrice") or 0)),
        stocked=row.get("Type") == "Inventory",
    )


def _mapping(bundle: Bundle, at: datetime) -> SyncMapping:
    parts = [
        {
            "item": part.item_id,
            "name": part.name,
            "quantity": str(part.quantity),
            "price": str(part.price),
            "stocked": part.stocked,
        }
        for part in bundle.parts
    ]
    return SyncMapping(_key(bundle.item_id), "", "", version=at, detail={"parts": parts})


def _remembered(mapping: SyncMapping) -> Bundle:
    parts = (
        Part(one["item"], one["name"], Decimal(one["quantity"]), Decimal(one["price"]), bool(one["stocked"]))
        for one in mapping.detail["parts"]
    )
    return Bundle(mapping.key.store_id, tuple(parts))
