"""The story of one shop: its customers, its products, and some seventy orders of every kind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from ops.demo.shops.books import Trouble
from ops.demo.shops.catalogue import Person, Ware
from ops.demo.shops.happening import OrderChanged
from ops.demo.shops.sale import ZERO, GivenBack, Order, ShopTax, Snapshot, Sold, cents

PLAN = {
    "paid": 26, "paid_later": 8, "on_account": 4, "refunded": 4, "partly_refunded": 6, "cancelled_unpaid": 4,
    "cancelled_paid": 3, "edited": 5,
}  # fmt: skip
"""How many orders of each kind a shop has, besides those in trouble."""

FOREIGN_TAX_ORDERS = 4
DAYS = 20
COUNTED = 10
"""So many wares are counted in the end. Orders in trouble are of the others: they are booked after the count."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what a story is about. ``stranger`` and ``oddity`` are known to nobody before."""

    buyers: tuple[Person, ...]
    wares: tuple[Ware, ...]
    tax: ShopTax
    foreign_tax: ShopTax
    foreigner: Person
    stranger: Person | None
    oddity: Ware
    gateways: tuple[str, ...]
    later_gateway: str
    first_order: int
    shipping: Decimal
    fee: Decimal = ZERO
    tip: Decimal = ZERO
    gift_card: Decimal = ZERO
    part_payments: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    """One order from its first to its last step."""

    steps: tuple[OrderChanged, ...]
    trouble: Trouble = ""

    @property
    def last(self) -> Snapshot:
        """How the order stands in the end."""
        return self.steps[-1].now


class Teller:
    """Makes up orders. The same random numbers tell the same story."""

    def __init__(self, cast: Cast, random: Random, opened_at: datetime) -> None:
        self._cast = cast
        self._random = random
        self._opened_at = opened_at
        self._next = cast.first_order

    def tracks(self) -> list[Track]:
        """All orders, in no order of time."""
        told = [self._track(kind, number) for kind, count in PLAN.items() for number in range(count)]
        return [*told, *self._in_trouble()]

    def _in_trouble(self) -> Iterator[Track]:
        cast = self._cast
        uncounted = cast.wares[COUNTED:]
        for _ in range(FOREIGN_TAX_ORDERS):
            order = replace(self._order(uncounted), tax=cast.foreign_tax, buyer=cast.foreigner)
            yield Track((self._paid_at_once(order, "with a tax that nobody mapped"),), "unmapped_tax")
        order = self._order(uncounted)
        odd = replace(order, lines=(*order.lines[:1], Sold(order.order_id * 10 + 9, cast.oddity, 1)))
        yield Track((self._paid_at_once(odd, "with a SKU that nobody knows"),), "unknown_sku")
        if cast.stranger is not None:
            order = replace(self._order(uncounted), buyer=cast.stranger)
            yield Track((self._paid_at_once(order, "of a buyer whom nobody knows"),), "unknown_customer")

    def _track(self, kind: str, number: int) -> Track:
        order = self._order(self._cast.wares)
        match kind:
            case "paid":
                return Track((self._paid_at_once(self._embellished(order, number)),))
            case "paid_later":
                return Track(tuple(self._paid_later(order, number)))
            case "on_account":
                return Track((self._unpaid(order),))
            case "refunded":
                return Track(self._refunded(self._paid_at_once(order)))
            case "partly_refunded":
                return Track(self._partly_refunded(self._paid_at_once(order), number))
            case "cancelled_unpaid":
                return Track(self._cancelled(self._unpaid(order)))
            case "cancelled_paid":
                return Track(self._cancelled(self._paid_at_once(order)))
            case _:
                return Track(tuple(self._edited(order, number)))

    def _order(self, wares: Sequence[Ware]) -> Order:
        random, cast = self._random, self._cast
        order_id = self._next
        self._next += 1
        chosen = random.sample(wares, random.randrange(1, 4))
        with_code = random.random() < 0.25
        lines = []
        for index, ware in enumerate(chosen, start=1):
            line = Sold(order_id * 10 + index, ware, random.randrange(1, 4))
            lines.append(replace(line, discount=cents(line.subtotal / 10)) if with_code else line)
        return Order(
            order_id=order_id,
            number=str(order_id),
            buyer=random.choice(cast.buyers),
            lines=tuple(lines),
            tax=cast.tax,
            placed_at=self._opened_at + timedelta(days=1, minutes=random.randrange(DAYS * 24 * 60)),
            gateway=random.choice(cast.gateways),
            shipping=cast.shipping if random.random() < 0.6 else ZERO,
            code="HELLO10" if with_code else "",
        )

    def _embellished(self, order: Order, number: int) -> Order:
        """A few orders with what the shop has besides goods: a fee, a tip, a redeemed gift card, a guest."""
        cast = self._cast
        match number:
            case 0 | 1:
                return replace(order, fee=cast.fee)
            case 2 | 3:
                return replace(order, tip=cast.tip)
            case 4:
                return replace(order, gift_card=cast.gift_card)
            case 5 | 6 if cast.stranger is None and order.buyer is not None:
                return replace(order, buyer=replace(order.buyer, customer_id=None))
            case _:
                return order

    def _later(self, at: datetime) -> datetime:
        return at + timedelta(minutes=self._random.randrange(30, 60 * 30), seconds=self._random.randrange(60))

    def _paid_at_once(self, order: Order, note: str = "") -> OrderChanged:
        at = order.placed_at
        return OrderChanged(at, "placed", Snapshot(order, at, order.total, at), note or "paid")

    def _unpaid(self, order: Order) -> OrderChanged:
        order = replace(order, gateway=self._cast.later_gateway)
        return OrderChanged(order.placed_at, "placed", Snapshot(order, order.placed_at), "unpaid")

    def _paid_later(self, order: Order, number: int) -> Iterator[OrderChanged]:
        placed = self._unpaid(order)
        yield placed
        at = self._later(placed.at)
        if self._cast.part_payments and number < 3:
            half = cents(order.total / 2)
            part = replace(placed.now, changed_at=at, paid=half, paid_at=at)
            yield OrderChanged(at, "part_paid", part, "half of it paid")
            at = self._later(at)
        yield OrderChanged(at, "paid", self._settled(placed.now, at), "paid later")

    def _settled(self, now: Snapshot, at: datetime) -> Snapshot:
        return replace(now, changed_at=at, paid=now.order.total, paid_at=at)

    def _refunded(self, placed: OrderChanged) -> tuple[OrderChanged, ...]:
        order, at = placed.now.order, self._later(placed.at)
        back = GivenBack(
            refund_id=order.order_id + 500_000,
            at=at,
            net=order.total - order.total_tax,
            tax=order.total_tax,
            whole=True,
            reason="Sent back",
        )
        now = replace(placed.now, changed_at=at, refunds=(back,))
        return placed, OrderChanged(at, "refunded", now, "refunded")

    def _partly_refunded(self, placed: OrderChanged, number: int) -> tuple[OrderChanged, ...]:
        """One piece of the first line goes back; every third order gets a second refund later."""
        steps = [placed]
        order = placed.now.order
        for count in (1, 2) if number % 3 == 0 and order.lines[0].quantity > 1 else (1,):
            line, at = order.lines[0], self._later(steps[-1].at)
            net = cents(line.total / line.quantity)
            back = GivenBack(
                refund_id=order.order_id + 500_000 + 100_000 * count,
                at=at,
                net=net,
                tax=order.tax.on(net),
                line=line,
                quantity=1,
                reason="Broken on arrival",
            )
            now = replace(steps[-1].now, changed_at=at, refunds=(*steps[-1].now.refunds, back))
            steps.append(OrderChanged(at, "refunded", now, "partly refunded"))
        return tuple(steps)

    def _cancelled(self, placed: OrderChanged) -> tuple[OrderChanged, ...]:
        at = self._later(placed.at)
        now = replace(placed.now, changed_at=at, cancelled=True)
        note = "cancelled after payment" if now.paid else "cancelled"
        return placed, OrderChanged(at, "cancelled", now, note)

    def _edited(self, order: Order, number: int) -> Iterator[OrderChanged]:
        """The buyer wants one more before paying; every other one pays in the end."""
        placed = self._unpaid(order)
        yield placed
        at = self._later(placed.at)
        first, *others = placed.now.order.lines
        changed = replace(placed.now.order, lines=(replace(first, quantity=first.quantity + 1), *others))
        now = replace(placed.now, order=changed, changed_at=at)
        yield OrderChanged(at, "edited", now, "edited")
        if number % 2:
            at = self._later(at)
            yield OrderChanged(at, "paid", self._settled(now, at), "paid after an edit")
