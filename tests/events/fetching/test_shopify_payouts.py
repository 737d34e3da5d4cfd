"""Payouts asked of Shopify's API: each once with all its transactions, oldest first, from the day that is wanted."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from events.fetching.store import StoreClient
from events.stores.api import Span, StoreRefuses
from events.stores.shopify.payout_pages import LATE
from tests.events.fetching.conftest import Pauses
from tests.rig.stores.server import Said
from tests.rig.stores.shopify import ShopifyShop

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
"""The fake shop's clock is the machine's, as a shop's own is."""


def paid(
    number: int, day: date, *charges: str, status: str = "paid"
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A payout of some charges, each with a fee of 0.10."""
    rows = [
        {"id": number * 1000 + place, "type": "charge", "payout_id": number, "currency": "USD", "amount": amount,
         "fee": "0.10", "source_order_id": place}
        for place, amount in enumerate(charges, start=1)
    ]  # fmt: skip
    total = sum(int(amount.replace(".", "")) - 10 for amount in charges)
    payout = {"id": number, "status": status, "date": day.isoformat(), "currency": "USD"}
    return {**payout, "amount": f"{total / 100:.2f}"}, rows


def add(shop: ShopifyShop, number: int, at: datetime, *charges: str, status: str = "paid") -> None:
    """The gateway makes a payout."""
    assert shop.payouts is not None
    shop.payouts[number], rows = paid(number, at.date(), *(charges or ("10.00",)), status=status)
    shop.transactions += rows


def subjects(client: StoreClient, since: datetime, until: datetime | None = None) -> list[str]:
    pages = client.pages("payouts", Span(since, until))
    return [event.subject for page in pages for event in page.events]


def test_every_payout_comes_once_and_oldest_first(shopify: ShopifyShop, shopify_client: StoreClient) -> None:
    since = TODAY - timedelta(days=100)
    for number in range(1, 71):
        add(shopify, number, since + timedelta(days=number))
    add(shopify, 99, since - LATE - timedelta(days=1))

    found = subjects(shopify_client, since)

    assert found == [f"payout/{number}" for number in range(1, 71)]


def test_payout_that_was_paid_days_after_its_date_is_read_too(
    shopify: ShopifyShop, shopify_client: StoreClient
) -> None:
    add(shopify, 1, TODAY - timedelta(days=5))

    assert subjects(shopify_client, TODAY - timedelta(hours=6)) == ["payout/1"]


def test_payout_has_all_its_transactions(shopify: ShopifyShop, shopify_client: StoreClient) -> None:
    add(shopify, 1, TODAY, *["1.00"] * 260)

    found = shopify_client.fetch_anew("payout/1")

    assert found is not None and len(found.data["parts"]) == 260
    (listed,) = (event for page in shopify_client.pages("payouts", Span(TODAY)) for event in page.events)
    assert (listed.id, listed.data) == (found.id, found.data)


def test_reading_ends_where_it_was_told(shopify: ShopifyShop, shopify_client: StoreClient) -> None:
    begin = TODAY - timedelta(days=200)
    for number, days in ((1, 1), (2, 9), (3, 40)):
        add(shopify, number, begin + timedelta(days=days))

    assert subjects(shopify_client, begin, begin + timedelta(days=10)) == ["payout/1", "payout/2"]
    assert subjects(shopify_client, begin, begin + timedelta(days=9)) == ["payout/1"]


def test_what_is_on_its_way_or_gone_gives_nothing(shopify: ShopifyShop, shopify_client: StoreClient) -> None:
    add(shopify, 1, TODAY, status="in_transit")

    assert subjects(shopify_client, TODAY) == []
    assert [shopify_client.fetch_anew(one) for one in ("payout/1", "payout/9", "payout/x")] == [None] * 3


def test_shop_without_shopify_payments_has_no_payouts(
    shopify: ShopifyShop, shopify_client: StoreClient
) -> None:
    shopify.payouts = None

    assert subjects(shopify_client, TODAY) == []


def test_app_that_may_not_see_payouts_is_told_which_scope(
    shopify: ShopifyShop, shopify_client: StoreClient
) -> None:
    shopify.scopes.remove("read_shopify_payments_payouts")

    with pytest.raises(StoreRefuses, match="read_shopify_payments_payouts"):
        subjects(shopify_client, TODAY)


def test_reading_that_stopped_goes_on_in_its_window(
    shopify: ShopifyShop, shopify_client: StoreClient, pauses: Pauses
) -> None:
    since = TODAY - timedelta(days=60)
    for number in range(1, 121):
        add(shopify, number, since + timedelta(days=number % 4))
    first = shopify_client.page("payouts", Span(since))
    second = shopify_client.page("payouts", Span(since), first.cursor)
    shopify.fail(Said({}, 502))

    rest = list(shopify_client.pages("payouts", Span(since), second.cursor))

    found = [event.subject for page in (first, second, *rest) for event in page.events]
    assert sorted(found) == sorted(f"payout/{number}" for number in range(1, 121))
    assert pauses, "it was asked again"
