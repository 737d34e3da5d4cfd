"""Payments of an order's invoice: what the store received, less what is booked (rules A2, A3)."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.orders import Order
from workers.answers import NOT_THERE, reread
from workers.errors import QuickBooksRejected
from workers.mapping.frame import Frame
from workers.mapping.payment import payment_document
from workers.mapping.sale import amount_paid
from workers.orders.open_days import created
from workers.orders.rates import rate_fields
from workers.orders.record import SaleRecord
from workers.outcomes import Document
from workers.steps import Step, StoreKey, SyncMapping, Write, recall

ZERO = Decimal(0)
PAGE = 3
"""Payments asked for at once: few orders are paid in more parts."""


@dataclass(frozen=True, slots=True)
class Payments:
    """The payments booked for one order, in order."""

    mappings: tuple[SyncMapping, ...] = ()

    def of_invoice(self, invoice_id: str) -> Decimal:
        """What is booked for this very invoice."""
        booked = (
            one.detail for one in self.mappings if not one.removed and one.detail.get("invoice") == invoice_id
        )
        return sum((Decimal(detail["amount"]) for detail in booked), ZERO)

    @property
    def account_id(self) -> str:
        """The account that the last money came into; "" where none did."""
        accounts = [str(one.detail.get("account", "")) for one in self.mappings if not one.removed]
        return next((account for account in reversed(accounts) if account), "")

    @property
    def next_number(self) -> int:
        """The number of the payment to come."""
        return len(self.mappings) + 1


def payment_keys(order_id: str, first: int = 1) -> list[StoreKey]:
    """The keys of a page of payments."""
    return [StoreKey("payment", f"{order_id}/{number}") for number in range(first, first + PAGE)]


def booked_payments(order_id: str, known: Mapping[StoreKey, SyncMapping]) -> Generator[Step, Any, Payments]:
    """All payments of an order; ``known`` holds the first page."""
    found: list[SyncMapping] = []
    page = known
    while True:
        keys = payment_keys(order_id, len(found) + 1)
        fresh = [page[key] for key in keys if key in page]
        found += fresh
        if len(fresh) < PAGE:
            return Payments(tuple(found))
        page = yield from recall(payment_keys(order_id, len(found) + 1))


def book_payments(
    order: Order, record: SaleRecord, payments: Payments, version: datetime, frame: Frame
) -> Generator[Step, Any, list[Document]]:
    """One payment for what came in since; nothing when all is booked or the sale is a receipt."""
    if record.entity != "Invoice":
        return []
    settled = payments.of_invoice(record.quickbooks_id) + record.paid_before
    amount = amount_paid(order) - settled - record.beyond
    if amount <= 0:
        return []
    number = payments.next_number
    document = payment_document(
        order,
        amount,
        number,
        open_amount=max(record.total - settled - record.credited, ZERO),
        invoice_id=record.quickbooks_id,
        customer_id=record.customer_id,
        frame=frame,
    )
    document |= yield from rate_fields(order.currency, document["TxnDate"], order.exchange_rate, frame)
    step = Write(
        f"payment-{number}",
        "Payment",
        "create",
        document,
        key=StoreKey("payment", f"{order.order_id}/{number}"),
        version=version,
        detail={
            "amount": str(amount),
            "invoice": record.quickbooks_id,
            "account": document["DepositToAccountRef"]["value"],
        },
    )
    try:
        _, answer = yield from created(step, frame)
    except QuickBooksRejected as error:
        if error.fault_code not in NOT_THERE:
            raise
        _, answer = yield from created((yield from _of_whoever_owes(step, record, error, frame)), frame)
    return [Document("Payment", str(answer["Id"]))]


def _of_whoever_owes(
    step: Write, record: SaleRecord, error: QuickBooksRejected, frame: Frame
) -> Generator[Step, Any, Write]:
    """The payment for the customer of the invoice as it is now: who merges two of them moves their invoices (A65).

    Raises:
        RemovedInQuickBooks: a person removed the invoice (A11).
        QuickBooksRejected: the customer is the one that we had.
    """
    invoice = yield from reread(record.entity, record.quickbooks_id, frame.subject)
    customer_id = str((invoice.get("CustomerRef") or {}).get("value", ""))
    if customer_id in ("", record.customer_id):
        raise error
    document = {**step.document, "CustomerRef": {"value": customer_id}}
    return replace(step, name=f"{step.name}-for-{customer_id}", document=document)
