"""A whole shop's webhooks, carried out against a sandbox company: its books say what the shop says."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from events.stores.platform import Unreadable
from events.stores.registry import PLATFORMS
from events.stores.webhook import Webhook
from ops.demo.shops.shop import Shop
from ops.demo.shops.shopify.shop import shopify_shop
from ops.demo.shops.woocommerce.shop import woocommerce_shop
from schemas.envelope import Envelope
from schemas.event_types import EVENT_TYPES
from tests.workers.play import Play, percents, played
from workers.errors import NeedsAttention, WaitsForSale

OPENED_AT = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
INCOME, ASSET, COST = "79", "81", "80"
ZERO = Decimal(0)


def events_of(shop: Shop) -> list[Envelope]:
    """Each event once, as it arrives."""
    found: dict[str, Envelope] = {}
    for one in shop.deliveries:
        headers = {name.lower(): value for name, value in one.headers.items()}
        webhook = Webhook(shop.connection, headers, one.body, one.at)
        if one.expect != 200:
            continue
        try:
            for event in PLATFORMS[shop.platform].read(webhook):
                found.setdefault(event.id, event)
        except Unreadable:
            continue
    return list(found.values())


def set_up(shop: Shop) -> Play:
    """A company with the shop's items, customers and home tax, and the connection's settings."""
    play = played(unknown_customer=shop.unknown_customer)
    for ware in shop.wares:
        play.books.create("Item", item(ware.sku, ware.name, stock=ware.stock))
    for person in shop.customers:
        name = {"GivenName": person.first_name, "FamilyName": person.last_name}
        email = {"PrimaryEmailAddr": {"Address": person.email}}
        play.books.create(
            "Customer", {"DisplayName": f"{person.first_name} {person.last_name}", **name, **email}
        )
    map_tax(play, shop.tax.key, shop.tax.percent)
    return play


def item(sku: str, name: str, *, stock: int) -> dict[str, Any]:
    return {
        "Name": name,
        "Sku": sku,
        "Type": "Inventory",
        "TrackQtyOnHand": True,
        "QtyOnHand": stock,
        "InvStartDate": "2026-10-01",
        "IncomeAccountRef": {"value": INCOME},
        "AssetAccountRef": {"value": ASSET},
        "ExpenseAccountRef": {"value": COST},
    }


def map_tax(play: Play, key: str, percent: Decimal) -> None:
    rate = {"TaxRateName": key, "RateValue": str(percent), "TaxAgencyId": "1", "TaxApplicableOn": "Sales"}
    code = play.books.create("TaxService", {"TaxCode": key, "TaxRateDetails": [rate]})
    play.set(taxes={key: str(code["TaxCodeId"])})
    play.company = replace(play.company, tax_percent=percents(play.books))


def carry_out(play: Play, events: Iterable[Envelope]) -> list[tuple[Envelope, NeedsAttention]]:
    """Run each event; a refund that waits for its sale is tried once more. Returns what needs a person."""
    failed, waiting = [], []
    for event in events:
        payload = EVENT_TYPES[event.type].model_validate_json(json.dumps(event.data))
        try:
            play.run(event.type, payload, time=event.time, event_id=event.id)
        except WaitsForSale:
            waiting.append(event)
        except NeedsAttention as error:
            failed.append((event, error))
    return failed + (carry_out(play, waiting) if waiting else [])


def booked(play: Play) -> dict[str, tuple[Decimal, Decimal]]:
    """Sales less refunds, and what is still open, for each order number."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for entity, sign in (("SalesReceipt", 1), ("Invoice", 1), ("RefundReceipt", -1), ("CreditMemo", -1)):
        for document in play.all(entity):
            number = str(document["DocNumber"]).partition("-")[0]
            net, still_open = found.get(number, (ZERO, ZERO))
            net += sign * Decimal(str(document["TotalAmt"]))
            still_open += sign * Decimal(str(document.get("Balance", 0)))
            found[number] = (net, still_open)
    return found


def reasons(failed: list[tuple[Envelope, NeedsAttention]]) -> Counter[str]:
    return Counter(error.reason for _, error in failed)


@pytest.mark.parametrize("make", [woocommerce_shop, shopify_shop], ids=["woocommerce", "shopify"])
def test_books_equal_the_shop_s_to_the_cent_once_its_troubles_are_repaired(make: Callable[..., Shop]) -> None:
    shop = make(seed=7, opened_at=OPENED_AT)
    play = set_up(shop)

    failed = carry_out(play, events_of(shop))
    map_tax(play, shop.foreign_tax.key, shop.foreign_tax.percent)
    play.set(unknown_customer="create")
    play.books.create(
        "Item", item(shop.unknown_ware.sku, shop.unknown_ware.name, stock=shop.unknown_ware.stock)
    )
    left = carry_out(play, [event for event, _ in failed])

    strangers = {"customer_unknown": 1} if shop.stranger else {}
    assert reasons(failed) == {"tax_code_unmapped": 4, "product_unknown": 1, **strangers}
    assert left == []
    books = booked(play)
    for number, expected in shop.books.orders.items():
        assert books.get(number, (ZERO, ZERO)) == (expected.net, expected.open_balance), expected
    assert set(books) <= set(shop.books.orders)


@pytest.mark.parametrize("make", [woocommerce_shop, shopify_shop], ids=["woocommerce", "shopify"])
def test_counted_stock_is_what_quickbooks_has(make: Callable[..., Shop]) -> None:
    shop = make(seed=7, opened_at=OPENED_AT)
    play = set_up(shop)

    carry_out(play, events_of(shop))

    rows = play.books.query("select * from Item maxresults 1000")["Item"]
    stock = {row["Sku"]: row["QtyOnHand"] for row in rows if row.get("Sku") in shop.stock}
    assert stock == shop.stock
