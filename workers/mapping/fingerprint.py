"""Whether a document in QuickBooks is still as we sent it, and whether an order is still as we booked it."""

from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson

from schemas.orders import Order
from workers.mapping.bundle import flat_lines
from workers.steps import Json

_KEPT = ("TxnDate",)
"""Not the number: a company without custom numbers gives its own."""


def fingerprint(document: Json) -> str:
    """A hash over what a bookkeeper would change: customer, day, lines and their amounts.

    The same for what we send and what QuickBooks answers; ids of lines, sums and links are left out. It answers a
    discount after all items, wherever it was sent.
    """
    parts: list[Any] = [document.get(name) or "" for name in _KEPT]
    parts.append(_ref(document.get("CustomerRef")))
    lines = list(flat_lines(document))
    for detail in _DETAILS:
        parts.extend(_line(line) for line in lines if line.get("DetailType") == detail)
    return _hash(parts)


def order_hash(order: Order) -> str:
    """A hash over what of an order matters to the books; an edit of anything else changes no document."""
    matters = order.model_dump_json(
        include={
            "number", "currency", "prices_include_tax", "lines", "shipping", "fees", "tip",
            "cash_rounding", "gift_cards_redeemed", "total_tax", "total",
        },
        exclude_defaults=True,  # so that a field that is new to us makes no booked order look edited
    )  # fmt: skip
    return _short(matters.encode())


def is_void(document: Json) -> bool:
    """A void document keeps its number and says so in its note. Source: recorded answers of invoices."""
    return str(document.get("PrivateNote", "")).startswith("Voided") and not document.get("TotalAmt")


_DETAILS = ("SalesItemLineDetail", "DiscountLineDetail")


def _line(line: Json) -> list[str]:
    detail = line[line["DetailType"]]
    gross = detail.get("TaxInclusiveAmt")
    amount = gross if gross is not None else line.get("Amount", 0)
    item = detail.get("ItemRef") or detail.get("DiscountAccountRef")
    return [_ref(item), _cents(amount), _plain(detail.get("Qty"))]


def _ref(value: Any) -> str:
    return str(value["value"]) if isinstance(value, dict) else ""


def _cents(value: Any) -> str:
    return f"{Decimal(str(value)):.2f}"


def _plain(value: Any) -> str:
    return "" if value is None else f"{Decimal(str(value)).normalize():f}"


def _hash(parts: Any) -> str:
    return _short(orjson.dumps(parts))


def _short(text: bytes) -> str:
    return sha256(text).hexdigest()[:16]
