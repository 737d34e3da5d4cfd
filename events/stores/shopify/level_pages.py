"""Asking Shopify for stock levels: of one thing at one place, or of all variants of some products at all places."""

from collections.abc import Iterable

from events.stores.api import Reading, Request, StoreObject
from events.stores.raw_json import objects_in
from events.stores.reading import Row, rows_or_nothing, store_id
from events.stores.shopify.answers import next_page

TOPIC = "inventory_levels/update"
IDS = 50
"""The most ids that one request may name. Source: shopify.dev, "InventoryLevel"."""

LIMIT = "250"


def one_level(api: str, place: str, item: str) -> Reading[StoreObject | None]:
    """The level of one thing at one place; None where it is not kept there."""
    query = {"inventory_item_ids": item, "location_ids": place}
    (answer,) = yield (Request(f"{api}/inventory_levels.json", query, may_be_absent=True),)
    found = objects_in(answer.body, "inventory_levels") if answer.status == 200 else []
    return StoreObject(TOPIC, *found[0]) if found else None


def levels_of(api: str, products: Iterable[Row]) -> Reading[tuple[StoreObject, ...]]:
    """The levels of all variants, at every place."""
    variants = (variant for row in products for variant in rows_or_nothing(row, "variants"))
    ids = [found for variant in variants if (found := store_id(variant, "inventory_item_id"))]
    path, levels = f"{api}/inventory_levels.json", []
    for start in range(0, len(ids), IDS):
        query = {"inventory_item_ids": ",".join(ids[start : start + IDS]), "limit": LIMIT}
        while query:
            (answer,) = yield (Request(path, query),)
            levels += [StoreObject(TOPIC, *one) for one in objects_in(answer.body, "inventory_levels")]
            within = next_page(answer)
            query = {"limit": LIMIT, "page_info": within} if within else {}
    return tuple(levels)
