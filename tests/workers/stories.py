"""Orders as a store tells them: small builders with readable defaults."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas.orders import (
    Address,
    Buyer,
    ChargeLine,
    Order,
    OrderLine,
    PaymentMethod,
    Refund,
    RefundLine,
    TaxShare,
    TaxTotal,
)

ORDERED = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOME = Address(line1="5 Elm Street", city="Fresno", region="CA", postal_code="93650", country="US")
JANE = Buyer(customer_id="77", email="Jane.Doe@example.com", first_name="Jane", last_name="Doe", billing=HOME)
STRIPE = PaymentMethod(gateway="stripe", title="Card", transaction_id="ch_1")


def money(text: str) -> Decimal:
    """An amount."""
    return Decimal(text)


def line(
    price: str,
    /,
    *,
    sku: str = "FIELD-NOTEBOOK",
    quantity: str = "1",
    tax: str = "0",
    tax_name: str = "CA 8%",
    **more: Any,
) -> OrderLine:
    """A sold product; ``price`` is for the whole line, before discounts."""
    shares = (TaxShare(tax=tax_name, amount=money(tax)),) if money(tax) else ()
    values: dict[str, Any] = {
        "line_id": sku,
        "product_id": f"p-{sku}" if sku else None,
        "sku": sku,
        "name": sku.title() or "Custom",
        "quantity": money(quantity),
        "subtotal": money(price),
        "total": money(price),
        "tax": money(tax),
        "taxes": shares,
    }
    return OrderLine(**{**values, **more})


def shipping(price: str, *, tax: str = "0", tax_name: str = "CA 8%") -> ChargeLine:
    """A shipping line."""
    shares = (TaxShare(tax=tax_name, amount=money(tax)),) if money(tax) else ()
    return ChargeLine(line_id="s1", name="Parcel", total=money(price), tax=money(tax), taxes=shares)


def order(*lines: OrderLine, **more: Any) -> Order:
    """A paid order whose sums follow from its lines."""
    charges = [*more.get("shipping", ()), *more.get("fees", ())]
    parts = [*lines, *charges]
    taxes: dict[str, Decimal] = {}
    for share in (share for part in parts for share in part.taxes):
        taxes[share.tax] = taxes.get(share.tax, Decimal(0)) + share.amount
    tax = sum(taxes.values(), Decimal(0))
    extras = more.get("tip", Decimal(0)) - more.get("gift_cards_redeemed", Decimal(0))
    values: dict[str, Any] = {
        "order_id": "1001",
        "number": "1001",
        "store_status": "processing",
        "payment": "paid",
        "created_at": ORDERED,
        "updated_at": ORDERED,
        "currency": "USD",
        "buyer": JANE,
        "lines": lines,
        "taxes": tuple(TaxTotal(tax=name, amount=amount) for name, amount in taxes.items()),
        "total_tax": tax,
        "total": sum((part.total for part in parts), tax) + extras,
        "payment_method": STRIPE,
    }
    return Order(**{**values, **more})


def unpaid(*lines: OrderLine, **more: Any) -> Order:
    """An order that nobody paid yet."""
    return order(*lines, **{"payment": "unpaid", "store_status": "on-hold", **more})


def refund(*lines: RefundLine, **more: Any) -> Refund:
    """A refund whose sum follows from its lines."""
    tax = sum((one.tax for one in (*lines, *more.get("shipping", ()))), Decimal(0))
    taxes: dict[str, Decimal] = {}
    for share in (share for one in lines for share in one.taxes):
        taxes[share.tax] = taxes.get(share.tax, Decimal(0)) + share.amount
    values: dict[str, Any] = {
        "refund_id": "9",
        "order_id": "1001",
        "order_number": "1001",
        "created_at": datetime(2026, 11, 25, 9, tzinfo=UTC),
        "currency": "USD",
        "lines": lines,
        "taxes": tuple(TaxTotal(tax=name, amount=amount) for name, amount in taxes.items()),
        "total_tax": tax,
        "total": sum((one.total for one in (*lines, *more.get("shipping", ()))), tax),
        "payment_method": STRIPE,
        "buyer": JANE,
    }
    return Refund(**{**values, **more})


def back(of: OrderLine, **more: Any) -> RefundLine:
    """The whole of an order line, given back."""
    values = of.model_dump(exclude={"subtotal"})
    return RefundLine(**{**values, "restocked": True, **more})
