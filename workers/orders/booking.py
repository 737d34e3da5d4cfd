"""Writing the document that stands for an order, and making sure that QuickBooks booked the same sum."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.orders import Order
from workers.answers import NUMBER_TAKEN, reread
from workers.errors import QuickBooksRejected, TotalsDiffer
from workers.items.bundles import bundles_of
from workers.items.lookup import Wanted, resolve_items, wanted_item
from workers.mapping.as_booked import order_as_booked
from workers.mapping.bundle import with_bundles
from workers.mapping.fingerprint import fingerprint, order_hash
from workers.mapping.frame import Frame
from workers.mapping.sale import SaleDocument, SaleKind, sale_document, sale_mark
from workers.orders.numbers import adopted
from workers.orders.open_days import created
from workers.orders.rates import rate_fields
from workers.orders.record import SaleRecord, order_key
from workers.orders.sums import amount_of, made_equal, sums_differ
from workers.parties.customers import resolve_customer
from workers.parties.gone import GONE, successor_of
from workers.parties.party import Party, party_of
from workers.steps import Json, Step, StoreKey, SyncMapping, Write, remember

Known = Mapping[StoreKey, SyncMapping]
UNCHECKED = "not compared yet"
"""Stands in a record between the write and the look at the sum: who dies there looks again."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready to be written, the record that it will leave, and whom it is for."""

    document: SaleDocument
    body: Json
    record: SaleRecord
    party: Party

    def for_customer(self, customer_id: str) -> "Prepared":
        """The same document for somebody else."""
        body = {**self.body, "CustomerRef": {"value": customer_id}}
        record = replace(self.record, customer_id=customer_id, expected=fingerprint(body))
        return replace(self, body=body, record=record)


def wanted_items(order: Order) -> dict[str, Wanted]:
    """What each order line needs, by line id; a gift card has an item of its own kind."""
    return {
        line.line_id: wanted_item(line.product_id, line.variant_id, line.sku, line.name)
        for line in order.lines
        if not line.gift_card
    }


def party_keys(order: Order, frame: Frame) -> tuple[StoreKey, ...]:
    """Under which the buyer may be remembered."""
    return party_of(order.buyer, order_as_booked(order, frame).currency, frame).keys


def prepare(
    order: Order, kind: SaleKind, generation: int, known: Known, version: datetime, frame: Frame
) -> Generator[Step, Any, Prepared]:
    """Build the document. All that can be seen to fail fails here, before the first document is written.

    The hash is that of the order as the store told it: another setting makes no booked order look edited.
    """
    stored, order = order_hash(order), order_as_booked(order, frame)
    wanted = wanted_items(order)
    items = yield from resolve_items(wanted.values(), known, frame)
    by_line = {line_id: items[one].quickbooks_id for line_id, one in wanted.items()}
    document = sale_document(order, kind, by_line, frame, generation=generation)
    bundles = yield from bundles_of((line.sku for line in order.lines), version, frame)
    document = replace(document, body=with_bundles(document.body, bundles, frame))
    party: Party = party_of(order.buyer, order.currency, frame)
    rate = yield from rate_fields(order.currency, document.body["TxnDate"], order.exchange_rate, frame)
    customer_id = yield from resolve_customer(party, known, frame)
    body = {**document.body, **rate, "CustomerRef": {"value": customer_id}}
    record = SaleRecord(
        order_id=order.order_id,
        entity=kind,
        version=version,
        total=document.total,
        tax=document.tax,
        hash=stored,
        expected=fingerprint(body),
        generation=generation,
        number=document.number,
        customer_id=customer_id,
        account_id=document.account_id,
        currency=order.currency,
        inclusive=body.get("GlobalTaxCalculation") == "TaxInclusive",
        out_of_scope=body.get("GlobalTaxCalculation") == "NotApplicable",
        rate=str(rate.get("ExchangeRate", "")),
        listed=order.refund_ids,
    )
    return Prepared(document, body, record, party)


def book(prepared: Prepared, frame: Frame) -> Generator[Step, Any, SaleRecord]:
    """Create the document.

    Raises:
        NumberTaken: its number belongs to a document that is not this order's (A93).
        TotalsDiffer: QuickBooks booked another sum than ours (A29, A40).
    """
    record = prepared.record
    try:
        step, answer = yield from created(_sale_step(prepared, ""), frame)
    except QuickBooksRejected as error:
        if error.fault_code == NUMBER_TAKEN:
            return (yield from _adopted(record, frame))
        if error.fault_code not in GONE:
            raise
        survivor = yield from successor_of(record.customer_id, prepared.party, frame)
        if survivor is None:
            raise
        prepared = prepared.for_customer(survivor)
        step, answer = yield from created(_sale_step(prepared, f"-for-{survivor}"), frame)
    day = str(step.document["TxnDate"])
    dated = day if day != prepared.body["TxnDate"] else ""
    record = replace(prepared.record, expected=step.detail["expected"], dated=dated)
    return (yield from with_equal_sums(step, answer, record, frame))


def _sale_step(prepared: Prepared, tail: str) -> Write:
    record = prepared.record
    name = "sale" if record.generation == 1 else f"sale-{record.generation}"
    return Write(
        f"{name}{tail}",
        record.entity,
        "create",
        prepared.body,
        key=order_key(record.order_id),
        version=record.version,
        detail=replace(record, differs=UNCHECKED).detail,
    )


def with_equal_sums(
    step: Write, answer: Json, record: SaleRecord, frame: Frame
) -> Generator[Step, Any, SaleRecord]:
    """The record of a document whose sum is ours; a difference is remembered for the next look.

    Raises:
        TotalsDiffer
    """
    booked = booked_as(record, answer)
    try:
        final = yield from made_equal(step, answer, record.total, frame)
    except TotalsDiffer:
        yield from remember(replace(booked, differs=str(answer.get("TotalAmt"))).mapping)
        raise
    if final is not answer:
        booked = replace(booked_as(record, final), expected=fingerprint(final))
    yield from remember(booked.mapping)
    return booked


def booked_as(record: SaleRecord, answer: Json) -> SaleRecord:
    """The record with the identity that QuickBooks gave."""
    return replace(
        record, quickbooks_id=str(answer["Id"]), sync_token=str(answer.get("SyncToken", "0")), differs=""
    )


def recheck_sums(record: SaleRecord, frame: Frame) -> Generator[Step, Any, SaleRecord]:
    """Look again at a document whose sum was not ours; a person may have put it right since.

    Raises:
        TotalsDiffer: nobody did.
    """
    answer = yield from reread(record.entity, record.quickbooks_id, frame.subject)
    if amount_of(answer.get("TotalAmt")) != record.total:
        raise sums_differ(answer, record.entity, record.total, frame)
    record = replace(booked_as(record, answer), expected=fingerprint(answer))
    yield from remember(record.mapping)
    return record


def _adopted(record: SaleRecord, frame: Frame) -> Generator[Step, Any, SaleRecord]:
    """Take over the document that has our number, amount and customer; what was paid on it counts as paid."""
    other = "Invoice" if record.entity == "SalesReceipt" else "SalesReceipt"
    mark = sale_mark(record.order_id, record.generation, frame)
    entity, row = yield from adopted(
        (record.entity, other), record.number, record.total, record.customer_id, mark, frame
    )
    settled = amount_of(row["TotalAmt"]) - amount_of(row["Balance"]) if entity == "Invoice" else Decimal(0)
    record = replace(booked_as(record, row), entity=entity, expected=fingerprint(row), paid_before=settled)
    yield from remember(record.mapping)
    return record
