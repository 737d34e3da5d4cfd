"""What a Shopify order says of its payment: a status, what is outstanding, and the gateways' names."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from events.stores.reading import ZERO, Row, amount_or_none, moment, part, rows_or_nothing, text
from schemas.orders import PaymentMethod, PaymentState

MONEY_CAME = frozenset({"paid", "partially_paid", "partially_refunded", "refunded"})
"""Financial statuses in which money was captured; an authorization is no money."""

STORE_CREDIT = frozenset({"gift_card", "shopify_store_credit", "store_credit"})
"""Gateways that are no money: what they give back the shop owes to the buyer from then on."""


@dataclass(frozen=True, slots=True)
class Paid:
    """How much of the order's total was received, refunds not taken off."""

    state: PaymentState
    amount: Decimal


def paid(order: Row, total: Decimal, credited: Decimal) -> Paid:
    """Read the payment. ``credited`` is what was taken off the order without money (a removed line):
    it is no longer outstanding, and nobody paid it either.
    """
    status = text(order, "financial_status")
    if status not in MONEY_CAME:
        return Paid("unpaid", ZERO)
    outstanding = amount_or_none(order, "total_outstanding")
    if outstanding is None:
        # Old API versions do not say how much: without it, part of an order cannot be booked as paid.
        return Paid("unpaid", ZERO) if status == "partially_paid" else Paid("paid", total)
    received = min(max(total - outstanding - credited, ZERO), total)
    if received >= total:
        return Paid("paid", total)
    return Paid("part_paid" if received else "unpaid", received)


def due_at(order: Row) -> datetime | None:
    """The last day of the payment terms; None where nothing was agreed on."""
    days = [
        moment(row, "due_at") for row in rows_or_nothing(part(order, "payment_terms"), "payment_schedules")
    ]
    return max((day for day in days if day is not None), default=None)


def payment_method(order: Row) -> PaymentMethod:
    """The gateway that money came through, which is not a gift card beside it; ``title`` names them all.

    How much came through which only the transactions say.
    """
    listed = order.get("payment_gateway_names")
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    gateway = next((name for name in names if name not in STORE_CREDIT), "") or next(iter(names), "")
    gateway = text({"gateway": gateway}, "gateway") or text(order, "gateway")
    title = text({"title": ", ".join(dict.fromkeys(names))}, "title")
    return PaymentMethod(gateway=gateway, title=title or gateway)
