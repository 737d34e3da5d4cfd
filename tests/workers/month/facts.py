"""What a shop did, in its own numbers: lines, taxes, money, and how the store reckons with them.

Nothing here knows the canonical events, the mapping or QuickBooks.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

CENT = Decimal("0.01")
HUNDRED = Decimal(100)
ZERO = Decimal(0)
Platform = Literal["woocommerce", "shopify"]


def rounded(amount: Decimal, places: int = 2) -> Decimal:
    """Half up."""
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def added(amounts: "list[Decimal]") -> Decimal:
    """Their sum."""
    return sum(amounts, ZERO)


@dataclass(frozen=True)
class Tax:
    """One tax of a region: what the store calls it, its percentage, and the account that it is owed on."""

    name: str
    percent: Decimal
    account: str


@dataclass(frozen=True)
class Priced:
    """What a line, shipping or a fee costs after discounts: net of tax, and each tax."""

    net: Decimal
    taxes: tuple[tuple[Tax, Decimal], ...] = ()

    @property
    def tax(self) -> Decimal:
        return added([amount for _, amount in self.taxes])

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


@dataclass(frozen=True)
class Reckoner:
    """How one store reckons: prices with tax inside or not, taxes rounded on each line or kept to six places."""

    inclusive: bool
    places: int

    def priced(self, charged: Decimal, taxes: tuple[Tax, ...]) -> Priced:
        """``charged`` as the price list says it."""
        if not self.inclusive:
            owed = tuple((tax, rounded(charged * tax.percent / HUNDRED, self.places)) for tax in taxes)
            return Priced(charged, owed)
        together = HUNDRED + added([tax.percent for tax in taxes])
        owed = tuple((tax, rounded(charged * tax.percent / together, self.places)) for tax in taxes)
        return Priced(charged - added([amount for _, amount in owed]), owed)


@dataclass(frozen=True)
class Sold:
    """One line: ``price`` of one piece and ``discount`` on the whole line, as the price list says them."""

    line_id: int
    sku: str
    quantity: int
    price: Decimal
    discount: Decimal = ZERO
    taxes: tuple[Tax, ...] = ()
    gift_card: bool = False

    @property
    def charged(self) -> Decimal:
        return self.price * self.quantity - self.discount


@dataclass(frozen=True)
class Charge:
    """Shipping or a fee."""

    line_id: int
    name: str
    charged: Decimal
    taxes: tuple[Tax, ...] = ()


@dataclass(frozen=True)
class Back:
    """What of a line was given back."""

    line: Sold
    quantity: int
    priced: Priced


@dataclass(frozen=True)
class Refund:
    """Goods or money given back. ``whole``: the order with everything in it. ``money`` False: only a credit.

    ``as_lines`` False: the store tells only the sum.
    """

    refund_id: int
    at: datetime
    amount: Decimal
    backs: tuple[Back, ...] = ()
    shipping: Priced | None = None
    whole: bool = False
    as_lines: bool = True
    money: bool = True
    restocked: bool = False
    store_credit: Decimal = ZERO


@dataclass(frozen=True)
class State:
    """An order as the store has it from one moment on."""

    at: datetime
    sold: tuple[Sold, ...]
    shipping: tuple[Charge, ...] = ()
    fees: tuple[Charge, ...] = ()
    tip: Decimal = ZERO
    cash_rounding: Decimal = ZERO
    gift_cards: Decimal = ZERO
    paid: Decimal = ZERO
    paid_at: datetime | None = None
    refunds: tuple[Refund, ...] = ()
    ending: Literal["", "cancelled", "trashed"] = ""


@dataclass
class Sale:
    """One order and everything that happened to it. ``real`` False: a draft or a test, which is no order.

    ``card_paid``: what a gift card paid of it, where only a transaction of its own says it.
    """

    platform: Platform
    order_id: int
    currency: str
    region: str
    gateway: str
    reckoner: Reckoner
    buyer: int
    created_at: datetime
    real: bool = True
    card_paid: Decimal = ZERO
    states: list[State] = field(default_factory=list)

    @property
    def last(self) -> State:
        return self.states[-1]


@dataclass(frozen=True)
class Sums:
    """What the store says of an order's state."""

    lines: tuple[Priced, ...]
    shipping: tuple[Priced, ...]
    fees: tuple[Priced, ...]
    total_tax: Decimal
    total: Decimal

    @property
    def parts(self) -> tuple[Priced, ...]:
        return (*self.lines, *self.shipping, *self.fees)


def sums(sale: Sale, state: State) -> Sums:
    """The store's own arithmetic: each tax is rounded once more over the whole order."""
    priced = sale.reckoner.priced
    lines = tuple(priced(line.charged, line.taxes) for line in state.sold)
    shipping = tuple(priced(one.charged, one.taxes) for one in state.shipping)
    fees = tuple(priced(one.charged, one.taxes) for one in state.fees)
    parts = (*lines, *shipping, *fees)
    total_tax = added([rounded(amount) for amount in by_tax(parts).values()])
    charged = added([line.charged for line in state.sold])
    charged += added([one.charged for one in (*state.shipping, *state.fees)])
    total = charged if sale.reckoner.inclusive else charged + total_tax
    total += state.tip + state.cash_rounding - state.gift_cards
    return Sums(lines, shipping, fees, total_tax, total)


def by_tax(parts: tuple[Priced, ...]) -> dict[Tax, Decimal]:
    """How much of each tax some parts bear."""
    found: dict[Tax, Decimal] = {}
    for part in parts:
        for tax, amount in part.taxes:
            found[tax] = found.get(tax, ZERO) + amount
    return found
