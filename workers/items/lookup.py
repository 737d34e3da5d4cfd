"""Which QuickBooks item a product is: set by hand, remembered, found by SKU or name, or created (A70 to A72)."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from workers.answers import NAME_TAKEN, carried_out
from workers.errors import ProductUnknown, QuickBooksRejected, SkuMissing
from workers.items.bundles import GROUP, bundle_of
from workers.items.unknown import asked_today, note_unknown, unknown_key
from workers.mapping.frame import Frame
from workers.mapping.item import LONGEST_NAME, NewItem, item_document, item_marks
from workers.mapping.names import clean, quoted
from workers.steps import Json, Step, StoreKey, SyncMapping, Write, find, remember

Known = Mapping[StoreKey, SyncMapping]
IN_ONE_QUERY = 30
"""Values in one IN list; the longest statement that QuickBooks takes is not documented."""
SELLABLE = ("Inventory", "NonInventory", "Service")


class Wanted(NamedTuple):
    """A product that needs an item. ``key`` None: the store has no id for it and it has no SKU."""

    key: StoreKey | None
    sku: str
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """An item that was found. ``kind`` is its QuickBooks type, "" where nobody asked yet."""

    quickbooks_id: str
    kind: str = ""
    sync_token: str = "0"


def wanted_item(product_id: str | None, variant_id: str | None, sku: str, name: str) -> Wanted:
    """Look for the variant, else the product, else the SKU."""
    sku = sku.strip()
    store_id = variant_id or product_id or (f"sku/{sku}" if sku else None)
    return Wanted(StoreKey("product", store_id) if store_id else None, sku, name.strip())


def known_item(wanted: Wanted, known: Known, frame: Frame) -> Item | None:
    """What settings or memory say; the settings win."""
    bundle = bundle_of(wanted.sku, frame)
    if bundle:
        return Item(bundle, GROUP)
    by_hand = frame.settings.products.get(wanted.sku, "") if wanted.sku else ""
    mapping = known.get(wanted.key) if wanted.key else None
    if by_hand:
        same = mapping is not None and mapping.quickbooks_id == by_hand
        return Item(by_hand, str(mapping.detail.get("type", "")) if mapping and same else "")
    if mapping is not None and mapping.quickbooks_id and not mapping.removed:
        return Item(mapping.quickbooks_id, str(mapping.detail.get("type", "")))
    return None


def resolve_items(
    wanted: Iterable[Wanted], known: Known, frame: Frame
) -> Generator[Step, Any, dict[Wanted, Item]]:
    """The item of each product. Nothing is asked of QuickBooks for products that are remembered.

    Items that must be created are created last, after all others are found.

    Raises:
        ProductUnknown, SkuMissing: a person must say what the product is.
    """
    found: dict[Wanted, Item] = {}
    missing: list[Wanted] = []
    for one in dict.fromkeys(wanted):
        item = known_item(one, known, frame)
        if item is None:
            missing.append(one)
        else:
            found[one] = item
    if missing:
        found.update((yield from _looked_up(missing, frame)))
    unknown = [one for one in missing if one not in found]
    for one in unknown:
        found[one] = _fallback(one, frame)
    for one in unknown:
        if not found[one].quickbooks_id:
            found[one] = yield from create_item(one, NewItem(_new_name(one), one.sku), frame)
    return found


def _looked_up(missing: Sequence[Wanted], frame: Frame) -> Generator[Step, Any, dict[Wanted, Item]]:
    """Look in QuickBooks; where unknown products have an item of their own, once a day for each of them."""
    if frame.settings.unknown_product != "fallback":
        return (yield from found_items(missing, frame))
    keys = {one: unknown_key(one.key, one.sku or one.name) for one in missing}
    known = yield from asked_today(list(keys.values()), frame)
    asked = [one for one in missing if keys[one] not in known]
    if not asked:
        return {}
    found = yield from found_items(asked, frame)
    yield from note_unknown([keys[one] for one in asked if one not in found], frame)
    return found


def remembered(wanted: Wanted, item: Json) -> SyncMapping | None:
    """The mapping of an item that was found."""
    if wanted.key is None:
        return None
    return SyncMapping(
        wanted.key,
        "Item",
        str(item["Id"]),
        str(item["SyncToken"]),
        detail={"type": str(item.get("Type", ""))},
    )


def create_item(wanted: Wanted, new: NewItem, frame: Frame) -> Generator[Step, Any, Item]:
    """A new item, under its name or, where that is taken, under name and SKU.

    One that took the name meanwhile is adopted if it has the same SKU, or neither has any.
    """
    for name in _names(new):
        document = item_document(replace(new, name=name), frame)
        detail = {"type": document["Type"], "fields": item_marks(new)}
        step_name = f"item-{wanted.sku or name}"[:60]
        step = Write(step_name, "Item", "create", document, key=wanted.key, detail=detail)
        try:
            created = yield from carried_out(step, frame.subject)
        except QuickBooksRejected as error:
            if error.fault_code != NAME_TAKEN:
                raise
            rows = yield from find("Item", f"Name = {quoted(name)}")
            same = [row for row in rows if _is_sellable(row) and str(row.get("Sku", "")) == wanted.sku]
            if not same:
                continue
            created = same[0]
            mapping = remembered(wanted, created)
            if mapping is not None:
                yield from remember(mapping)
        return Item(str(created["Id"]), str(created.get("Type", "")), str(created["SyncToken"]))
    raise _unknown(wanted, frame, f'the name "{new.name}" belongs to another item in QuickBooks')


def _names(new: NewItem) -> Iterator[str]:
    yield new.name
    if new.sku:
        tail = f" ({clean(new.sku, LONGEST_NAME - 4)})"
        yield new.name[: LONGEST_NAME - len(tail)].rstrip() + tail


def found_items(missing: Sequence[Wanted], frame: Frame) -> Generator[Step, Any, dict[Wanted, Item]]:
    """Look in QuickBooks and remember what is found.

    One query for all SKUs, then one for the names of those that have no SKU or were not found by it.
    """
    found: dict[Wanted, Item] = {}
    by_sku = yield from _query("Sku", [one.sku for one in missing if one.sku])
    for one in missing:
        rows = [row for row in by_sku if one.sku and row.get("Sku") == one.sku]
        yield from _take(one, rows, found, frame)
    rest = [one for one in missing if one not in found]
    by_name = yield from _query("Name", [one.sku or one.name for one in rest])
    for one in rest:
        rows = [row for row in by_name if row.get("Name") == (one.sku or one.name)]
        yield from _take(one, rows, found, frame)
    return found


def _take(
    one: Wanted, rows: Sequence[Json], found: dict[Wanted, Item], frame: Frame
) -> Generator[Step, Any, None]:
    bundles = [row for row in rows if row.get("Type") == GROUP]
    rows = [row for row in rows if _is_sellable(row)]
    if bundles and not rows and one.sku:
        raise _is_bundle(one, bundles[0], frame)
    if len(rows) > 1:
        raise SkuMissing(
            f'{frame.subject}: {len(rows)} QuickBooks items have the SKU "{one.sku}". '
            "Say which one it is, then Retry.",
            cause=one.sku,
            fix=frame.fix("products", one.sku),
        )
    if rows:
        found[one] = Item(str(rows[0]["Id"]), str(rows[0].get("Type", "")), str(rows[0]["SyncToken"]))
        mapping = remembered(one, rows[0])
        if mapping is not None:
            yield from remember(mapping)


def _is_bundle(one: Wanted, row: Json, frame: Frame) -> ProductUnknown:
    """Stock of its parts will move: that is for a person to decide (A78)."""
    return ProductUnknown(
        f'{frame.subject}: {one.sku} is the bundle "{row.get("Name")}" in QuickBooks. Sell it as its parts, or say '
        "which single item stands for it, then Retry.",
        cause=one.sku,
        fix=frame.fix("bundles", one.sku, value=str(row["Id"])),
    )


def _is_sellable(row: Json) -> bool:
    return row.get("Type") in SELLABLE and bool(row.get("Active", True))


def _query(field: str, values: Iterable[str]) -> Generator[Step, Any, list[Json]]:
    wanted = sorted({value for value in values if value})
    rows: list[Json] = []
    for start in range(0, len(wanted), IN_ONE_QUERY):
        listed = ", ".join(quoted(value) for value in wanted[start : start + IN_ONE_QUERY])
        rows += yield from find("Item", f"{field} IN ({listed})")
    return rows


def _fallback(wanted: Wanted, frame: Frame) -> Item:
    """What the setting ``unknown_product`` says; an item without id is to be created."""
    match frame.settings.unknown_product:
        case "fallback" if frame.settings.items.fallback:
            return Item(frame.settings.items.fallback)
        case "create" if _new_name(wanted):
            return Item("")
        case _:
            raise _unknown(wanted, frame, "QuickBooks has no item for it")


def _new_name(wanted: Wanted) -> str:
    return clean(wanted.name or wanted.sku, LONGEST_NAME)


def _unknown(wanted: Wanted, frame: Frame, why: str) -> ProductUnknown:
    label = f'product "{wanted.name}" (SKU {wanted.sku or "missing"})'
    return ProductUnknown(
        f"{frame.subject}: {label}: {why}. Say which item it is, or create it in QuickBooks, then Retry.",
        cause=wanted.sku or wanted.name,
        fix=frame.fix("products", wanted.sku)
        if wanted.sku
        else frame.fix("unknown_product", value="fallback"),
    )
