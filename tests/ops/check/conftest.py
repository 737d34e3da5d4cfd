"""An office whose connection may read a shop on this machine, and a clearing account of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from events.stores.registry import PLATFORMS
from events.stores.webhook import Webhook
from ops.sandbox.testing import SandboxServer
from tests.ops.office import NAME, Office, open_office
from tests.rig.stores.woocommerce import KEY, SECRET, WooCommerceShop

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class ShopOffice:
    """``office`` books what ``shop`` sells. ``clearing``: the account that all its money goes to."""

    def __init__(self, office: Office, shop: WooCommerceShop) -> None:
        self.office, self.shop = office, shop
        account = {"Name": "Stripe clearing", "AccountType": "Other Current Asset"}
        self.clearing = str(office.write("Account", "create", account)["Id"])
        office.set(accounts={"deposit": self.clearing})
        access = (f"store_url={shop.url}", f"store_key={KEY}", f"store_secret={SECRET}")
        office.run("connections", "set", NAME, *access)

    def sell(
        self, number: int, *, at: datetime = NOON, total: str = "10.00", **changes: Any
    ) -> dict[str, Any]:
        """The shop has this order, and tells nobody."""
        body = {
            "id": number,
            "number": str(number),
            "status": "processing",
            "currency": "USD",
            "date_created_gmt": f"{at:%Y-%m-%dT%H:%M:%S}",
            "date_modified_gmt": f"{at:%Y-%m-%dT%H:%M:%S}",
            "date_paid_gmt": f"{at:%Y-%m-%dT%H:%M:%S}",
            "payment_method": "stripe",
            "total": total,
            "total_tax": "0.00",
            "line_items": [{"id": 1, "name": "Mug", "quantity": 1, "subtotal": total, "total": total}],
            "refunds": [],
            **changes,
        }
        self.shop.orders[number] = body
        return body

    def refund(self, number: int, refund_id: int, total: str, *, at: datetime) -> dict[str, Any]:
        """The shop gives back a part of an order."""
        moment = f"{at:%Y-%m-%dT%H:%M:%S}"
        body = self.shop.orders[number]
        body["refunds"] = [*body["refunds"], {"id": refund_id, "reason": "", "total": f"-{total}"}]
        body["date_modified_gmt"] = moment
        row = {
            "id": refund_id,
            "date_created_gmt": moment,
            "amount": total,
            "reason": "",
            "refunded_payment": True,
            "line_items": [
                {"id": 90 + refund_id, "name": "Mug", "quantity": 0, "subtotal": f"-{total}", "total": f"-{total}",
                 "meta_data": [{"key": "_refunded_item_id", "value": "1"}]}
            ],
        }  # fmt: skip
        self.shop.refunds.setdefault(number, []).append(row)
        return body

    def book(self, *numbers: int) -> None:
        """The shop's webhooks come, and a worker carries them out."""
        for number in numbers:
            body = orjson.dumps(self.shop.orders[number])
            told = Webhook(NAME, {"x-wc-webhook-topic": "order.updated"}, body, NOON + timedelta(days=1))
            for event in PLATFORMS["woocommerce"].read(told):
                self.office.deliver(event.model_dump(mode="json"))

    def check(self, *words: str, code: int = 0) -> Any:
        """What ``counterfoil check`` says as JSON."""
        return self.office.json("check", NAME, *words, code=code)

    def document(self, number: str, entity: str = "SalesReceipt") -> dict[str, Any]:
        """One of ours in QuickBooks."""
        (found,) = [row for row in self.office.documents(entity) if row.get("DocNumber") == number]
        plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
        return plain

    def change(self, entity: str, row: dict[str, Any], **fields: Any) -> None:
        """A bookkeeper changes a document in QuickBooks."""
        key = {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True}
        self.office.write(entity, "update", {**key, **fields})


def kinds(report: Any) -> list[tuple[str, str]]:
    """What was found, and about what."""
    return [(one["kind"], one["subject"]) for one in report["findings"]]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def shop(sandbox: SandboxServer, sqlite_url: str) -> Iterator[ShopOffice]:
    with WooCommerceShop() as woo, open_office(sandbox, sqlite_url) as office:
        yield ShopOffice(office, woo)
