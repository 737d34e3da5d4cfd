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


@pytest.mark.parametrize("market", MARKETS, ids=[market.name for market in MARKETS])
def test_month_has_everything_in_it_that_happens_to_a_shop(market: Market) -> None:
    sales = Month(market, seed=20261001).sales(ORDERS)

    states = [state for sale in sales for state in sale.states]
    refunds = [refund for state in states for refund in state.refunds]
    happens = {
        "both platforms": len({sale.platform for sale in sales}) == 2,
        "every currency": len({sale.currency for sale in sales}) == 1 + len(market.rates),
        "no orders": any(not sale.real for sale in sales),
        "endings": {state.ending for state in states} == {"", "cancelled", "trashed"},
        "tips": any(state.tip for state in states),
        "cash rounding": any(state.cash_rounding for state in states),
        "gift cards redeemed": any(state.gift_cards for state in states)
        and any(sale.card_paid for sale in sales),
        "gift cards sold": any(line.gift_card for state in states for line in state.sold),
        "part payments": any(
            0 < sale.states[1].paid < sale.last.paid for sale in sales if len(sale.states) > 2
        ),
        "edits": any(len({len(state.sold) for state in sale.states}) > 1 for sale in sales),
        "credits": any(not refund.money for refund in refunds),
        "store credit": any(refund.store_credit for refund in refunds),
        "sums without lines": any(not refund.as_lines for refund in refunds),
    }
    assert [name for name, is_there in happens.items() if not is_there] == []


def test_one_order_that_is_missing_in_the_books_is_seen() -> None:
    market = MARKETS[0]
    sales = Month(market, seed=1).sales(10)
    shop = Shop(market)

    shop.book(deliveries(sales[1:], seed=7, swaps=False))

    assert compared(shop.moved(), market) != compared(balances(sales, market).of, market)
    assert compared(shop.moved(), market) == compared(balances(sales[1:], market).of, market)
