"""The store's side of a check: what its orders and refunds should have become in the books."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from pydantic import ValidationError

from events.fetching.store import EventPage
from events.stores.api import Kind, Span
from schemas.connection import Connection
from schemas.envelope import Envelope
from schemas.money import to_cents
from schemas.orders import Order, Refund
from schemas.payouts import Payout
from workers.context import Context
from workers.mapping.as_booked import order_as_booked, refund_as_booked
from workers.mapping.deposit import bank_account
from workers.mapping.frame import Frame
from workers.mapping.marks import book_date
from workers.mapping.sale import amount_paid, sale_date
from workers.steps import Company

ORDERS = frozenset(
    {
        "orders.created",
        "orders.paid",
        "orders.updated",
        "orders.edited",
        "orders.cancelled",
        "orders.restored",
    }
)


class Asked(Protocol):
    """What is needed of a store (events.fetching.store)."""

    def pages(self, kind: Kind, span: Span, cursor: str = "") -> Iterator[EventPage]:
        """What changed, page by page."""
        ...


@dataclass(frozen=True, slots=True)
class Sold:
    """An order. ``total`` and ``paid`` as they should be booked, ``frame`` what decides about it."""

    order: Order
    frame: Frame
    date: str
    total: Decimal
    paid: Decimal
    currency: str
    changed: datetime

    @property
    def subject(self) -> str:
        """As the ledger names it."""
        return f"order/{self.order.order_id}"


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A refund that the store lists."""

    refund: Refund
    date: str
    total: Decimal
    currency: str
    changed: datetime

    @property
    def subject(self) -> str:
        """As the ledger names it."""
        return f"refund/{self.refund.refund_id}"


@dataclass(frozen=True, slots=True)
class PaidOut:
    """A payout whose gateway has a bank account in the settings."""

    payout: Payout
    changed: datetime

    @property
    def subject(self) -> str:
        """As the ledger names it."""
        return f"payout/{self.payout.payout_id}"

    @property
    def date(self) -> str:
        """When the bank got it."""
        return self.payout.paid_on.isoformat()

    @property
    def total(self) -> Decimal:
        """What the bank got."""
        return to_cents(self.payout.amount)

    @property
    def currency(self) -> str:
        """The bank's."""
        return self.payout.currency


@dataclass(slots=True)
class Shop:
    """All that the store told, the newest of each object. ``unreadable``: what it told and nobody can read."""

    orders: dict[str, Sold] = field(default_factory=dict)
    refunds: dict[str, GivenBack] = field(default_factory=dict)
    payouts: dict[str, PaidOut] = field(default_factory=dict)
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def read_shop(
    store: Asked, since: datetime, connection: Connection, company: Company, tell: Callable[[str, int], None]
) -> Shop:
    """Everything that was touched since a moment: an order of these days, or one that was paid or refunded in them.

    Raises:
        StoreProblem: the store cannot be asked, or does not let us read so far back.
    """
    shop = Shop()
    kinds: tuple[Kind, ...] = ("orders", "payouts") if connection.settings.accounts.bank else ("orders",)
    for kind in kinds:
        read = 0
        for page in store.pages(kind, Span(since)):
            for envelope in page.events:
                _take(envelope, Context(envelope, connection, company), shop)
            read += page.objects
            tell(f"store's {kind}", read)
    return shop


def _take(envelope: Envelope, context: Context, shop: Shop) -> None:
    try:
        if envelope.type in ORDERS:
            sold = _sold(Order.model_validate(envelope.data), context)
            shop.orders[sold.order.order_id] = sold
        elif envelope.type == "orders.refunded":
            given = _given_back(Refund.model_validate(envelope.data), context)
            shop.refunds[given.refund.refund_id] = given
        elif envelope.type == "orders.payout_paid":
            payout = Payout.model_validate(envelope.data)
            if bank_account(payout, Frame.of(context, envelope.subject)):
                shop.payouts[payout.payout_id] = PaidOut(payout, envelope.time)
        elif envelope.type == "orders.unreadable_webhook":
            shop.unreadable.append((envelope.subject, str(envelope.data.get("problem", ""))))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        shop.unreadable.append((envelope.subject, str(problem["msg"])))


def _sold(order: Order, context: Context) -> Sold:
    frame = Frame.of(context, f"Order {order.number}")
    books = order_as_booked(order, frame)
    return Sold(
        order,
        frame,
        date=sale_date(order, frame),
        total=to_cents(books.total),
        paid=amount_paid(books),
        currency=books.currency,
        changed=context.envelope.time,
    )


def _given_back(refund: Refund, context: Context) -> GivenBack:
    frame = Frame.of(context, f"Refund {refund.refund_id}")
    books = refund_as_booked(refund, frame)
    return GivenBack(
        refund,
        date=book_date(refund.created_at, frame.settings.time_zone),
        total=to_cents(books.total),
        currency=books.currency,
        changed=max(context.envelope.time, refund.created_at),
    )
