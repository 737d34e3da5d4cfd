"""What of a store's order or refund concerns this company's books: its currency (A52), and only its own taxes (A45)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeVar

from schemas.orders import (
    ChargeLine,
    Order,
    OrderAmounts,
    OrderLine,
    Refund,
    RefundAmounts,
    RefundLine,
    TaxShare,
    TaxTotal,
)
from workers.mapping.frame import Frame

ZERO = Decimal(0)
Part = TypeVar("Part", OrderLine, RefundLine, ChargeLine)
MarketplaceTaxes = frozenset[str]
"""Taxes of an order that only a marketplace owes."""


def order_as_booked(order: Order, frame: Frame) -> Order:
    """In the currency that the setting names, without tax that a marketplace remits, in total and payment too.

    What was taken out stays in ``taxes`` as one marked total.
    """
    if frame.settings.money == "presentment" and order.presentment is not None:
        order = order.model_copy(update=_amounts(order.presentment))
    left, removed = _without_marketplace_tax(order)
    if not removed:
        return order
    total = order.total - removed
    paid = total if order.payment == "paid" else min(order.amount_paid, total)
    return order.model_copy(update={**left, "total": total, "amount_paid": paid})


def refund_as_booked(refund: Refund, frame: Frame) -> Refund:
    """As ``order_as_booked``: the tax of a marketplace goes back through the marketplace."""
    if frame.settings.money == "presentment" and refund.presentment is not None:
        refund = refund.model_copy(update=_amounts(refund.presentment))
    left, removed = _without_marketplace_tax(refund)
    if not removed:
        return refund
    total = max(refund.total - removed, ZERO)
    return refund.model_copy(update={**left, "total": total, "store_credit": min(refund.store_credit, total)})


def marketplace_tax(taxes: Iterable[TaxTotal]) -> Decimal:
    """What ``order_as_booked`` took out."""
    return sum((tax.amount for tax in taxes if tax.marketplace_liable), ZERO)


def _amounts(seen: OrderAmounts | RefundAmounts) -> dict[str, Any]:
    return {name: getattr(seen, name) for name in type(seen).model_fields}


def _without_marketplace_tax(document: Order | Refund) -> tuple[dict[str, Any], Decimal]:
    """The fields that change, and how much tax they lose."""
    mine = {tax.tax for tax in document.taxes if not tax.marketplace_liable}
    theirs = frozenset(tax.tax for tax in document.taxes if tax.marketplace_liable) - mine
    parts: tuple[OrderLine | RefundLine | ChargeLine, ...] = (
        *document.lines,
        *document.shipping,
        *document.fees,
    )
    removed = sum((_liable(part.taxes, theirs) for part in parts), ZERO)
    if not removed:
        return {}, ZERO
    own = tuple(tax for tax in document.taxes if not tax.marketplace_liable)
    return {
        "lines": _own_lines(document, theirs),
        "shipping": tuple(_own(line, theirs) for line in document.shipping),
        "fees": tuple(_own(line, theirs) for line in document.fees),
        "taxes": (*own, TaxTotal(tax="marketplace", amount=removed, marketplace_liable=True)),
        "total_tax": document.total_tax - removed,
    }, removed


def _own_lines(document: Order | Refund, theirs: MarketplaceTaxes) -> tuple[OrderLine | RefundLine, ...]:
    if isinstance(document, Order):
        return tuple(_own(line, theirs) for line in document.lines)
    return tuple(_own(line, theirs) for line in document.lines)


def _own(part: Part, theirs: MarketplaceTaxes) -> Part:
    liable = _liable(part.taxes, theirs)
    if not liable:
        return part
    kept = tuple(share for share in part.taxes if not _is_theirs(share, theirs))
    return part.model_copy(update={"tax": part.tax - liable, "taxes": kept})


def _liable(shares: Iterable[TaxShare], theirs: MarketplaceTaxes) -> Decimal:
    return sum((share.amount for share in shares if _is_theirs(share, theirs)), ZERO)


def _is_theirs(share: TaxShare, theirs: MarketplaceTaxes) -> bool:
    """A sender that marks only the totals means all shares of that name."""
    return share.marketplace_liable or share.tax in theirs
