"""A shop and a company that nobody has connected the names of yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ops.sandbox.testing import SandboxServer
from tests.ops.check.conftest import NOON, ShopOffice
from tests.ops.office import NAME, open_office
from tests.rig.stores.woocommerce import WooCommerceShop

MOMENT = f"{NOON:%Y-%m-%dT%H:%M:%S}"
ANN = {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.com"}


class MatchingShop(ShopOffice):
    """``match`` is what the command says as JSON; ``line`` one of its lines."""

    def customer(self, number: int, first: str, last: str, email: str) -> None:
        """The shop has an account."""
        self.shop.customers[number] = {
            "id": number,
            "email": email,
            "first_name": first,
            "last_name": last,
            "date_modified_gmt": MOMENT,
        }

    def product(self, number: int, name: str, sku: str) -> None:
        """The shop sells this."""
        self.shop.products[number] = {
            "id": number, "name": name, "sku": sku, "type": "simple", "status": "publish", "date_modified_gmt": MOMENT,
        }  # fmt: skip

    def item(self, name: str, sku: str = "") -> str:
        """QuickBooks has this item; its id."""
        income = next(
            row["Id"] for row in self.office.objects("Account").values() if row["AccountType"] == "Income"
        )
        new = {"Name": name, "Type": "NonInventory", "IncomeAccountRef": {"value": income}}
        return str(self.office.write("Item", "create", {**new, **({"Sku": sku} if sku else {})})["Id"])

    def person(self, name: str, email: str = "") -> str:
        """QuickBooks has this customer; its id."""
        new = {"DisplayName": name, **({"PrimaryEmailAddr": {"Address": email}} if email else {})}
        return str(self.office.write("Customer", "create", new)["Id"])

    def match(self, *words: str, code: int = 0) -> Any:
        """What ``connections match`` says as JSON."""
        return self.office.json("connections", "match", NAME, *words, code=code)

    def line(self, kind: str, key: str) -> dict[str, Any]:
        """One line of the report."""
        (found,) = [one for one in self.match()["matches"] if (one["kind"], one["key"]) == (kind, key)]
        assert isinstance(found, dict)
        return found


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def shop(sandbox: SandboxServer, sqlite_url: str) -> Iterator[MatchingShop]:
    with WooCommerceShop() as woo, open_office(sandbox, sqlite_url) as office:
        shop = MatchingShop(office, woo)
        office.set(customers="per_email", unknown_product="stop")
        yield shop
