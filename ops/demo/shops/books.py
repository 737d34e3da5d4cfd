"""What the books must say of a shop's orders, computed from the shop's own figures and nothing else."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ops.demo.shops.sale import ZERO, Snapshot

Trouble = Literal["", "unmapped_tax", "unknown_sku", "unknown_customer"]
"""Why an order cannot be booked before somebody acts."""


@dataclass(frozen=True, slots=True)
class ExpectedOrder:
    """One order in the books.

    ``documents`` are the kinds that usually stand for it; a sale that is booked only after its payment is one
    receipt instead of invoice and payment, so totals are compared, not kinds. ``tax`` is the store's, to be met
    within the cents that a "Rounding" line takes up. ``may_be_absent``: nothing at all is right too.
    """

    number: str
    order_id: str
    sale: Decimal
    tax: Decimal
    refunds: tuple[Decimal, ...] = ()
    open_balance: Decimal = ZERO
    void: bool = False
    may_be_absent: bool = False
    trouble: Trouble = ""
    documents: tuple[str, ...] = ()

    @property
    def refunded(self) -> Decimal:
        """All money given back."""
        return sum(self.refunds, ZERO)

    @property
    def net(self) -> Decimal:
        """Sales less refunds, tax included: the figure that must be met to the cent."""
        return self.sale - self.refunded


@dataclass(frozen=True, slots=True)
class ExpectedBooks:
    """A shop's orders by number, and their sums."""

    orders: Mapping[str, ExpectedOrder]

    def without(self, ignored: Collection[str]) -> "ExpectedBooks":
        """The same books, had the orders with these numbers been ignored."""
        return ExpectedBooks({number: one for number, one in self.orders.items() if number not in ignored})

    def in_trouble(self, trouble: Trouble) -> tuple[ExpectedOrder, ...]:
        """The orders that wait for the same repair."""
        return tuple(one for one in self.orders.values() if one.trouble == trouble)

    @property
    def sales(self) -> Decimal:
        """All sales, tax included; cancelled ones that were never paid are none."""
        return sum((one.sale for one in self.orders.values()), ZERO)

    @property
    def refunded(self) -> Decimal:
        """All money given back."""
        return sum((one.refunded for one in self.orders.values()), ZERO)

    @property
    def net(self) -> Decimal:
        """Sales less refunds."""
        return self.sales - self.refunded

    @property
    def receivable(self) -> Decimal:
        """What buyers still owe."""
        return sum((one.open_balance for one in self.orders.values()), ZERO)


def expected_books(last: Iterable[tuple[Snapshot, Trouble]]) -> ExpectedBooks:
    """From the last snapshot of every order."""
    found = (_expected(snapshot, trouble) for snapshot, trouble in last)
    return ExpectedBooks({one.number: one for one in found})


def _expected(snapshot: Snapshot, trouble: Trouble) -> ExpectedOrder:
    order = snapshot.order
    if snapshot.cancelled and not snapshot.paid:
        return ExpectedOrder(
            order.number,
            str(order.order_id),
            ZERO,
            ZERO,
            void=True,
            may_be_absent=True,
            trouble=trouble,
            documents=("Invoice (void)",),
        )
    refunds = tuple(refund.amount for refund in snapshot.refunds)
    if snapshot.cancelled:
        refunds = (order.total,)
    return ExpectedOrder(
        order.number,
        str(order.order_id),
        order.total,
        order.total_tax,
        refunds=refunds,
        open_balance=order.total - snapshot.paid,
        may_be_absent=snapshot.cancelled,
        trouble=trouble,
        documents=_documents(snapshot, len(refunds)),
    )


def _documents(snapshot: Snapshot, refunds: int) -> tuple[str, ...]:
    at_once = snapshot.paid_in_full and snapshot.paid_at == snapshot.order.placed_at
    sale = ("SalesReceipt",) if at_once else ("Invoice", *(("Payment",) if snapshot.paid else ()))
    return (*sale, *(("RefundReceipt",) * refunds))
