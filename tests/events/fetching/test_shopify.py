"""Shopify's API: the same events as its webhooks, every object once, and no order left out without a word."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.fetching.store import StoreClient
from events.stores.api import Kind, Span, StoreAccess, StoreRefuses
from tests.events.fetching.conftest import Pauses, client_of
from tests.events.stores.deliveries import read
from tests.fixtures.webhooks import body_of
from tests.rig.stores.server import Asked
from tests.rig.stores.shopify import CLIENT_ID, CLIENT_SECRET, ShopifyShop

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SHAPES = {"orders": "order", "products": "product", "customers": "customer"}


def order(number: int, changed: datetime = START, **changes: Any) -> dict[str, Any]:
    """A small paid order."""
    return {
        "id": number,
        "name": f"#{number}",
        "created_at": START.isoformat(),
        "updated_at": changed.isoformat(),
        "currency": "USD",
        "financial_status": "paid",
        "total_price": "10.00",
        "total_tax": "0.00",
        "total_outstanding": "0.00",
        "line_items": [{"id": 1, "title": "Mug", "quantity": 1, "price": "10.00"}],
        "refunds": [],
        **changes,
    }


def subjects(client: StoreClient, kind: Kind = "orders", span: Span | None = None) -> list[str]:
    """Everything that a whole reading gives."""
    pages = client.pages(kind, span or Span(SINCE))
    return [event.subject for page in pages for event in page.events]


@pytest.mark.parametrize(
    ("fixture", "kind"),
    [
        ("orders_cancelled__refunded", "orders"),
        ("orders_create__gift_card_sold", "orders"),
        ("orders_create__presentment_currency", "orders"),
        ("orders_create__taxes_included", "orders"),
        ("orders_create__tip_duties_cash_rounding", "orders"),
        ("orders_paid__two_taxes", "orders"),
        ("orders_updated__partly_paid", "orders"),
        ("orders_updated__partly_refunded", "orders"),
        ("products_update__two_variants", "products"),
        ("customers_update__plain", "customers"),
    ],
)
def test_object_asked_for_anew_is_the_event_that_its_webhook_made(
    shopify: ShopifyShop, shopify_client: StoreClient, fixture: str, kind: str
) -> None:
    body = json.loads(body_of(f"shopify/{fixture}"))
    getattr(shopify, kind)[int(body["id"])] = body
    told = read(f"shopify/{fixture}")

    found = [shopify_client.fetch_anew(one.subject, within=one.object_key) for one in told]

    assert told
    assert [(one.id, one.data) for one in found if one] == [(one.id, one.data) for one in told]


def test_stock_level_is_asked_for_by_place_and_item(
    shopify: ShopifyShop, shopify_client: StoreClient
) -> None:
    body = json.loads(body_of("shopify/inventory_levels_update__counted"))
    shopify.levels = [body, {**body, "location_id": 1, "available": 99}]
    (told,) = read("shopify/inventory_levels_update__counted")

    found = shopify_client.fetch_anew(told.subject)

    assert found is not None
    assert (found.id, found.data) == (told.id, told.data)


def test_object_that_is_gone_or_a_test_gives_nothing(
    shopify: ShopifyShop, shopify_client: StoreClient
) -> None:
    shopify.orders[7] = order(7, test=True)

    found = [shopify_client.fetch_anew(subject) for subject in ("order/7", "order/8", "level/1/2", "note/1")]

    assert found == [None] * 4


@pytest.mark.parametrize("kind", ["orders", "products", "customers"])
def test_every_change_since_the_moment_comes_and_oldest_first(
    shopify: ShopifyShop, shopify_client: StoreClient, kind: Kind
) -> None:
    shelf = getattr(shopify, kind)
    for number in range(1, 601):
        shelf[number] = order(number, START + timedelta(minutes=number), variants=[])
    shelf[700] = order(700, SINCE - timedelta(seconds=1))
    shelf[701] = order(701, SINCE, closed_at=SINCE.isoformat())

    found = subjects(shopify_client, kind)

    wanted = [701, *range(1, 601)]
    assert list(dict.fromkeys(found)) == [f"{SHAPES[kind]}/{number}" for number in wanted]
    assert len(found) <= len(wanted) + 3


def test_orders_that_change_while_they_are_read_hide_no_other(
    shopify: ShopifyShop, shopify_client: StoreClient
) -> None:
    for number in range(1, 601):
        shopify.orders[number] = order(number, START + timedelta(minutes=number // 300))

    def change(asked: Asked) -> None:
        place = len(shopify.asked)
        shopify.orders[place] = order(place, START + timedelta(days=5, minutes=place))

    shopify.on_request = change

    assert set(subjects(shopify_client)) == {f"order/{number}" for number in range(1, 601)}


def test_call_limit_is_respected_before_and_after_the_store_says_so(
    shopify: ShopifyShop, shopify_client: StoreClient, pauses: Pauses
) -> None:
    shopify.bucket = 35
    for number in range(1, 61):
        shopify.orders[number] = order(number)

    found = [shopify_client.fetch_anew(f"order/{number}") for number in range(1, 61)]
    listed = subjects(shopify_client)

    assert (None in found, len(listed)) == (False, 60)
    assert 2.0 in pauses, "as long as Retry-After said"


def test_orders_that_the_app_may_not_see_are_not_left_out_silently(
    shopify: ShopifyShop, shopify_client: StoreClient
) -> None:
    shopify.scopes.remove("read_all_orders")
    old = Span(datetime.now(UTC) - timedelta(days=61))

    with pytest.raises(StoreRefuses, match="read_all_orders"):
        shopify_client.page("orders", old)

    assert shopify_client.page("orders", Span(datetime.now(UTC) - timedelta(days=59))).events == ()
    assert shopify_client.page("products", old).events == ()


def test_app_of_the_dev_dashboard_fetches_its_token_once(shopify: ShopifyShop, pauses: Pauses) -> None:
    access = StoreAccess(shopify.url, key=CLIENT_ID, secret=CLIENT_SECRET)
    shopify.orders[1] = order(1)

    with client_of(shopify, "shopify", access, pauses) as client:
        assert client.fetch_anew("order/1") is not None
        assert client.fetch_anew("order/1") is not None

    assert shopify.paths().count("/admin/oauth/access_token") == 1


def test_wrong_client_secret_is_said(shopify: ShopifyShop, pauses: Pauses) -> None:
    access = StoreAccess(shopify.url, key=CLIENT_ID, secret="wrong")

    with client_of(shopify, "shopify", access, pauses) as client, pytest.raises(StoreRefuses):
        client.fetch_anew("order/1")
