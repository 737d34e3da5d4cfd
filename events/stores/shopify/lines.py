"""Lines, shipping and other charges of a Shopify order, net of tax.

Source: shopify.dev, "Order" (REST): ``price`` is the unit price before discounts, with tax inside it if
``taxes_included``; ``discount_allocations`` hold order discounts too, ``total_discount`` only the line's own.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from events.stores.reading import ZERO, Row, amount, need_id, rows, store_id, text
from events.stores.reading import flag as is_true
from events.stores.shares import merged_shares, spread
from events.stores.shopify.money import set_amount, total_of
from events.stores.shopify.taxes import shares, tax_of
from schemas.orders import ChargeLine, OrderLine


@dataclass(frozen=True, slots=True)
class Pricing:
    """How this order writes its prices."""

    taxes_included: bool


def product_lines(order: Row, pricing: Pricing) -> tuple[OrderLine, ...]:
    """Everything that was sold, with ``quantity`` as sold: what was taken off since is a refund. Tips stand apart."""
    lines = [line for line in rows(order, "line_items") if not is_tip(line)]
    return tuple(
        _product_line(line, discount, pricing)
        for line, discount in zip(lines, _discounts(order, lines), strict=True)
    )


def is_tip(line: Row) -> bool:
    """Some channels write a tip as a line too. Source: shopify.dev, "Order" (REST): present only on tips."""
    return bool(text(line, "tip_payment_gateway") or text(line, "tip_payment_method"))


def tip(order: Row) -> Decimal:
    """All tips, counted once."""
    as_lines = sum((_gross(line) for line in rows(order, "line_items") if is_tip(line)), ZERO)
    return amount(order, "total_tip_received") or as_lines


def _discounts(order: Row, lines: list[Row]) -> list[Decimal]:
    """Each line's share of all discounts; old API versions give only the order's discount as a sum."""
    if any("discount_allocations" in line for line in lines):
        return [total_of(rows(line, "discount_allocations"), "amount") for line in lines]
    own = [amount(line, "total_discount") for line in lines]
    left = amount(order, "total_discounts") - sum(own, ZERO)
    if left <= 0:
        return own
    weights = [_gross(line) - discount for line, discount in zip(lines, own, strict=True)]
    return [mine + share for mine, share in zip(own, spread(left, weights), strict=True)]


def _gross(line: Row) -> Decimal:
    return amount(line, "price") * amount(line, "quantity")


def _product_line(line: Row, discount: Decimal, pricing: Pricing) -> OrderLine:
    taxes = shares(line)
    tax = tax_of(taxes)
    charged = _gross(line) - discount
    total = charged - tax if pricing.taxes_included else charged
    return OrderLine(
        line_id=need_id(line, "id", "A line item"),
        product_id=store_id(line, "product_id"),
        variant_id=store_id(line, "variant_id"),
        sku=text(line, "sku"),
        name=text(line, "name") or text(line, "title"),
        quantity=amount(line, "quantity"),
        subtotal=total + _net(discount, charged, total),
        total=total,
        tax=tax,
        taxes=taxes,
        gift_card=is_true(line, "gift_card"),
    )


def _net(discount: Decimal, charged: Decimal, total: Decimal) -> Decimal:
    """The discount without the tax that would have been in it, at the line's own rate."""
    if charged == total or charged <= 0:
        return discount
    return (discount * total / charged).quantize(_unit(discount), rounding=ROUND_HALF_UP)


def _unit(number: Decimal) -> Decimal:
    return Decimal(1).scaleb(min(0, int(number.as_tuple().exponent)))


def shipping_lines(order: Row, pricing: Pricing) -> tuple[ChargeLine, ...]:
    """Shipping after its own discounts."""
    return tuple(_shipping_line(line, pricing) for line in rows(order, "shipping_lines"))


def _shipping_line(line: Row, pricing: Pricing) -> ChargeLine:
    taxes = shares(line)
    tax = tax_of(taxes)
    charged = amount(line, "price") - total_of(rows(line, "discount_allocations"), "amount")
    return ChargeLine(
        line_id=store_id(line, "id") or "shipping",
        name=text(line, "title"),
        total=charged - tax if pricing.taxes_included else charged,
        tax=tax,
        taxes=taxes,
    )


def fees(order: Row) -> tuple[ChargeLine, ...]:
    """Import duties and additional fees, which stand beside the lines; not where prices include duties."""
    found = []
    duties = set_amount(order, "original_total_duties_set")
    if duties and not is_true(order, "duties_included"):
        owed = [duty for line in rows(order, "line_items") for duty in rows(line, "duties")]
        taxes = merged_shares(share for duty in owed for share in shares(duty))
        found.append(
            ChargeLine(line_id="duties", name="Duties", total=duties, tax=tax_of(taxes), taxes=taxes)
        )
    other = set_amount(order, "original_total_additional_fees_set")
    if other:
        found.append(ChargeLine(line_id="additional_fees", name="Additional fees", total=other))
    return tuple(found)
