"""A month of a shop through the real converters and workflow functions: the books hold what the shop did."""

from decimal import Decimal

import pytest

from tests.workers.month.deliveries import deliveries
from tests.workers.month.facts import Sale
from tests.workers.month.generator import Month
from tests.workers.month.markets import MARKETS, Market
from tests.workers.month.papers import balances
from tests.workers.month.shop import Shop

ORDERS = 500
"""In each company: 2,000 in all."""

REVENUE = ("sales", "shipping", "fees", "adjustments", "revenue")
"""Where prices hold their tax, QuickBooks itself splits a document's net over its lines."""


def compared(found: dict[str, Decimal], market: Market) -> dict[str, Decimal]:
    """Only what is not zero."""
    merged: dict[str, Decimal] = {}
    for name, amount in found.items():
        name = "revenue" if market.inclusive and name in REVENUE else name
        merged[name] = merged.get(name, Decimal(0)) + amount
    return {name: amount for name, amount in merged.items() if amount}


@pytest.mark.slow
@pytest.mark.parametrize("market", MARKETS, ids=[market.name for market in MARKETS])
def test_month_of_a_shop_is_in_the_books_to_the_cent(market: Market) -> None:
    sales: list[Sale] = Month(market, seed=20261001).sales(ORDERS)
    shop = Shop(market)

    shop.book(deliveries(sales, seed=7, swaps=not market.rates))

    assert compared(shop.moved(), market) == compared(balances(sales, market).of, market)
    debits, credits_ = shop.trial_balance()
    assert debits == credits_ > 0
