"""The QuickBooks company of a shop, set up as its bookkeeper would before the first webhook comes. Over HTTP."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import urllib3

from ops.demo.shops.shop import PURPOSES, Shop
from ops.sandbox.http.exact_json import read_object, write_json
from ops.sandbox.testing import SandboxServer

Json = dict[str, Any]
BATCH = 30


class CompanyRefused(RuntimeError):
    """QuickBooks did not take what the set-up needs; the text is its answer."""


class Bookkeeper:
    """Somebody with access to one company: creates and reads over the company's own API."""

    def __init__(self, sandbox: SandboxServer, realm_id: str) -> None:
        self._url = sandbox.company_url(realm_id)
        self._token = sandbox.access_token()
        self._http = urllib3.PoolManager(retries=False, timeout=30.0)

    def create_all(self, entity: str, documents: Iterable[Json]) -> list[Json]:
        """Create several of one entity, 30 at a time; in the order given."""
        wanted = list(documents)
        made: list[Json] = []
        for start in range(0, len(wanted), BATCH):
            items = [
                {"bId": str(number), "operation": "create", entity: document}
                for number, document in enumerate(wanted[start : start + BATCH])
            ]
            answer = self.post("batch", {"BatchItemRequest": items})
            found = {item["bId"]: item.get(entity) or item for item in answer["BatchItemResponse"]}
            made.extend(found[item["bId"]] for item in items)
        refused = [document for document in made if "Id" not in document]
        if refused:
            raise CompanyRefused(f"{entity}: {refused[0]}")
        return made

    def post(self, path: str, body: Json) -> Json:
        """One POST to the company's API."""
        return self._send("POST", path, write_json(body), "application/json")

    def query(self, statement: str) -> list[Json]:
        """The rows of a query."""
        answer = self._send("POST", "query", statement.encode(), "application/text")
        return next((rows for rows in answer["QueryResponse"].values() if isinstance(rows, list)), [])

    def _send(self, method: str, path: str, body: bytes, content_type: str) -> Json:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": content_type,
            "Accept": "application/json",
        }
        answer = self._http.request(method, f"{self._url}/{path}", body=body, headers=headers)
        if answer.status != 200:
            raise CompanyRefused(f"{path}: {answer.status} {answer.data.decode()[:500]}")
        return read_object(answer.data)


@dataclass(frozen=True, slots=True)
class SetUp:
    """What the connection's settings must name, and the tax code that the operator will map later."""

    settings: Json
    foreign_tax_code: str


def set_up_company(bookkeeper: Bookkeeper, shop: Shop, *, opened_on: date) -> SetUp:
    """Create the shop's products, customers, taxes and accounts; gives the settings that fit."""
    accounts = {row["Name"]: row["Id"] for row in bookkeeper.query("select * from Account maxresults 1000")}
    named = {kind: _account(accounts, *names) for kind, names in _ACCOUNTS.items()}
    clearing = bookkeeper.create_all(
        "Account",
        ({"Name": f"{gateway} clearing", "AccountType": "Other Current Asset"} for gateway in shop.gateways),
    )
    tips = bookkeeper.create_all(
        "Account",
        (
            {"Name": "Tips and gift cards owed", "AccountType": "Other Current Liability"},
            {
                "Name": "Discounts of the shop",
                "AccountType": "Income",
                "AccountSubType": "DiscountsRefundsGiven",
            },
        ),
    )
    methods = bookkeeper.create_all("PaymentMethod", ({"Name": gateway} for gateway in shop.gateways))
    items = bookkeeper.create_all(
        "Item",
        (
            {
                "Name": f"Shop {purpose}".replace("_", " "),
                "Type": "Service",
                "IncomeAccountRef": {
                    "value": tips[0]["Id"] if purpose in ("tip", "gift_card") else named["income"]
                },
            }
            for purpose in PURPOSES
        ),
    )
    bookkeeper.create_all("Item", (_ware_item(ware, named, opened_on) for ware in shop.wares))
    bookkeeper.create_all("Customer", (_customer(person) for person in shop.customers))
    settings: Json = {
        "number_prefix": "",
        "unknown_customer": shop.unknown_customer,
        "accounts": {
            "deposit": named["undeposited"],
            "clearing": {g: account["Id"] for g, account in zip(shop.gateways, clearing, strict=True)},
            "discounts": tips[1]["Id"],
            "income": named["income"],
            "expense": named["expense"],
            "asset": named["asset"],
            "stock_adjustments": named["shrinkage"],
        },
        "items": {purpose: item["Id"] for purpose, item in zip(PURPOSES, items, strict=True)},
        "payment_methods": {g: method["Id"] for g, method in zip(shop.gateways, methods, strict=True)},
        "stock": "follow",
        "taxes": {shop.tax.key: _tax_code(bookkeeper, shop.tax.name, str(shop.tax.percent))},
    }
    foreign = _tax_code(bookkeeper, shop.foreign_tax.name, str(shop.foreign_tax.percent))
    return SetUp(settings, foreign)


_ACCOUNTS = {
    "income": ("Sales of Product Income",),
    "expense": ("Cost of Goods Sold",),
    "asset": ("Inventory Asset",),
    "undeposited": ("Undeposited Funds",),
    "shrinkage": ("Inventory Shrinkage", "Cost of Goods Sold"),
}


def _account(accounts: dict[str, str], *names: str) -> str:
    found = next((accounts[name] for name in names if name in accounts), None)
    if found is None:
        raise CompanyRefused(f"The company has no account {names[0]}.")
    return found


def _tax_code(bookkeeper: Bookkeeper, name: str, percent: str) -> str:
    agency = bookkeeper.create_all("TaxAgency", ({"DisplayName": f"{name} agency"},))[0]["Id"]
    rate = {
        "TaxRateName": f"{name} {percent}%",
        "RateValue": percent,
        "TaxAgencyId": agency,
        "TaxApplicableOn": "Sales",
    }
    made = bookkeeper.post("taxservice/taxcode", {"TaxCode": name, "TaxRateDetails": [rate]})
    return str(made["TaxCodeId"])


def _ware_item(ware: Any, named: dict[str, str], opened_on: date) -> Json:
    return {
        "Name": ware.name,
        "Sku": ware.sku,
        "Type": "Inventory",
        "TrackQtyOnHand": True,
        "QtyOnHand": ware.stock,
        "InvStartDate": opened_on.isoformat(),
        "UnitPrice": ware.price,
        "IncomeAccountRef": {"value": named["income"]},
        "ExpenseAccountRef": {"value": named["expense"]},
        "AssetAccountRef": {"value": named["asset"]},
        "Taxable": True,
    }


def _customer(person: Any) -> Json:
    return {
        "DisplayName": f"{person.first_name} {person.last_name}",
        "GivenName": person.first_name,
        "FamilyName": person.last_name,
        "PrimaryEmailAddr": {"Address": person.email},
    }
