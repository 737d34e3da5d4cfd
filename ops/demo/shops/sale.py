"""An order as the shop keeps it, with its own arithmetic: tax on each line, rounded half up to cents.

Source: both platforms round the tax of each line; WooCommerce unless "round at subtotal level" is on.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from ops.demo.shops.catalogue import Person, Ware

ZERO = Decimal("0.00")
CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Half up to cents."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class ShopTax:
    """The one tax of an order. ``key`` is what the tax map must know it by."""

    name: str
    percent: Decimal

    @property
    def key(self) -> str:
        """For example ``GST 5%``."""
        return f"{self.name} {self.percent}%"

    def on(self, amount: Decimal) -> Decimal:
        """The tax on a net amount."""
        return cents(amount * self.percent / 100)


@dataclass(frozen=True, slots=True)
class Sold:
    """Some of one thing; ``discount`` is what comes off the whole line."""

    line_id: int
    ware: Ware
    quantity: int
    discount: Decimal = ZERO

    @property
    def subtotal(self) -> Decimal:
        """Before the discount."""
        return cents(self.ware.price * self.quantity)

    @property
    def total(self) -> Decimal:
        """After it, without tax."""
        return self.subtotal - self.discount


@dataclass(frozen=True, slots=True)
class Order:
    """What was ordered, and for how much."""

    order_id: int
    number: str
    buyer: Person | None
    lines: tuple[Sold, ...]
    tax: ShopTax
    placed_at: datetime
    gateway: str
    shipping: Decimal = ZERO
    fee: Decimal = ZERO
    tip: Decimal = ZERO
    gift_card: Decimal = ZERO
    code: str = ""

    def line_tax(self, line: Sold) -> Decimal:
        """Tax of one line. Shipping, fees and tips bear none in these shops' states."""
        return self.tax.on(line.total)

    @property
    def net(self) -> Decimal:
        """The lines after discounts, without tax."""
        return sum((line.total for line in self.lines), ZERO)

    @property
    def discount(self) -> Decimal:
        """All discounts."""
        return sum((line.discount for line in self.lines), ZERO)

    @property
    def total_tax(self) -> Decimal:
        """All taxes."""
        return sum((self.line_tax(line) for line in self.lines), ZERO)

    @property
    def total(self) -> Decimal:
        """What the buyer owes in money: gift cards that were redeemed are off."""
        return self.net + self.total_tax + self.shipping + self.fee + self.tip - self.gift_card


@dataclass(frozen=True, slots=True)
class GivenBack:
    """One refund: the whole order (``line`` None, ``whole``), some pieces of a line, or just an amount."""

    refund_id: int
    at: datetime
    net: Decimal
    tax: Decimal = ZERO
    line: Sold | None = None
    quantity: int = 0
    whole: bool = False
    reason: str = ""

    @property
    def amount(self) -> Decimal:
        """The money that went back."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An order at one moment. ``paid`` is the money received so far."""

    order: Order
    changed_at: datetime
    paid: Decimal = ZERO
    paid_at: datetime | None = None
    cancelled: bool = False
    refunds: tuple[GivenBack, ...] = ()

    @property
    def paid_in_full(self) -> bool:
        """True once nothing is owed."""
        return self.paid >= self.order.total

    @property
    def given_back(self) -> Decimal:
        """All refunds."""
        return sum((refund.amount for refund in self.refunds), ZERO)
