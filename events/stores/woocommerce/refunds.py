"""Refunds, which WooCommerce tells only as gross sums inside their order, repeated in every later update.

The split by line is in its REST API (``/orders/<id>/refunds``), not in a webhook. A single refund of the
whole total can only be the whole order, so it gets the order's own lines.
"""

from decimal import Decimal

from events.stores.reading import Row, amount, need_id, rows, text
from schemas.money import CENT
from schemas.orders import ChargeLine, Order, OrderLine, Refund, RefundLine


def read_refunds(body: Row, order: Order) -> list[Refund]:
    """All refunds so far; ``sequence`` counts by id, since the store lists the newest first."""
    found = [(need_id(row, "id", "A refund"), row) for row in rows(body, "refunds")]
    found.sort(key=lambda entry: (len(entry[0]), entry[0]))
    return [_refund(row, refund_id, order, number) for number, (refund_id, row) in enumerate(found, start=1)]


def _refund(row: Row, refund_id: str, order: Order, sequence: int) -> Refund:
    total = abs(amount(row, "total"))
    refund = Refund(
        refund_id=refund_id,
        order_id=order.order_id,
        order_number=order.number,
        created_at=order.updated_at,
        currency=order.currency,
        sequence=sequence,
        reason=text(row, "reason") or text(row, "refund"),
        total=total,
        money_returned=order.payment != "unpaid",
        payment_method=order.payment_method,
        buyer=order.buyer,
    )
    return _whole_order(refund, order) if _is_whole(total, order) else refund


def _is_whole(total: Decimal, order: Order) -> bool:
    """Only where the lines add up to the total can they stand for it (gift cards, edited orders). Shops that round
    tax at the subtotal keep lines to six places, which miss it by a part of a cent.
    """
    parts: tuple[OrderLine | ChargeLine, ...] = (*order.lines, *order.shipping, *order.fees)
    missed = total - sum((line.total for line in parts), order.total_tax)
    return total == order.total and abs(missed) < CENT


def _whole_order(refund: Refund, order: Order) -> Refund:
    return refund.model_copy(
        update={
            "lines": tuple(_line_back(line) for line in order.lines),
            "shipping": order.shipping,
            "fees": order.fees,
            "taxes": order.taxes,
            "total_tax": order.total_tax,
        }
    )


def _line_back(line: OrderLine) -> RefundLine:
    """Whether the goods went back to the shelf is not said: stock levels say it."""
    return RefundLine(
        line_id=line.line_id,
        product_id=line.product_id,
        variant_id=line.variant_id,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        total=line.total,
        tax=line.tax,
        taxes=line.taxes,
        restocked=False,
        gift_card=line.gift_card,
    )
