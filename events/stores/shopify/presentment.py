"""The same body in the currency that the buyer saw: Shopify writes that one beside each amount of the shop's own.

Source: shopify.dev, "Order" (REST): every ``…_set`` has ``shop_money`` and ``presentment_money``.
"""

from decimal import ROUND_HALF_UP, Decimal

from events.stores.reading import FINEST, ZERO, Row, amount, amount_or_none, part, rows, text
from events.stores.shares import CENT
from schemas.orders import StoreRate

AMOUNTS = frozenset(
    {
        "amount", "price", "subtotal", "subtotal_price", "tax_amount", "total_discount", "total_discounts",
        "total_outstanding", "total_price", "total_tax", "total_tip_received",
    }
)  # fmt: skip
"""Amounts that some API versions write in the shop's currency only, without a set beside them."""

OF_THEIR_OWN = frozenset({"transactions"})
"""Name the currency of their amounts themselves."""


def seen_currency(body: Row, total: str) -> str:
    """The buyer's currency where it is another one than that of ``total``'s set; else ""."""
    both = part(body, f"{total}_set")
    shop, seen = _currency(part(both, "shop_money")), _currency(part(both, "presentment_money"))
    return seen if seen and seen != shop else ""


def refund_currency(body: Row) -> str:
    """As ``seen_currency``, for a refund alone, which names its currencies only on its lines."""
    for row, total in (
        *((row, "subtotal") for row in rows(body, "refund_line_items")),
        *((row, "amount") for row in rows(body, "order_adjustments")),
    ):
        if found := seen_currency(row, total):
            return found
    return ""


def store_rate(body: Row, shop_currency: str) -> StoreRate | None:
    """What Shopify charged for one unit of the buyer's currency; None where the order cost nothing."""
    both = part(body, "total_price_set")
    shop = amount(part(both, "shop_money"), "amount")
    seen = amount(part(both, "presentment_money"), "amount")
    if not shop or not seen:
        return None
    return StoreRate(rate=(shop / seen).quantize(FINEST, rounding=ROUND_HALF_UP), into=shop_currency)


def as_seen(body: Row, currency: str) -> Row:
    """The body with the buyer's amounts in all places. What is only written in the shop's currency is converted."""
    rate = store_rate(body, currency)
    return {**_object_as_seen(body, rate.rate if rate is not None else None), "currency": currency}


def _as_seen(value: object, rate: Decimal | None) -> object:
    if isinstance(value, list):
        return [_as_seen(one, rate) for one in value]
    return _object_as_seen(value, rate) if isinstance(value, dict) else value


def _object_as_seen(row: Row, rate: Decimal | None) -> dict[str, object]:
    found = {name: inner if name in OF_THEIR_OWN else _as_seen(inner, rate) for name, inner in row.items()}
    for name in row:
        money = part(part(row, name), "presentment_money") if name.endswith("_set") else {}
        if "amount" in money:
            found[name] = {"shop_money": money, "presentment_money": money}
            if name.removesuffix("_set") in row:
                found[name.removesuffix("_set")] = money["amount"]
        elif name in AMOUNTS and rate and f"{name}_set" not in row and (shop := amount_or_none(row, name)):
            found[name] = str((shop / rate).quantize(CENT, rounding=ROUND_HALF_UP))
    return found


def _currency(money: Row) -> str:
    return text(money, "currency_code") or text(money, "currency")


def share_of(part_: Decimal, whole: Decimal, total: Decimal) -> Decimal:
    """``part_`` of ``whole`` as an amount of ``total``, which may be in another currency."""
    return (total * part_ / whole).quantize(CENT, rounding=ROUND_HALF_UP) if whole else ZERO
