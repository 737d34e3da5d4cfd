"""Everything that a store has on its shelves, asked for at once."""

from typing import Any

from events.fetching.store import StoreClient
from tests.rig.stores.shopify import ShopifyShop
from tests.rig.stores.woocommerce import WooCommerceShop

CHANGED = "2026-11-05T10:00:00Z"


def mugs(number: int, *variants: int) -> dict[str, Any]:
    rows = [
        {"id": 10 * one, "inventory_item_id": one, "title": f"Size {one}", "sku": f"MUG-{one}", "price": "9.00",
         "inventory_management": "shopify", "inventory_quantity": 5}
        for one in variants
    ]  # fmt: skip
    times = {"updated_at": CHANGED, "created_at": CHANGED}
    return {"id": number, "title": "Mug", "status": "active", "variants": rows, **times}


def level(item: int, place: int, available: int | None) -> dict[str, Any]:
    return {"inventory_item_id": item, "location_id": place, "available": available, "updated_at": CHANGED}


def told(client: StoreClient) -> list[str]:
    return [event.subject for page in client.shelves() for event in page.events]


def test_shopify_tells_each_variant_at_each_place(shopify: ShopifyShop, shopify_client: StoreClient) -> None:
    shopify.products[1] = mugs(1, 7, 8)
    shopify.levels = [level(7, 1, 30), level(7, 2, 12), level(8, 1, None), level(9, 1, 5)]

    assert told(shopify_client) == ["product/1", "level/1/7", "level/2/7"]


def test_shopify_is_asked_for_few_ids_at_a_time(shopify: ShopifyShop, shopify_client: StoreClient) -> None:
    shopify.products[1] = mugs(1, *range(1, 121))
    shopify.levels = [level(item, place, 1) for item in range(1, 121) for place in range(1, 7)]

    found = told(shopify_client)

    assert len(set(found)) == 1 + 720 == len(found)
    asked = [one.query.get("inventory_item_ids", "") for one in shopify.asked if "levels" in one.path]
    assert max(len(ids.split(",")) for ids in asked) == 50


def test_woocommerce_tells_levels_with_its_products(woo: WooCommerceShop, woo_client: StoreClient) -> None:
    woo.products[3] = {
        "id": 3, "name": "Mug", "type": "simple", "status": "publish", "sku": "MUG", "manage_stock": True,
        "stock_quantity": 4, "date_modified_gmt": "2026-11-05T10:00:00",
    }  # fmt: skip

    assert told(woo_client) == ["product/3", "level/shop/3"]
