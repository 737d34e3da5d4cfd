"""Canonical orders: what a store says of an order and of a refund, whatever the platform.

All amounts are in ``currency`` and **net of tax**, also where the shop's prices include it; tax stands beside
its line. ``subtotal`` is before discounts, ``total`` after them.
"""

from decimal import Decimal
from typing import Literal

from pydantic import model_validator

from schemas.money import CurrencyCode, Money, Quantity
from schemas.shape import Shape, StoreId, Text, Time

ZERO = Decimal(0)


class Address(Shape):
    """A postal address as the buyer typed it; every part may be empty."""

    line1: Text = ""
    line2: Text = ""
    city: Text = ""
    region: Text = ""
    postal_code: Text = ""
    country: Text = ""


class Buyer(Shape):
    """Who bought: a known customer (``customer_id``) or a guest (None)."""

    customer_id: StoreId | None = None
    email: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    phone: Text = ""
    billing: Address = Address()
    shipping: Address = Address()


class TaxShare(Shape):
    """One tax's part of a line. ``tax`` is the key under which the tax map knows it, e.g. ``GST 5%``.

    ``marketplace_liable``: a marketplace collected it and remits it; the merchant never owes it.
    """

    tax: Text
    amount: Money
    marketplace_liable: bool = False


class TaxTotal(Shape):
    """One tax over the whole order; ``percent`` None where the store does not say it."""

    tax: Text
    amount: Money
    percent: Money | None = None
    marketplace_liable: bool = False


class OrderLine(Shape):
    """A product that was sold. ``product_id`` None: a custom line or a product that is gone."""

    line_id: StoreId
    product_id: StoreId | None = None
    variant_id: StoreId | None = None
    sku: Text = ""
    name: Text = ""
    quantity: Quantity
    subtotal: Money
    total: Money
    tax: Money = ZERO
    taxes: tuple[TaxShare, ...] = ()
    gift_card: bool = False


class ChargeLine(Shape):
    """Shipping or a fee; a fee may be negative (shops use it as a discount)."""

    line_id: StoreId
    name: Text = ""
    total: Money
    tax: Money = ZERO
    taxes: tuple[TaxShare, ...] = ()


class PaymentMethod(Shape):
    """How the buyer paid. ``gateway`` is the key of the clearing account and payment method maps."""

    gateway: Text = ""
    title: Text = ""
    transaction_id: Text = ""


class StoreRate(Shape):
    """What the store says one unit of the order's currency was worth: ``rate`` units of ``into``."""

    rate: Money
    into: CurrencyCode


class OrderAmounts(Shape):
    """An order's amounts in the currency that the buyer saw, where that is not the shop's own (A52)."""

    currency: CurrencyCode
    lines: tuple[OrderLine, ...] = ()
    shipping: tuple[ChargeLine, ...] = ()
    fees: tuple[ChargeLine, ...] = ()
    tip: Money = ZERO
    cash_rounding: Money = ZERO
    gift_cards_redeemed: Money = ZERO
    taxes: tuple[TaxTotal, ...] = ()
    total_tax: Money = ZERO
    total: Money
    amount_paid: Money = ZERO
    exchange_rate: StoreRate | None = None


PaymentState = Literal["unpaid", "part_paid", "paid"]
Lifecycle = Literal["open", "cancelled", "draft", "trashed"]


class Order(Shape):
    """A snapshot of one order: events of any action carry the whole state, so the newest alone is enough.

    ``store_status`` is the platform's own word (the status filter compares it). ``total`` is what the buyer
    owes as sold, tax included, before any refund. ``amount_paid`` is money received, refunds not taken off.
    ``due_at`` is the day of payment that was agreed on. ``refund_ids`` are all refunds that stand at this moment, None
    where the store does not list them: one that is not listed any more was deleted.
    """

    order_id: StoreId
    number: Text
    store_status: Text
    lifecycle: Lifecycle = "open"
    payment: PaymentState
    test: bool = False
    created_at: Time
    updated_at: Time
    paid_at: Time | None = None
    due_at: Time | None = None
    cancelled_at: Time | None = None
    currency: CurrencyCode
    prices_include_tax: bool = False
    buyer: Buyer = Buyer()
    lines: tuple[OrderLine, ...] = ()
    shipping: tuple[ChargeLine, ...] = ()
    fees: tuple[ChargeLine, ...] = ()
    tip: Money = ZERO
    cash_rounding: Money = ZERO
    gift_cards_redeemed: Money = ZERO
    taxes: tuple[TaxTotal, ...] = ()
    total_tax: Money = ZERO
    total: Money
    amount_paid: Money = ZERO
    payment_method: PaymentMethod = PaymentMethod()
    exchange_rate: StoreRate | None = None
    refund_ids: tuple[StoreId, ...] | None = None
    presentment: OrderAmounts | None = None
    note: Text = ""


class RefundLine(Shape):
    """What came back of one order line; amounts are positive."""

    line_id: StoreId
    product_id: StoreId | None = None
    variant_id: StoreId | None = None
    sku: Text = ""
    name: Text = ""
    quantity: Quantity
    total: Money
    tax: Money = ZERO
    taxes: tuple[TaxShare, ...] = ()
    restocked: bool = False
    gift_card: bool = False


class RefundAmounts(Shape):
    """A refund's amounts in the currency that the buyer saw, where that is not the shop's own (A52)."""

    currency: CurrencyCode
    lines: tuple[RefundLine, ...] = ()
    shipping: tuple[ChargeLine, ...] = ()
    fees: tuple[ChargeLine, ...] = ()
    taxes: tuple[TaxTotal, ...] = ()
    total_tax: Money = ZERO
    total: Money
    store_credit: Money = ZERO
    exchange_rate: StoreRate | None = None


class Refund(Shape):
    """Goods or money given back for one order; amounts are positive.

    ``total`` is the whole refund with tax. What the lines and shipping do not explain is the adjustment.
    ``store_credit`` is the part of it that went to a gift card or the buyer's credit instead of their money.
    ``money_returned`` False: a credit without a payment (open invoice, removed line).
    """

    refund_id: StoreId
    order_id: StoreId
    order_number: Text
    created_at: Time
    currency: CurrencyCode
    sequence: int = 1
    reason: Text = ""
    lines: tuple[RefundLine, ...] = ()
    shipping: tuple[ChargeLine, ...] = ()
    fees: tuple[ChargeLine, ...] = ()
    taxes: tuple[TaxTotal, ...] = ()
    total_tax: Money = ZERO
    total: Money
    store_credit: Money = ZERO
    money_returned: bool = True
    payment_method: PaymentMethod = PaymentMethod()
    exchange_rate: StoreRate | None = None
    presentment: RefundAmounts | None = None
    buyer: Buyer = Buyer()
    test: bool = False

    @model_validator(mode="after")
    def _positive(self) -> "Refund":
        if self.total < 0:
            raise ValueError("a refund's total is written as a positive amount")
        return self


class GiftCardPayment(Shape):
    """A part of an order that its buyer paid with a gift card or store credit, told apart from the order."""

    transaction_id: StoreId
    order_id: StoreId
    amount: Money
    currency: CurrencyCode
    paid_at: Time
    gateway: Text = ""


class OrderRemoved(Shape):
    """The store moved an order to its trash or deleted it; it may come back."""

    order_id: StoreId


class RefundRemoved(Shape):
    """A refund was deleted in the store."""

    refund_id: StoreId
    order_id: StoreId
