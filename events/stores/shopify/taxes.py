"""Shopify's tax lines: a title, a rate and an amount, on every line and once more for the whole order."""

from collections.abc import Iterable
from decimal import Decimal

from events.stores.reading import ZERO, Row, amount, amount_or_none, rows, text
from events.stores.shares import merged_shares, spread, tax_key, totals_of
from schemas.orders import TaxShare, TaxTotal

UNNAMED_TAX = "tax"


def shares(line: Row) -> tuple[TaxShare, ...]:
    """The taxes of one line."""
    return merged_shares(
        TaxShare(tax=_key(tax), amount=amount(tax, "price"), marketplace_liable=_is_liable(tax))
        for tax in rows(line, "tax_lines")
    )


def tax_of(taxes: Iterable[TaxShare]) -> Decimal:
    """Their sum."""
    return sum((share.amount for share in taxes), ZERO)


def shares_of(tax: Decimal, line: Row) -> tuple[TaxShare, ...]:
    """``tax`` split over the taxes of ``line`` (a refunded part of it), so that the parts add up."""
    of_line = shares(line)
    weights = [share.amount for share in of_line]
    if not tax or not any(weights):
        return (TaxShare(tax=of_line[0].tax if of_line else UNNAMED_TAX, amount=tax),) if tax else ()
    return tuple(
        share.model_copy(update={"amount": part})
        for share, part in zip(of_line, spread(tax, weights), strict=True)
    )


def totals(order: Row, charged: Iterable[TaxShare]) -> tuple[TaxTotal, ...]:
    """Each tax over the whole order; ``channel_liable``: the marketplace remits it, the merchant does not."""
    found: dict[tuple[str, bool], TaxTotal] = {}
    for tax in rows(order, "tax_lines"):
        key = (_key(tax), _is_liable(tax))
        before = found[key].amount if key in found else ZERO
        found[key] = TaxTotal(
            tax=key[0],
            amount=before + amount(tax, "price"),
            percent=_percent(tax),
            marketplace_liable=key[1],
        )
    return tuple(found.values()) or totals_of(charged)


def _is_liable(tax: Row) -> bool:
    """``channel_liable``: the channel that sold it remits it. Source: shopify.dev, "Order" (REST), tax_lines."""
    return tax.get("channel_liable") is True


def _key(tax: Row) -> str:
    return tax_key(text(tax, "title") or UNNAMED_TAX, _percent(tax))


def _percent(tax: Row) -> Decimal | None:
    rate = amount_or_none(tax, "rate")
    return None if rate is None else (rate * 100).normalize() + ZERO
