"""An office whose shop can be asked; one sandbox for all, a company of it for each test."""

from collections.abc import Iterator

import pytest

from ops.sandbox.testing import SandboxServer
from tests.ops.office import Office, open_office
from tests.rig.stores.woocommerce import KEY, SECRET, WooCommerceShop


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def woo() -> Iterator[WooCommerceShop]:
    with WooCommerceShop() as shop:
        yield shop


@pytest.fixture
def office(sandbox: SandboxServer, sqlite_url: str, woo: WooCommerceShop) -> Iterator[Office]:
    with open_office(sandbox, sqlite_url) as office:
        accounts = {row["Name"]: row["Id"] for row in office.objects("Account").values()}
        office.set(accounts={"stock_adjustments": accounts["Inventory Shrinkage"]})
        access = (f"store_url={woo.url}", f"store_key={KEY}", f"store_secret={SECRET}")
        office.run("connections", "set", "acme-woo", *access)
        yield office
