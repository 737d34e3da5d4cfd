"""A refund: recall the sale, and give back what the store gave back (rules A4 to A6, A12)."""

from collections.abc import Generator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.money import to_cents
from schemas.orders import Refund, RefundRemoved, StoreRate
from workers.answers import NUMBER_TAKEN
from workers.context import Context
from workers.errors import QuickBooksRejected, TotalsDiffer, WaitsForSale
from workers.items.bundles import bundles_of
from workers.items.lookup import Item, Wanted, resolve_items, wanted_item
from workers.items.stock import item_now
from workers.mapping.accounts import clearing_account, is_store_credit
from workers.mapping.as_booked import refund_as_booked
from workers.mapping.bundle import Bundle, with_bundles
from workers.mapping.fingerprint import fingerprint
from workers.mapping.frame import Frame
from workers.mapping.marks import doc_number
from workers.mapping.refund import ItemBack, RefundDocument, RefundKind, refund_document
from workers.orders.numbers import adopted
from workers.orders.payments import Payments, booked_payments, payment_keys
from workers.orders.places import with_place
from workers.orders.rates import rate_fields
from workers.orders.record import NOT_YET, RefundNote, SaleRecord, order_key
from workers.orders.refunds_gone import delete_refund, refund_keys
from workers.orders.reverse import apply_credit
from workers.orders.sums import checked, sent
from workers.outcomes import Booked, Document, Outcome, Skipped
from workers.parties.gone import GONE, successor_of
from workers.parties.party import party_of
from workers.steps import Json, Step, Steps, StoreKey, SyncMapping, Write, recall, remember

Known = Mapping[StoreKey, SyncMapping]
WAIT_SECONDS = 5
"""A store sends the sale and its refund within moments when it sends them in the wrong order."""


def sync_refund(refund: Refund, context: Context) -> Steps:
    """Book one refund of one sale. Safe to run again: what is booked is recalled first."""
    frame = Frame.of(context, f"Refund {refund.refund_id} of order {refund.order_number or refund.order_id}")
    if refund.test:
        return Skipped("test_order")
    refund = refund_as_booked(refund, frame)
    wanted = {
        line.line_id: wanted_item(line.product_id, line.variant_id, line.sku, line.name)
        for line in refund.lines
        if not line.gift_card
    }
    key = StoreKey("refund", refund.refund_id)
    known = yield from recall(
        [
            order_key(refund.order_id),
            key,
            *payment_keys(refund.order_id),
            *(one.key for one in wanted.values() if one.key),
        ]
    )
    version = context.envelope.time
    own, sale = known.get(key), known.get(order_key(refund.order_id))
    if own is not None and (own.removed or not own.quickbooks_id):
        return Skipped("refund_deleted")
    if sale is None:
        raise WaitsForSale(
            f"{frame.subject}: its sale is not booked yet. It is tried again by itself.",
            delay_seconds=WAIT_SECONDS,
        )
    record = SaleRecord.of(sale)
    why = _reason_to_skip(refund, record, version)
    if own is None and record.why in NOT_YET and (record.version or version) < version:
        raise WaitsForSale(
            f"{frame.subject}: its sale is not booked ({record.why}). It is tried again by itself.",
            delay_seconds=WAIT_SECONDS,
        )
    if why and own is None:
        return Skipped(why)
    payments = yield from booked_payments(refund.order_id, known)
    if own is None:
        note = yield from _book(refund, record, wanted, known, version, frame)
    else:
        yield from checked(own, frame)
        note = RefundNote(Decimal(own.detail["total"]), own.detail["number"], own.entity, own.quickbooks_id)
    return (yield from _settle(refund, record, note, payments, version, frame))


def remove_refund(refund: RefundRemoved, context: Context) -> Steps:
    """Delete what was booked for a refund that the store deleted; remember it, should the refund come later."""
    frame = Frame.of(context, f"Refund {refund.refund_id}")
    key, applied = refund_keys(refund.refund_id, refund.order_id)
    sale_key = order_key(refund.order_id)
    known = yield from recall([key, sale_key, applied])
    version = context.envelope.time
    own = known.get(key)
    if own is None or not own.quickbooks_id:
        yield from remember(SyncMapping(key, "", "", version=version))
        return Skipped("refund_not_booked")
    yield from delete_refund(refund.refund_id, refund.order_id, known, version, frame)
    if sale_key in known:
        yield from remember(SaleRecord.of(known[sale_key]).without_refund(refund.refund_id).mapping)
    return Booked((Document(own.entity, own.quickbooks_id),))


def _reason_to_skip(refund: Refund, record: SaleRecord, version: datetime) -> str:
    if not record.quickbooks_id:
        return "sale_not_booked"
    if _is_unlisted(refund, record, version):
        return "refund_deleted"
    if record.ended:
        return f"sale_{record.ended}"
    if not refund.total and not refund.lines:
        return "nothing_refunded"
    return ""


def _is_unlisted(refund: Refund, record: SaleRecord, version: datetime) -> bool:
    """True when the store's newer list of the order's refunds lacks it: it was deleted before it was booked."""
    if record.listed is None or record.version is None or record.version <= version:
        return False
    return refund.refund_id not in record.listed


def _book(
    refund: Refund,
    record: SaleRecord,
    wanted: dict[str, Wanted],
    known: Known,
    version: datetime,
    frame: Frame,
) -> Generator[Step, Any, RefundNote]:
    _check_size(refund, record, frame)
    items = yield from resolve_items(wanted.values(), known, frame)
    bundles = yield from bundles_of((line.sku for line in refund.lines), version, frame)
    backs = yield from _items_back(refund, wanted, items, bundles)
    number = _number(refund, record)
    document = refund_document(
        refund,
        _kind(refund),
        backs,
        frame,
        number=number,
        sale=f"{record.entity} {record.number}",
        inclusive=record.inclusive,
        out_of_scope=record.out_of_scope,
    )
    document = replace(document, body=with_bundles(document.body, bundles, frame))
    rate = yield from rate_fields(
        refund.currency, document.body["TxnDate"], _store_rate(refund, record, frame), frame
    )
    step = _step(refund, document, record, number, version, frame)
    step = replace(step, document=(yield from with_place({**step.document, **rate}, record, frame)))
    try:
        answer = yield from _sent(step, document.total, refund, record, frame)
    except QuickBooksRejected as error:
        if error.fault_code != NUMBER_TAKEN:
            raise
        mark = frame.marker("refund", refund.refund_id)
        _, answer = yield from adopted(
            (document.kind,), number, document.total, record.customer_id, mark, frame
        )
        yield from remember(
            SyncMapping(
                StoreKey("refund", refund.refund_id),
                document.kind,
                str(answer["Id"]),
                str(answer["SyncToken"]),
                version=version,
                detail=step.detail,
            )
        )
    return RefundNote(document.given_back, number, document.kind, str(answer["Id"]))


def _sent(
    step: Write, total: Decimal, refund: Refund, record: SaleRecord, frame: Frame
) -> Generator[Step, Any, Json]:
    """For the sale's customer; for the one who took over where that one is gone (A65)."""
    try:
        return (yield from sent(step, total, frame))
    except QuickBooksRejected as error:
        if error.fault_code not in GONE:
            raise
        party = party_of(refund.buyer, refund.currency, frame)
        survivor = yield from successor_of(record.customer_id, party, frame)
        if survivor is None:
            raise
    document = {**step.document, "CustomerRef": {"value": survivor}}
    detail = {**step.detail, "expected": fingerprint(document)}
    again = replace(step, name=f"{step.name}-for-{survivor}", document=document, detail=detail)
    return (yield from sent(again, total, frame))


def _store_rate(refund: Refund, record: SaleRecord, frame: Frame) -> StoreRate | None:
    """What the store says of the refund; else money goes back at the rate at which it came."""
    if refund.exchange_rate is not None or not record.rate:
        return refund.exchange_rate
    return StoreRate(rate=Decimal(record.rate), into=frame.company.home_currency)


def _step(
    refund: Refund, document: RefundDocument, record: SaleRecord, number: str, version: datetime, frame: Frame
) -> Write:
    body = {**document.body, "CustomerRef": {"value": record.customer_id}}
    if document.kind == "RefundReceipt":
        body["DepositToAccountRef"] = {"value": _account(refund, record, frame)}
    detail = {
        "total": str(document.given_back),
        "number": number,
        "order": refund.order_id,
        "expected": fingerprint(body),
    }
    key = StoreKey("refund", refund.refund_id)
    return Write("refund", document.kind, "create", body, key=key, version=version, detail=detail)


def _settle(
    refund: Refund, record: SaleRecord, note: RefundNote, payments: Payments, version: datetime, frame: Frame
) -> Generator[Step, Any, Outcome]:
    """Apply a credit memo to what is open on the invoice, and write the refund into the sale's record."""
    documents = [Document(note.entity, note.quickbooks_id)]
    if note.entity == "CreditMemo" and record.entity == "Invoice":
        others = record.without_refund(refund.refund_id)
        paid = payments.of_invoice(record.quickbooks_id) + record.paid_before
        amount = min(note.total, record.total - paid - others.credited)
        note = replace(note, invoice=record.quickbooks_id)
        documents += yield from apply_credit(
            record, f"refund-{refund.refund_id}", note.quickbooks_id, amount, version, frame
        )
    if refund.refund_id not in record.refunds:
        yield from remember(record.with_refund(refund.refund_id, note).mapping)
    return Booked(tuple(documents))


def _kind(refund: Refund) -> RefundKind:
    """Money that went back is a refund receipt, also when its payment is not booked yet; a mere credit a memo."""
    return "RefundReceipt" if refund.money_returned else "CreditMemo"


def _check_size(refund: Refund, record: SaleRecord, frame: Frame) -> None:
    left = record.total - record.refunded
    if to_cents(refund.total) > left + frame.settings.rounding_limit:
        raise TotalsDiffer(
            f"{frame.subject} is {to_cents(refund.total)}, but only {left} of {record.entity} {record.number} is left. "
            "Book it by hand in QuickBooks, then Ignore it.",
            cause="refund larger than its sale",
            fix="counterfoil errors ignore EVENT",
        )


def _number(refund: Refund, record: SaleRecord) -> str:
    """``-R1``, ``-R2`` …: the store's own count where it is free, else the next."""
    taken = {note.number for note in record.refunds.values()}
    count = refund.sequence
    while doc_number("", record.number, f"-R{count}") in taken:
        count += 1
    return doc_number("", record.number, f"-R{count}")


def _account(refund: Refund, record: SaleRecord, frame: Frame) -> str:
    """The clearing account that the sale's money came into, unless it went back by another gateway (A4, A28)."""
    method = refund.payment_method
    if is_store_credit(method, frame):
        return clearing_account(method, refund.currency, frame)
    clearing = frame.settings.accounts.clearing
    own = clearing.get(f"{method.gateway} {refund.currency}") or clearing.get(method.gateway)
    return own or record.account_id or clearing_account(method, refund.currency, frame)


def _items_back(
    refund: Refund,
    wanted: Mapping[str, Wanted],
    items: Mapping[Wanted, Item],
    bundles: Mapping[str, Bundle],
) -> Generator[Step, Any, dict[str, ItemBack]]:
    """Whether stock moves matters only for goods that did not come back; QuickBooks is asked when nobody knows."""
    backs: dict[str, ItemBack] = {}
    kinds: dict[str, str] = {}
    for line in refund.lines:
        if line.line_id not in wanted:
            continue
        item = items[wanted[line.line_id]]
        if item.quickbooks_id in bundles:
            backs[line.line_id] = ItemBack(item.quickbooks_id, bundles[item.quickbooks_id].stocked)
            continue
        kind = item.kind or kinds.get(item.quickbooks_id, "")
        if not line.restocked and not kind:
            row = yield from item_now(item.quickbooks_id)
            kind = str((row or {}).get("Type", ""))
            kinds[item.quickbooks_id] = kind
        backs[line.line_id] = ItemBack(item.quickbooks_id, stocked=kind == "Inventory")
    return backs
