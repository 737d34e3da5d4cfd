"""The demo's Shopify shop, from its first webhook to its last: a check finds what failed, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from events.stores.webhook import Webhook
from ops.connections import replace_settings
from ops.demo.company import Bookkeeper, set_up_company
from ops.demo.shops.shop import Shop
from ops.demo.shops.shopify.shop import shopify_shop
from ops.sandbox.testing import SandboxServer
from schemas.connection import Connection
from schemas.envelope import Envelope
from tests.ops.check.conftest import kinds
from tests.ops.office import KEY, NAME, Office
from tests.rig.stores.shopify import TOKEN, ShopifyShop
from workers.ledger.connections import add_connection
from workers.ledger.engine import writing
from workers.secrets import Secrets

pytestmark = pytest.mark.slow

OPENED = datetime(2026, 10, 20, 9, 0, tzinfo=UTC)
SHOP = "lumen-shop"
EACH = 3
"""Every third order is enough: they are numbered kind by kind."""


@pytest.fixture
def shopify() -> Iterator[ShopifyShop]:
    with ShopifyShop() as shop:
        yield shop


@pytest.fixture
def office(sandbox: SandboxServer, sqlite_url: str) -> Iterator[Office]:
    office = Office(sandbox, sqlite_url)
    yield office
    office.close()


def connected(office: Office, story: Shop, shopify: ShopifyShop) -> None:
    """The shop's connection, with the settings and the company that the demo gives it."""
    setup = set_up_company(Bookkeeper(office.sandbox, office.realm_id), story, opened_on=OPENED.date())
    connection = Connection(connection_id=SHOP, platform="shopify", realm_id=office.realm_id)
    now = datetime.now(UTC)
    with writing(office.engine) as database:
        sealed = Secrets(KEY).seal({"webhook_secrets": [story.secret]})
        add_connection(database, connection, secrets=sealed, now=now)
    replace_settings(office.engine, SHOP, {**setup.settings, "document": "invoice"}, now=now)
    office.run("connections", "set", SHOP, f"store_url={shopify.url}", f"store_token={TOKEN}")


def happened(story: Shop, shopify: ShopifyShop) -> Iterator[Envelope]:
    """Order events in the order of the store's clock; the shop remembers each order as it was last."""
    some = [one for one in story.deliveries if one.about.isdigit() and int(one.about) % EACH == 0]
    for delivery in sorted(some, key=lambda one: one.at):
        headers = {name.lower(): value for name, value in delivery.headers.items()}
        try:
            events = PLATFORMS["shopify"].read(Webhook(SHOP, headers, delivery.body, delivery.at))
        except Unreadable:
            continue
        body: Any = json.loads(delivery.body) if delivery.expect == 200 else {}
        if "line_items" in body and headers["x-shopify-topic"].startswith("orders/"):
            before = shopify.orders.get(body["id"], body)
            shopify.orders[body["id"]] = max(before, body, key=lambda one: str(one["updated_at"]))
        if delivery.expect == 200:
            yield from (event for event in events if event.workflow == "orders")


def test_whole_shop_is_clean_but_for_what_waits_for_a_person(office: Office, shopify: ShopifyShop) -> None:
    story = shopify_shop(seed=6, opened_at=OPENED, connection=SHOP)
    connected(office, story, shopify)
    for event in happened(story, shopify):
        office.deliver(event.model_dump(mode="json"))

    report = office.json("check", SHOP, code=1)
    failed = {one["subject"] for one in office.json("errors", "list", "--connection", SHOP)}
    untouched = office.json("check", NAME, "--without-store")

    assert set(kinds(report)) == {("missing_in_ledger", subject) for subject in failed}
    assert all("It failed: " in one["message"] for one in report["findings"])
    assert failed
    assert {one["difference"] for one in report["clearing_accounts"]} == {"0.00"}
    assert report["compared"]["ledger_documents"] == report["compared"]["quickbooks_documents"] > 30
    assert untouched["compared"]["ledger_documents"] == 0
