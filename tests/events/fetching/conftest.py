"""A shop of each kind on this machine, and a client of it that never really sleeps."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from events.fetching.http import StoreHttp
from events.fetching.registry import APIS
from events.fetching.store import StoreClient
from events.stores.api import StoreAccess
from events.stores.registry import PLATFORMS
from tests.rig.stores.server import FakeStore
from tests.rig.stores.shopify import TOKEN, ShopifyShop
from tests.rig.stores.woocommerce import KEY, SECRET, WooCommerceShop

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class Pauses(list[float]):
    """A ``sleep`` that writes down what it was asked for."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def woo() -> Iterator[WooCommerceShop]:
    with WooCommerceShop() as shop:
        yield shop


@pytest.fixture
def shopify() -> Iterator[ShopifyShop]:
    with ShopifyShop() as shop:
        yield shop


@pytest.fixture
def woo_client(woo: WooCommerceShop, pauses: Pauses) -> Iterator[StoreClient]:
    access = StoreAccess(woo.url, key=KEY, secret=SECRET)
    with client_of(woo, "woocommerce", access, pauses) as client:
        yield client


@pytest.fixture
def shopify_client(shopify: ShopifyShop, pauses: Pauses) -> Iterator[StoreClient]:
    with client_of(shopify, "shopify", StoreAccess(shopify.url, token=TOKEN), pauses) as client:
        yield client


def client_of(shop: FakeStore, platform: str, access: StoreAccess, pauses: Pauses) -> StoreClient:
    """A client; ``pauses`` learns how long it would have slept."""
    api = APIS[platform]
    return StoreClient(
        "acme",
        api=api,
        platform=PLATFORMS[platform],
        access=access,
        clock=lambda: NOW,
        http=StoreHttp(api.address(access), sleep=pauses, answer_seconds=5.0),
    )
