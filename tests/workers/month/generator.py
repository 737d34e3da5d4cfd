"""A seeded month of orders: what was bought, paid, edited, cancelled and given back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from tests.workers.month.facts import (
    CENT,
    ZERO,
    Back,
    Charge,
    Platform,
    Reckoner,
    Refund,
    Sale,
    Sold,
    State,
    Tax,
    added,
    rounded,
    sums,
)
from tests.workers.month.markets import Market

FIRST = datetime(2026, 10, 1, 6, tzinfo=UTC)
DAYS = 25
SKUS = ("FIELD-NOTEBOOK", "PRINT", "MAP", "ATLAS")
STOCKED = "TIN-MUG"
GATEWAYS = ("stripe", "paypal")
BUYERS = 120
STORIES = {
    "paid": 46, "paid later": 10, "never paid": 4, "paid in parts": 6, "cancelled unpaid": 4, "cancelled first": 2,
    "cancelled paid": 4, "refunded": 5, "refunded in part": 9, "refunded a sum": 4, "edited unpaid": 3,
    "edited paid": 3, "line removed": 2, "refunded and cancelled": 2, "trashed": 2, "no order": 3,
    "gift card": 4,
}  # fmt: skip
"""What happens to how many orders of about a hundred."""


class Month:
    """Makes the orders of one market; the same seed makes the same month."""

    def __init__(self, market: Market, seed: int) -> None:
        self._market, self._random = market, Random(seed)
        self._next_id = 1000

    def sales(self, count: int) -> list[Sale]:
        """So many orders, in the order in which they were placed."""
        made = [self._sale() for _ in range(count)]
        return sorted(made, key=lambda sale: sale.created_at)

    def _sale(self) -> Sale:
        random, market = self._random, self._market
        story = random.choices([*STORIES], [*STORIES.values()])[0]
        currency = random.choice((market.home, market.home, *(market.rates or (market.home,))))
        platform: Platform = random.choice(("woocommerce", "shopify"))
        if story in ("edited unpaid", "edited paid", "trashed"):
            platform = "woocommerce"
        if story in ("paid in parts", "line removed"):
            platform = "shopify"
        if story in ("line removed", "refunded and cancelled", "gift card"):
            currency = market.home
        subtotal_rounding = platform == "woocommerce" and random.random() < 0.3
        sale = Sale(
            platform=platform,
            order_id=self._id(),
            currency=currency,
            region=random.choice([*market.regions]),
            gateway=random.choice(GATEWAYS),
            reckoner=Reckoner(market.inclusive, 6 if subtotal_rounding else 2),
            buyer=random.randrange(BUYERS),
            created_at=FIRST + timedelta(minutes=random.randrange(DAYS * 24 * 60)),
            real=story != "no order",
        )
        self._tell(sale, story)
        return sale

    def _id(self) -> int:
        self._next_id += 1
        return self._next_id

    def _tell(self, sale: Sale, story: str) -> None:
        first = self._cart(sale, story)
        if story == "gift card" and sale.platform == "shopify":
            if self._once_in(2):
                sale.gateway = "gift_card"
            else:
                sale.card_paid = rounded(sums(sale, first).total / 3)
        unpaid = replace(first, paid=ZERO)
        paid = self._paid(sale, first, sale.created_at)
        match story:
            case "paid later":
                sale.states = [unpaid, self._paid(sale, first, self._later(first))]
            case "never paid":
                sale.states = [unpaid]
            case "paid in parts":
                sale.states = [unpaid, *self._parts(sale, unpaid)]
            case "cancelled unpaid" | "cancelled first":
                ended = replace(unpaid, at=self._later(unpaid), ending="cancelled")
                sale.states = [ended] if story == "cancelled first" else [unpaid, ended]
            case "cancelled paid":
                start = [unpaid, self._paid(sale, first, self._later(first))] if self._once_in(3) else [paid]
                sale.states = [*start, self._cancelled(sale, start[-1])]
            case "refunded":
                sale.states = [paid, self._refunded_whole(sale, paid)]
            case "refunded in part":
                sale.states = [paid, part := self._refunded(sale, paid)]
                if self._once_in(3):
                    sale.states.append(self._refunded_sum(sale, part))
            case "refunded a sum":
                sale.states = [paid, self._refunded_sum(sale, paid)]
            case "refunded and cancelled":
                part = self._refunded(sale, paid)
                sale.states = [paid, part, self._cancelled(sale, part)]
            case "edited unpaid":
                edited = self._edited(unpaid)
                sale.states = [unpaid, edited]
                if self._once_in(2):
                    sale.states.append(self._paid(sale, edited, self._later(edited)))
            case "edited paid":
                sale.states = [paid, self._paid(sale, self._edited(paid), self._later(paid))]
            case "line removed":
                sale.states = [unpaid, self._credited(sale, unpaid)]
            case "trashed":
                start_of = unpaid if self._once_in(2) else paid
                sale.states = [start_of, replace(start_of, at=self._later(start_of), ending="trashed")]
            case _:
                sale.states = [paid]
                if sale.card_paid and self._once_in(3):
                    sale.states.append(self._cancelled(sale, paid))

    def _cart(self, sale: Sale, story: str) -> State:
        random, shopify = self._random, sale.platform == "shopify"
        taxes = self._market.regions[sale.region]
        sold = tuple(
            self._line(taxes, STOCKED if self._once_in(60) else random.choice(SKUS))
            for _ in range(random.choice((1, 1, 2, 2, 3, 4)))
        )
        if shopify and self._once_in(25):
            card = Sold(self._id(), "", 1, Decimal(random.choice((25, 50))), gift_card=True)
            sold = (*sold, card)
        if story == "paid" and self._once_in(25):
            sold = tuple(
                replace(line, discount=line.price * line.quantity) for line in sold if not line.gift_card
            )
            return State(sale.created_at, sold)
        shipping: tuple[Charge, ...] = ()
        if self._once_in(2):
            shipping = (Charge(self._id(), "Parcel", self._price(3, 12), taxes if self._once_in(2) else ()),)
        fees: tuple[Charge, ...] = ()
        if not shopify and self._once_in(8):
            wrap = Charge(self._id(), "Gift wrap", self._price(1, 5), taxes)
            fees = (wrap if self._once_in(2) else Charge(self._id(), "Loyal buyer", -self._price(0, 1)),)
        state = State(sale.created_at, sold, shipping, fees)
        if shopify and story in ("paid", "refunded in part") and self._once_in(8):
            state = replace(state, tip=self._price(1, 6))
        if shopify and story == "paid" and self._once_in(15):
            state = replace(state, cash_rounding=Decimal(random.choice(("0.02", "-0.02", "0.01"))))
        if not shopify and story == "gift card":
            whole = sums(sale, state).total
            state = replace(state, gift_cards=min(self._price(1, 20), whole - CENT))
        return state

    def _line(self, taxes: tuple[Tax, ...], sku: str) -> Sold:
        quantity = 1 if sku == STOCKED else self._random.choice((1, 1, 1, 2, 3, 7))
        price = self._price(2, 90)
        discount = rounded(price * quantity * self._random.choice((5, 10, 25, 33)) / 100)
        return Sold(
            self._id(),
            sku,
            quantity,
            price,
            discount if self._once_in(4) else ZERO,
            taxes if self._random.random() < 0.85 else (),
        )

    def _paid(self, sale: Sale, state: State, at: datetime) -> State:
        return replace(state, at=at, paid=sums(sale, state).total, paid_at=at)

    def _parts(self, sale: Sale, state: State) -> list[State]:
        total = sums(sale, state).total
        half = rounded(total * self._random.choice((3, 5, 8)) / 10)
        first = replace(state, at=self._later(state), paid=half)
        if self._once_in(3):
            return [first]
        return [first, replace(first, at=self._later(first), paid=total)]

    def _edited(self, state: State) -> State:
        """Something is added: what a paid order owes never falls below what came in."""
        added_line = replace(state.sold[0], line_id=self._id(), quantity=1, discount=ZERO, sku="MAP")
        return replace(state, at=self._later(state), sold=(*state.sold, added_line))

    def _cancelled(self, sale: Sale, state: State) -> State:
        """Shopify lists what it gave back; WooCommerce only changes the status."""
        at = self._later(state)
        refunds = state.refunds
        if sale.platform == "shopify":
            left = state.paid - added([one.amount for one in refunds])
            refunds = (*refunds, Refund(self._id(), at, left)) if left else refunds
        return replace(state, at=at, refunds=refunds, ending="cancelled")

    def _refunded_whole(self, sale: Sale, state: State) -> State:
        """WooCommerce tells a sum, which only the whole order explains, if it adds up without gift cards."""
        at, told = self._later(state), sums(sale, state)
        backs = tuple(
            Back(line, line.quantity, priced) for line, priced in zip(state.sold, told.lines, strict=True)
        )
        missed = told.total - told.total_tax - added([part.net for part in told.parts])
        refund = Refund(
            self._id(),
            at,
            told.total,
            backs,
            told.shipping[0] if told.shipping else None,
            whole=True,
            as_lines=abs(missed) < CENT or sale.platform == "shopify",
            restocked=self._once_in(2),
        )
        return replace(state, at=at, refunds=(refund,))

    def _refunded(self, sale: Sale, state: State) -> State:
        """Some pieces of one line, and sometimes the shipping."""
        at, priced = self._later(state), replace(sale.reckoner, places=2).priced
        line = self._random.choice(state.sold)
        count = self._random.randint(1, line.quantity)
        back = Back(line, count, priced(rounded(line.charged * count / line.quantity), line.taxes))
        shipped = state.shipping if self._once_in(3) else ()
        shipping = priced(shipped[0].charged, shipped[0].taxes) if shipped else None
        amount = back.priced.gross + (shipping.gross if shipping else ZERO)
        if amount >= sums(sale, state).total:
            return self._refunded_whole(sale, state)
        refund = Refund(self._id(), at, amount, (back,), shipping, restocked=self._once_in(2))
        if sale.platform == "shopify" and self._once_in(6):
            refund = replace(refund, store_credit=rounded(amount / 2))
        if sale.platform == "woocommerce" and self._once_in(2):
            refund = replace(refund, as_lines=False)
        return replace(state, at=at, refunds=(*state.refunds, refund))

    def _refunded_sum(self, sale: Sale, state: State) -> State:
        left = state.paid - added([one.amount for one in state.refunds])
        amount = min(self._price(1, 9), left)
        if amount in (ZERO, sums(sale, state).total):
            return replace(state, at=self._later(state))
        at = self._later(state)
        return replace(state, at=at, refunds=(*state.refunds, Refund(self._id(), at, amount, as_lines=False)))

    def _credited(self, sale: Sale, state: State) -> State:
        """A line is taken off before anybody paid: a refund without money."""
        line, at = state.sold[0], self._later(state)
        priced = sale.reckoner.priced(line.charged, line.taxes)
        credit = Refund(self._id(), at, priced.gross, (Back(line, line.quantity, priced),), money=False)
        return replace(state, at=at, refunds=(credit,))

    def _later(self, state: State) -> datetime:
        return state.at + timedelta(minutes=self._random.randint(1, 5 * 24 * 60))

    def _price(self, low: int, high: int) -> Decimal:
        return Decimal(self._random.randint(low * 100 + 1, high * 100)) * CENT

    def _once_in(self, times: int) -> bool:
        return self._random.randrange(times) == 0
