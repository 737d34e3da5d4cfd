"""Shopify's two ways to write an amount. Flat fields and ``shop_money`` are in the shop's own currency."""

from decimal import Decimal

from events.stores.reading import ZERO, Row, amount, amount_or_none, part, text


def shop_amount(row: Row, key: str) -> Decimal:
    """``<key>_set.shop_money`` where it is there, else the flat field.

    Refund lines write their flat sums as JSON numbers; the set has them as text.
    """
    found = amount_or_none(part(part(row, f"{key}_set"), "shop_money"), "amount")
    return amount(row, key) if found is None else found


def set_amount(row: Row, key: str) -> Decimal:
    """The shop's own currency of a ``…_set`` field; zero where it is null."""
    return amount(part(part(row, key), "shop_money"), "amount")


def shop_currency(row: Row, key: str) -> str:
    """The currency of a ``…_set`` field; "" where it does not say."""
    shop = part(part(row, f"{key}_set"), "shop_money")
    return text(shop, "currency_code") or text(shop, "currency")


def total_of(rows: list[Row], key: str) -> Decimal:
    """The sum of one flat field over some rows."""
    return sum((amount(row, key) for row in rows), ZERO)
