"""Shopify refunds, alone (``refunds/create``) or inside their order.

Source: shopify.dev, "Refund" (REST): a refund is "independent from the movement of money", which only its
transactions show. Adjustments are negative where more was refunded than the lines say.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from events.stores.platform import Unreadable
from events.stores.reading import ZERO, Row, amount, moment, need_id, part, rows, store_id, text
from events.stores.reading import flag as is_true
from events.stores.shares import CENT, totals_of
from events.stores.shopify.lines import is_tip
from events.stores.shopify.money import set_amount, shop_amount, shop_currency, total_of
from events.stores.shopify.payments import STORE_CREDIT
from events.stores.shopify.presentment import as_seen, refund_currency, share_of
from events.stores.shopify.taxes import UNNAMED_TAX, shares_of, tax_of
from schemas.orders import Buyer, ChargeLine, PaymentMethod, Refund, RefundAmounts, RefundLine

ON_THE_SHELF = frozenset({"return", "cancel", "legacy_restock"})
MONEY_MOVES = frozenset({"success", "pending"})


@dataclass(frozen=True, slots=True)
class Sale:
    """What a refund must know of its order. ``taxes_included`` None: the body does not say.

    ``shipping_line`` names the taxes of refunded shipping, whose adjustment has only a sum.
    """

    order_id: str
    number: str = ""
    currency: str = ""
    taxes_included: bool | None = None
    buyer: Buyer = Buyer()  # noqa: RUF009 - frozen
    payment_method: PaymentMethod = PaymentMethod()  # noqa: RUF009 - frozen
    shipping_line: Row = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Returned:
    """Money that went back, in the shop's currency; None where a transaction names another one."""

    transactions: tuple[Row, ...]
    amount: Decimal | None


def read_refund(body: Row, *, sale: Sale, sequence: int) -> Refund:
    """One refund, in the shop's currency, and in the buyer's where that is another one."""
    refund = _read_refund(body, sale=sale, sequence=sequence)
    seen = refund_currency(body)
    if not seen or seen == refund.currency:
        return refund
    other = _read_refund(as_seen(body, seen), sale=replace(sale, currency=seen), sequence=sequence)
    amounts = {name: getattr(other, name) for name in RefundAmounts.model_fields}
    return refund.model_copy(update={"presentment": RefundAmounts(**amounts)})


def _read_refund(body: Row, *, sale: Sale, sequence: int) -> Refund:
    """Its total is the money that went back; without money, what its lines and shipping say."""
    refund_id = need_id(body, "id", "The refund")
    currency = sale.currency or _currency(body, refund_id)
    returned = _returned(body, currency)
    included = _taxes_included(body, sale, returned)
    lines = tuple(_line(row, included) for row in rows(body, "refund_line_items") if not _of_tip(row))
    shipping = _shipping(body, sale, included)
    duties = _duties(body)
    parts: tuple[RefundLine | ChargeLine, ...] = (*lines, *shipping, *duties)
    taxes = [share for line in parts for share in line.taxes]
    explained = sum((line.total for line in parts), tax_of(taxes))
    explained -= sum((_adjustment(row) for row in _adjustments(body, "refund_discrepancy")), ZERO)
    created_at = moment(body, "created_at") or moment(body, "processed_at")
    if created_at is None:
        raise Unreadable(f"Refund {refund_id} has no created_at: this is not a Shopify refund.")
    total = max(explained, ZERO) if returned.amount is None else returned.amount
    return Refund(
        refund_id=refund_id,
        order_id=sale.order_id,
        order_number=sale.number,
        created_at=created_at,
        currency=currency,
        sequence=sequence,
        reason=text(body, "note"),
        lines=lines,
        shipping=shipping,
        fees=duties,
        taxes=totals_of(taxes),
        total_tax=tax_of(taxes),
        total=total,
        store_credit=_store_credit(returned, total),
        money_returned=bool(returned.transactions),
        payment_method=_payment_method(returned, sale),
        buyer=sale.buyer,
    )


def is_test(body: Row) -> bool:
    """True if its money moved through the test gateway."""
    return any(is_true(transaction, "test") for transaction in rows(body, "transactions"))


def moves_money(body: Row) -> bool:
    """True if a transaction gave money back (or is about to); a void or a failure does not."""
    return any(_gives_back(transaction) for transaction in rows(body, "transactions"))


def names_its_taxes(refund: Refund) -> bool:
    """False where shipping bore a tax that none of the returned lines names: its order does."""
    return all(share.tax != UNNAMED_TAX for line in refund.shipping for share in line.taxes)


def _gives_back(transaction: Row) -> bool:
    return (
        text(transaction, "kind") == "refund"
        and text(transaction, "status") in MONEY_MOVES
        and amount(transaction, "amount") > 0
    )


def _returned(body: Row, currency: str) -> Returned:
    moved = tuple(row for row in rows(body, "transactions") if _gives_back(row))
    if not moved or any(text(row, "currency") not in ("", currency) for row in moved):
        return Returned(moved, None)
    return Returned(moved, sum((amount(row, "amount") for row in moved), ZERO))


def _taxes_included(body: Row, sale: Sale, returned: Returned) -> bool:
    """Whether ``subtotal`` has the tax inside; a refund without its order shows it only by its money."""
    if sale.taxes_included is not None:
        return sale.taxes_included
    if returned.amount is None:
        return False
    lines = rows(body, "refund_line_items")
    subtotals = sum((shop_amount(row, "subtotal") for row in lines), ZERO)
    taxes = sum((shop_amount(row, "total_tax") for row in lines), ZERO)
    others = sum((_adjustment(row) for row in rows(body, "order_adjustments")), ZERO)
    return bool(taxes) and returned.amount == subtotals - others


def _of_tip(row: Row) -> bool:
    """A tip is no product: what went back of it is the part of the refund that has no line."""
    return is_tip(part(row, "line_item"))


def _line(row: Row, included: bool) -> RefundLine:
    item = part(row, "line_item")
    tax = shop_amount(row, "total_tax")
    subtotal = shop_amount(row, "subtotal")
    return RefundLine(
        line_id=store_id(row, "line_item_id") or need_id(item, "id", "A refunded line"),
        product_id=store_id(item, "product_id"),
        variant_id=store_id(item, "variant_id"),
        sku=text(item, "sku"),
        name=text(item, "name") or text(item, "title"),
        quantity=amount(row, "quantity"),
        total=subtotal - tax if included else subtotal,
        tax=tax,
        taxes=shares_of(tax, item),
        restocked=text(row, "restock_type") in ON_THE_SHELF,
        gift_card=is_true(item, "gift_card"),
    )


def _shipping(body: Row, sale: Sale, included: bool) -> tuple[ChargeLine, ...]:
    """Refunded shipping: lines of their own in new API versions, adjustments in all of them."""
    refunded = rows(body, "refund_shipping_lines")
    if refunded:
        return tuple(_shipping_line(row, included, body) for row in refunded)
    return tuple(_shipping_back(row, sale, body) for row in _adjustments(body, "shipping_refund"))


def _taxed_alike(net: Decimal, tax: Decimal, body: Row) -> Row:
    """Alone, a refund names the order's taxes only on its lines: one whose rates explain the shipping's tax."""
    for item in (part(row, "line_item") for row in rows(body, "refund_line_items")):
        rate = total_of(rows(item, "tax_lines"), "rate")
        if rate and abs(net * rate - tax) <= CENT:
            return item
    return {}


def _shipping_back(row: Row, sale: Sale, body: Row) -> ChargeLine:
    total, tax = ZERO - shop_amount(row, "amount"), ZERO - shop_amount(row, "tax_amount")
    return ChargeLine(
        line_id=store_id(row, "id") or "shipping",
        name=text(row, "reason"),
        total=total,
        tax=tax,
        taxes=shares_of(tax, sale.shipping_line or _taxed_alike(total, tax, body)),
    )


def _shipping_line(row: Row, included: bool, body: Row) -> ChargeLine:
    line = part(row, "shipping_line")
    tax = set_amount(row, "tax_amount_set")
    subtotal = set_amount(row, "subtotal_amount_set")
    total = subtotal - tax if included else subtotal
    return ChargeLine(
        line_id=store_id(line, "id") or store_id(row, "id") or "shipping",
        name=text(line, "title"),
        total=total,
        tax=tax,
        taxes=shares_of(tax, line if rows(line, "tax_lines") else _taxed_alike(total, tax, body)),
    )


def _duties(body: Row) -> tuple[ChargeLine, ...]:
    duties = set_amount(body, "total_duties_set")
    return (ChargeLine(line_id="duties", name="Duties", total=duties),) if duties else ()


def _adjustments(body: Row, kind: str) -> list[Row]:
    return [row for row in rows(body, "order_adjustments") if text(row, "kind") == kind]


def _adjustment(row: Row) -> Decimal:
    return shop_amount(row, "amount") + shop_amount(row, "tax_amount")


def _store_credit(returned: Returned, total: Decimal) -> Decimal:
    """What of the refund went to a gift card or the buyer's credit."""
    whole = sum((amount(row, "amount") for row in returned.transactions), ZERO)
    credit = [row for row in returned.transactions if text(row, "gateway") in STORE_CREDIT]
    return share_of(sum((amount(row, "amount") for row in credit), ZERO), whole, total)


def _payment_method(returned: Returned, sale: Sale) -> PaymentMethod:
    """The gateway that gave the money back, which need not be the one it came through."""
    if not returned.transactions:
        return sale.payment_method
    first = next(
        (row for row in returned.transactions if text(row, "gateway") not in STORE_CREDIT),
        returned.transactions[0],
    )
    gateway = text(first, "gateway")
    return PaymentMethod(
        gateway=gateway,
        title=gateway,
        transaction_id=text(first, "authorization") or store_id(first, "id") or "",
    )


def _currency(body: Row, refund_id: str) -> str:
    """A refund alone names its currency only beside its amounts."""
    for row in rows(body, "refund_line_items"):
        if found := shop_currency(row, "subtotal"):
            return found
    for row in rows(body, "order_adjustments"):
        if found := shop_currency(row, "amount"):
            return found
    found = shop_currency(body, "total_duties") or text(body, "currency")
    for row in rows(body, "transactions"):
        found = found or text(row, "currency")
    if not found:
        raise Unreadable(f"Refund {refund_id} does not name its currency.")
    return found
