"""What a plan is made of: the store's shelves, the company's items, and what the ledger knows of both."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from sqlalchemy import Engine

from events.fetching.store import EventPage
from ops.inventory.plan import Plan, Shelf, planned
from schemas.connection import Connection
from schemas.envelope import Envelope
from schemas.inventory import CountedPlace, Product, StockLevel
from workers.inventory.levels import level_key
from workers.ledger.engine import reading
from workers.ledger.mappings import recall_mappings
from workers.ledger.stock_moves import moves_of_item
from workers.mapping.item import item_name
from workers.steps import Json
from workers.stock import RecallStock, not_in_level

PRODUCTS = ("inventory.product_created", "inventory.product_updated")
LEVEL = "inventory.level_changed"


class Store(Protocol):
    """What is needed of a store (events.fetching.store)."""

    def shelves(self) -> Iterable[EventPage]:
        """Every product with its stock levels."""
        ...


class Company(Protocol):
    """What is needed of a company (ops.company_reader)."""

    def rows(self, entity: str, where: str = "") -> Iterable[Json]:
        """All objects of an entity."""
        ...


def make_plan(
    engine: Engine,
    connection: Connection,
    store: Store,
    company: Company,
    tell: Callable[[str, int], None] = lambda _what, _count: None,
) -> Plan:
    """Read store, company and ledger, and compare. ``tell`` hears what is read and how much of it.

    Raises:
        StoreProblem, SyncError: store or QuickBooks cannot be asked.
    """
    shelves = read_shelves(store, tell)
    items: list[Json] = []
    for item in company.rows("Item"):
        items.append(item)
        tell("items", len(items))
    keys = {key for shelf in shelves for key in (*shelf.keys, level_key(shelf.store_id))}
    with reading(engine) as database:
        known = recall_mappings(database, connection.connection_id, keys)
        following = connection.settings.stock == "follow"

        def moved(shelf: Shelf, item_id: str, counted_at: datetime) -> Decimal:
            """While nobody follows stock, no movement is noted."""
            if not following:
                return Decimal(0)
            by_hand = tuple(sku for sku, one in connection.settings.products.items() if one == item_id)
            skus = tuple(dict.fromkeys(sku for sku in (shelf.sku, *by_hand) if sku))
            asked = RecallStock(item_id, counted_at, (shelf.store_id,), skus)
            return not_in_level(moves_of_item(database, connection.connection_id, asked).rows, counted_at)

        return planned(shelves, items, known, connection.settings, moved)


@dataclass
class _Found:
    """A thing while its product and its levels come in, in any order."""

    product_id: str = ""
    sku: str = ""
    name: str = ""
    places: dict[str, CountedPlace] = field(default_factory=dict)


def read_shelves(store: Store, tell: Callable[[str, int], None]) -> list[Shelf]:
    """Everything that the store counts and sells."""
    found: dict[str, _Found] = {}
    products = 0
    for page in store.shelves():
        for event in page.events:
            _note(event, found)
        products += page.objects
        tell("products", products)
    return [
        Shelf(store_id, one.product_id, one.sku.strip(), one.name, tuple(one.places.values()))
        for store_id, one in found.items()
        if one.product_id and one.places
    ]


def _note(event: Envelope, found: dict[str, _Found]) -> None:
    if event.type in PRODUCTS:
        product = Product.model_validate(event.data)
        for variant in product.variants:
            one = found.setdefault(variant.inventory_item_id or variant.variant_id, _Found())
            one.product_id, one.sku = variant.variant_id, variant.sku
            one.name = item_name(product, variant)
    elif event.type == LEVEL:
        level = StockLevel.model_validate(event.data)
        place = CountedPlace(
            location_id=level.location_id, quantity=level.quantity, updated_at=level.updated_at
        )
        found.setdefault(level.item_id, _Found()).places[level.location_id or ""] = place
