"""A refund as a refund receipt, or as a credit memo where no money went back (rules A4 to A6)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from schemas.money import to_cents
from schemas.orders import Refund, RefundLine
from workers.mapping.accounts import is_store_credit, purpose_item
from workers.mapping.addresses import addresses_of
from workers.mapping.document import body_of
from workers.mapping.frame import Frame
from workers.mapping.lines import DocLine
from workers.mapping.marks import book_date, private_note
from workers.mapping.sale_lines import charge_lines, fee_item, marketplace_lines, shipping_item
from workers.mapping.taxes import TaxRules
from workers.mapping.totals import Reckoning, reckon
from workers.steps import Json

RefundKind = Literal["RefundReceipt", "CreditMemo"]
TO_GIFT_CARD = "Refunded to gift card or store credit"
"""Describes the line of a refund by which a reversal knows it again."""


@dataclass(frozen=True, slots=True)
class ItemBack:
    """The item of a returned line, and whether QuickBooks keeps stock of it."""

    quickbooks_id: str
    stocked: bool


@dataclass(frozen=True, slots=True)
class RefundDocument:
    """A document ready to be sent, but for customer and account.

    ``total`` is the money that it pays out, ``given_back`` what the buyer got, store credit included.
    """

    kind: RefundKind
    body: Json
    total: Decimal
    given_back: Decimal


def refund_document(
    refund: Refund,
    kind: RefundKind,
    items: Mapping[str, ItemBack],
    frame: Frame,
    *,
    number: str,
    sale: str,
    inclusive: bool,
    out_of_scope: bool,
) -> RefundDocument:
    """Build it. ``items`` by line id; ``sale`` names the document that it refunds; tax as the sale bore it.

    Raises:
        NeedsAttention: of the kind that says what is unmapped.
    """
    rules = TaxRules.of(frame, refund.taxes, refund.total_tax)
    rules = replace(rules, out_of_scope=out_of_scope, inclusive=inclusive)
    lines = [
        *(_line(line, items, rules) for line in refund.lines),
        *charge_lines(refund.shipping, shipping_item, "Shipping", rules),
        *charge_lines(refund.fees, fee_item, "Fee", rules),
        *marketplace_lines(refund.taxes, rules),
    ]
    reckoning = reckon(lines, refund.total_tax, rules, inclusive=inclusive)
    reckoning = _adjusted(reckoning, to_cents(refund.total), rules)
    given_back = reckoning.total
    reckoning = _less_store_credit(reckoning, refund, rules)
    body = {
        "DocNumber": number,
        "TxnDate": book_date(refund.created_at, frame.settings.time_zone),
        "PrivateNote": private_note(
            frame.marker("refund", refund.refund_id), f"Refund of {sale}", refund.reason
        ),
        **addresses_of(refund.buyer),
        **body_of(reckoning, refund.currency, frame),
    }
    return RefundDocument(kind, body, reckoning.total, given_back)


def _line(line: RefundLine, items: Mapping[str, ItemBack], rules: TaxRules) -> DocLine:
    """Goods that did not come back must not come back in QuickBooks' stock either (A5)."""
    code, tax = rules.line_code(line.taxes, line.tax), rules.line_tax(line.total, line.tax)
    if line.gift_card:
        item, code, tax = purpose_item("gift_card", rules.frame), rules.untaxed_code(), Decimal(0)
    elif items[line.line_id].stocked and not line.restocked:
        item = purpose_item("refund_adjustment", rules.frame)
    else:
        item = items[line.line_id].quickbooks_id
    return DocLine(to_cents(line.total), item, "", line.quantity or None, line.name or line.sku, code, tax)


def _less_store_credit(reckoning: Reckoning, refund: Refund, rules: TaxRules) -> Reckoning:
    """What went to a gift card is not paid out: the shop owes it from now on (A28). Where all of it did, the whole
    document is paid from the liability account instead.
    """
    amount = to_cents(refund.store_credit)
    if not amount or is_store_credit(refund.payment_method, rules.frame):
        return reckoning
    item, code = purpose_item("gift_card", rules.frame), rules.untaxed_code()
    line = DocLine(-amount, item, description=TO_GIFT_CARD, tax_code=code)
    return replace(reckoning, lines=(*reckoning.lines, line))


def _adjusted(reckoning: Reckoning, total: Decimal, rules: TaxRules) -> Reckoning:
    """The part of a refund that belongs to no line (A5); leftover cents of its lines count as rounding."""
    leftover = total - reckoning.total
    if not leftover:
        return reckoning
    items = rules.frame.settings.items
    cents = bool(reckoning.lines) and abs(leftover) <= rules.frame.settings.rounding_limit
    if cents and items.rounding:
        item, words = items.rounding, "Rounding"
    else:
        item, words = purpose_item("refund_adjustment", rules.frame), "Refund adjustment"
    line = DocLine(leftover, item, description=words, tax_code=rules.untaxed_code())
    return replace(reckoning, lines=(*reckoning.lines, line))
