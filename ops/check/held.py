"""The ledger's side of a check: the documents that it remembers of a connection's orders."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from sqlalchemy import Connection as Database

from workers.ledger.bookings import Standing
from workers.ledger.holdings import (
    OpenFailure,
    first_versions,
    held_mappings,
    objects_under_way,
    open_failures,
)
from workers.orders.record import SaleRecord
from workers.steps import StoreKey

ZERO = Decimal(0)
Role = Literal["sale", "refund", "reversal", "payment", "credit", "payout"]
"""``credit``: a payment of nothing that applies a credit memo to an invoice."""


@dataclass(frozen=True, slots=True)
class Held:
    """One document. ``amount`` is what it must say; ``stands`` False: we voided or deleted it ourselves.

    ``account_id``: where the ledger knows that the money goes, else "". ``invoice_id``: what a payment pays.
    ``tax`` is a sale's, ``dated`` the open day that a sale of a closed period was given.
    ``told``: when the store told of it first, for a document that QuickBooks does not have.
    ``undone``: taken back by ``counterfoil ledger undo``.
    """

    key: StoreKey
    role: Role
    order_id: str
    entity: str
    quickbooks_id: str
    amount: Decimal
    stands: bool = True
    number: str = ""
    currency: str = ""
    account_id: str = ""
    invoice_id: str = ""
    tax: Decimal | None = None
    dated: str = ""
    told: datetime | None = None
    undone: bool = False

    @property
    def subject(self) -> str:
        """The store object that it was booked for."""
        return f"refund/{self.key.store_id}" if self.role == "refund" else self.object_key

    @property
    def object_key(self) -> str:
        """The store object whose events are applied one after another."""
        return f"payout/{self.key.store_id}" if self.role == "payout" else f"order/{self.order_id}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that a check asks of the ledger."""

    records: Mapping[str, SaleRecord]
    held: Mapping[StoreKey, Held]
    failures: Mapping[str, OpenFailure]
    """What needs a person, by subject."""
    ignored: Mapping[str, OpenFailure]
    """What a person ignored, by store object."""
    under_way: frozenset[str]

    def record_of(self, order_id: str) -> SaleRecord | None:
        """What is remembered of an order."""
        return self.records.get(order_id)

    def paid(self, record: SaleRecord) -> Decimal:
        """What is booked as paid on the order's invoice."""
        mine = (one.amount for one in self._payments(record) if one.invoice_id == record.quickbooks_id)
        return sum(mine, ZERO) + record.paid_before

    def received(self, record: SaleRecord) -> Decimal:
        """What is booked as received for the order, on any of its invoices."""
        return sum((one.amount for one in self._payments(record)), ZERO)

    def _payments(self, record: SaleRecord) -> Iterator[Held]:
        number = 1
        while (payment := self.held.get(StoreKey("payment", f"{record.order_id}/{number}"))) is not None:
            if payment.stands:
                yield payment
            number += 1


def read_ledger(database: Database, connection_id: str) -> Ledger:
    """All of one connection."""
    standings = held_mappings(database, connection_id, ("order", "refund", "payment", "payout"))
    first = first_versions(database, connection_id, "orders")
    failures = open_failures(database, connection_id, "orders")
    return ledger_of(standings, first, failures, objects_under_way(database, connection_id))


def ledger_of(
    standings: Iterable[Standing],
    first: Mapping[str, datetime],
    failures: Iterable[OpenFailure],
    under_way: Iterable[str],
) -> Ledger:
    """Put the ledger's side together. Pure."""
    standings, failures = list(standings), list(failures)
    records = {
        one.mapping.key.store_id: SaleRecord.of(one.mapping)
        for one in standings
        if one.mapping.key.kind == "order"
    }
    held = {
        one.key: one
        for standing in standings
        if standing.mapping.quickbooks_id and (one := _held(standing, records, first)) is not None
    }
    return Ledger(
        records=records,
        held=held,
        failures={one.subject: one for one in failures if one.status != "ignored"},
        ignored={one.object_key: one for one in failures if one.status == "ignored"},
        under_way=frozenset(under_way),
    )


def _held(
    standing: Standing, records: Mapping[str, SaleRecord], first: Mapping[str, datetime]
) -> Held | None:
    mapping, detail = standing.mapping, standing.mapping.detail
    role, order_id = _role(standing)
    record = records.get(order_id)
    own = SaleRecord.of(mapping) if role == "sale" else None
    subject = f"payout/{mapping.key.store_id}" if role == "payout" else f"order/{order_id}"
    amount = detail.get("amount") if mapping.key.kind == "payment" else detail.get("total")
    if own is not None:
        amount = str(own.total)
    if amount is None:
        return None
    return Held(
        key=mapping.key,
        role=role,
        order_id=order_id,
        entity=mapping.entity,
        quickbooks_id=mapping.quickbooks_id,
        amount=Decimal(amount),
        stands=own.ended != "voided" if own is not None else not mapping.removed,
        number=str(detail.get("number", "")),
        currency=record.currency if record is not None else str(detail.get("currency", "")),
        account_id=str(detail.get("account") or _account(role, record)),
        invoice_id=str(detail.get("invoice", "")) if role == "payment" else "",
        tax=own.tax if own is not None else None,
        dated=own.dated if own is not None else "",
        told=first.get(subject, mapping.version),
        undone=mapping.removed and standing.event_id.startswith("undo-"),
    )


def _account(role: Role, record: SaleRecord | None) -> str:
    """Where the order's money goes, as its sale remembers it."""
    return record.account_id if record is not None and role in ("sale", "payment") else ""


def _role(standing: Standing) -> tuple[Role, str]:
    kind, store_id = standing.mapping.key
    detail = standing.mapping.detail
    match kind:
        case "order":
            return "sale", store_id
        case "payout":
            return "payout", ""
        case "refund" if store_id.startswith("reversal/"):
            return "reversal", store_id.removeprefix("reversal/").rpartition("/")[0]
        case "refund":
            return "refund", str(detail.get("order", ""))
        case _ if "invoice" in detail:
            return "payment", store_id.rpartition("/")[0]
        case _:
            return "credit", store_id.partition("/")[2]
