"""What an inventory run would move: the store's quantities against QuickBooks' (rules A74, A76, A79). Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from schemas.connection import ConnectionSettings
from schemas.inventory import CountedPlace, StockCount
from workers.inventory.levels import LevelRecord, level_key
from workers.inventory.sync_level import ONLY_PLACE
from workers.items.lookup import SELLABLE
from workers.steps import Json, StoreKey, SyncMapping

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One thing that the store counts. ``store_id`` as levels name it, ``product_id`` as items are remembered by."""

    store_id: str
    product_id: str
    sku: str
    name: str
    places: tuple[CountedPlace, ...]

    @property
    def keys(self) -> tuple[StoreKey, ...]:
        """Under which its item may be remembered, as a level looks for it."""
        ids = (("inventory_item", self.store_id), ("product", self.store_id), ("product", self.product_id))
        return tuple(dict.fromkeys(StoreKey(kind, store_id) for kind, store_id in ids))

    @property
    def count(self) -> StockCount:
        """What is told of it."""
        return StockCount(item_id=self.store_id, sku=self.sku, places=self.places)


@dataclass(frozen=True, slots=True)
class Change:
    """One item's quantity in QuickBooks, and what it must be."""

    shelf: Shelf
    item_id: str
    item_name: str
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        """What the adjustment would say."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Problem:
    """A thing of the store that cannot be counted; ``what`` is a sentence for a person."""

    shelf: Shelf
    what: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an apply would do. ``fitting``: how many quantities are right already.

    ``untold``: those of them of which the ledger does not know all places; a level of one place alone would be taken
    for the whole.
    """

    changes: tuple[Change, ...] = ()
    fitting: int = 0
    problems: tuple[Problem, ...] = ()
    untold: tuple[Shelf, ...] = ()


Moved = Callable[[Shelf, str, datetime], Decimal]
"""What orders moved that the level of a moment does not hold: of the shelf's item, by its QuickBooks id."""


def planned(
    shelves: Sequence[Shelf],
    items: Sequence[Json],
    known: Mapping[StoreKey, SyncMapping],
    settings: ConnectionSettings,
    moved: Moved,
) -> Plan:
    """Find each thing's item as the workers would, and compare."""
    lists = _Lists(items)
    counted = (shelf for shelf in shelves if _places(shelf, settings) and shelf.sku not in settings.bundles)
    found = [(shelf, _item(shelf, lists, known, settings)) for shelf in counted]
    times = Counter(str(item["Id"]) for _, item in found if not isinstance(item, str))
    changes, problems, fitting, untold = [], [], 0, []
    for shelf, item in found:
        what = item if isinstance(item, str) else _problem(item, times)
        if isinstance(item, str) or what:
            problems.append(Problem(shelf, what))
            continue
        change = _change(shelf, item, settings, moved)
        if change.difference:
            changes.append(change)
            continue
        fitting += 1
        if not _is_told(shelf, known.get(level_key(shelf.store_id)), settings):
            untold.append(shelf)
    return Plan(tuple(changes), fitting, tuple(problems), tuple(untold))


class _Lists:
    """The company's items by id, SKU and name."""

    def __init__(self, items: Iterable[Json]) -> None:
        self.by_id: dict[str, Json] = {}
        self.by_sku: dict[str, list[Json]] = {}
        self.by_name: dict[str, Json] = {}
        for item in items:
            self.by_id[str(item["Id"])] = item
            if item.get("Type") in SELLABLE and item.get("Active", True):
                self.by_name[str(item.get("Name"))] = item
                if item.get("Sku"):
                    self.by_sku.setdefault(str(item["Sku"]), []).append(item)


def _item(
    shelf: Shelf, lists: _Lists, known: Mapping[StoreKey, SyncMapping], settings: ConnectionSettings
) -> Json | str:
    """The item, or a sentence."""
    chosen = settings.products.get(shelf.sku, "") if shelf.sku else ""
    for key in () if chosen else shelf.keys:
        mapping = known.get(key)
        if mapping is not None and mapping.quickbooks_id and not mapping.removed:
            chosen = mapping.quickbooks_id
            break
    if chosen:
        return lists.by_id.get(chosen) or f"QuickBooks item {chosen} is gone or inactive."
    if not shelf.sku:
        return "It has no SKU, and no item is known for it."
    same = lists.by_sku.get(shelf.sku, [])
    if len(same) > 1:
        return f"{len(same)} QuickBooks items have this SKU."
    return same[0] if same else lists.by_name.get(shelf.sku) or "QuickBooks has no item for it."


def _problem(item: Json, times: Mapping[str, int]) -> str:
    if item.get("Type") != "Inventory":
        return f'QuickBooks does not track the stock of "{item.get("Name")}".'
    if times[str(item["Id"])] > 1:
        return f'Several things of the store are QuickBooks item "{item.get("Name")}"; they are not summed.'
    return ""


def _change(shelf: Shelf, item: Json, settings: ConnectionSettings, moved: Moved) -> Change:
    places = list(_places(shelf, settings))
    level = sum((place.quantity for place in places), ZERO)
    item_id = str(item["Id"])
    waiting = moved(shelf, item_id, max(place.updated_at for place in places))
    before = Decimal(str(item.get("QtyOnHand", 0)))
    return Change(shelf, item_id, str(item.get("Name", "")), before, level + waiting)


def _is_told(shelf: Shelf, mapping: SyncMapping | None, settings: ConnectionSettings) -> bool:
    record = LevelRecord.of(shelf.store_id, mapping)
    return all((place.location_id or ONLY_PLACE) in record.places for place in _places(shelf, settings))


def _places(shelf: Shelf, settings: ConnectionSettings) -> tuple[CountedPlace, ...]:
    """Those that are summed (A76)."""
    return tuple(_chosen(shelf.places, settings))


def _chosen(places: Iterable[CountedPlace], settings: ConnectionSettings) -> Iterator[CountedPlace]:
    for place in places:
        if not settings.locations or (place.location_id or ONLY_PLACE) in settings.locations:
            yield place
