"""Taking a booked document back: its own lines, less what refunds gave back already (rules A9, A10)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from workers.mapping.bundle import flat_lines
from workers.mapping.frame import Frame
from workers.mapping.lines import DocLine, render
from workers.mapping.refund import TO_GIFT_CARD
from workers.steps import Json

ZERO = Decimal(0)


def reversal_body(sale: Json, given_back: Sequence[Json], frame: Frame) -> Json:
    """Line and tax of a refund receipt or credit memo that takes back what is left of ``sale``.

    Built from QuickBooks' own documents, so it is right whatever the order says by now.
    """
    left = doc_lines(sale)
    if given_back:
        # store credit that a refund gave is the buyer's to keep
        returned = [
            line
            for document in given_back
            for line in doc_lines(document)
            if line.description != TO_GIFT_CARD
        ]
        left = _with_fitting_discount(_remainder(left, returned), frame)
    inclusive = sale.get("GlobalTaxCalculation") == "TaxInclusive"
    if inclusive:
        left = [line for line in left if line.quantity or line.amount + line.tax]
    body: Json = {"Line": [render(line, inclusive=inclusive) for line in left]}
    for name in ("CurrencyRef", "ExchangeRate", "GlobalTaxCalculation", "ShipAddr", "BillAddr"):
        if sale.get(name):
            body[name] = sale[name]
    if any(line.account_id for line in left):
        body["ApplyTaxAfterDiscount"] = bool(sale.get("ApplyTaxAfterDiscount"))
    tax = _tax(sale) - sum((_tax(document) for document in given_back), ZERO)
    match frame.company.tax:
        case "us_automated":
            body["TxnTaxDetail"] = {"TotalTax": tax}
        case "us_manual" if (sale.get("TxnTaxDetail") or {}).get("TxnTaxCodeRef"):
            code = sale["TxnTaxDetail"]["TxnTaxCodeRef"]["value"]
            body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": code}}
        case _:
            pass
    return body


def doc_lines(document: Json) -> list[DocLine]:
    """The lines of a document as QuickBooks answers it."""
    return [_doc_line(line) for line in flat_lines(document) if line.get("DetailType") in _DETAILS]


_DETAILS = ("SalesItemLineDetail", "DiscountLineDetail")


def _doc_line(line: Json) -> DocLine:
    detail = line[line["DetailType"]]
    amount = _decimal(line.get("Amount"))
    gross = detail.get("TaxInclusiveAmt")
    quantity = detail.get("Qty")
    return DocLine(
        amount=amount,
        item_id=_ref(detail.get("ItemRef")),
        account_id=_ref(detail.get("DiscountAccountRef")),
        quantity=_decimal(quantity) if quantity is not None else None,
        description=str(line.get("Description", "")),
        tax_code=_ref(detail.get("TaxCodeRef")),
        tax=_decimal(gross) - amount if gross is not None else ZERO,
    )


def _remainder(sold: Sequence[DocLine], returned: Sequence[DocLine]) -> list[DocLine]:
    """What is left of each item under each tax code."""
    left: dict[tuple[str, str, str], DocLine] = {}
    for sign, lines in ((1, sold), (-1, returned)):
        for line in lines:
            key = (line.item_id, line.account_id, line.tax_code)
            before = left.get(key)
            quantity = (line.quantity or ZERO) * sign + ((before.quantity or ZERO) if before else ZERO)
            left[key] = DocLine(
                amount=line.amount * sign + (before.amount if before else ZERO),
                item_id=line.item_id,
                account_id=line.account_id,
                quantity=quantity or None,
                description=before.description if before else line.description,
                tax_code=line.tax_code,
                tax=line.tax * sign + (before.tax if before else ZERO),
            )
    return [line for line in left.values() if line.amount or line.quantity or line.tax]


def _with_fitting_discount(left: list[DocLine], frame: Frame) -> list[DocLine]:
    """A discount line fits only where all lines bear one code, since QuickBooks spreads it over all of them.

    A refund may have added another code (a sum that belongs to no line): then what was taken off the products is a
    line of their code, or comes off their lines where there is no item for discounts.
    """
    items = [line for line in left if not line.account_id]
    discount = sum((line.amount for line in left if line.account_id), ZERO)
    codes = list(dict.fromkeys(line.tax_code for line in items))
    if not discount or len(codes) < 2 or frame.company.tax == "us_automated":
        return left
    item = frame.settings.items.discount
    if item:
        off = DocLine(-discount, item, description="Discount", tax_code=codes[0])
        return [*items, off]
    found = []
    for line in items:
        off_line = min(discount, line.amount) if line.tax_code == codes[0] and line.amount > 0 else ZERO
        discount -= off_line
        found.append(replace(line, amount=line.amount - off_line))
    return found


def _tax(document: Json) -> Decimal:
    return _decimal((document.get("TxnTaxDetail") or {}).get("TotalTax"))


def _ref(value: Any) -> str:
    return str(value["value"]) if isinstance(value, dict) else ""


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value)) if value is not None else ZERO
