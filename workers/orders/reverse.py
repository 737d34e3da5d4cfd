"""Taking an order's document back, whole or what is left of it (rules A9, A10)."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from workers.answers import Change, reread, untouched
from workers.errors import AccountUnmapped
from workers.mapping.frame import Frame
from workers.mapping.marks import book_date, doc_number, private_note
from workers.mapping.payment import credit_application
from workers.mapping.reversal import reversal_body
from workers.orders.open_days import created
from workers.orders.record import RefundNote, SaleRecord
from workers.orders.sums import checked, sent
from workers.outcomes import Document
from workers.steps import Json, Step, StoreKey, SyncMapping, Write, recall

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Reversal:
    """The document that takes a sale back. ``total`` is what it took back."""

    document: Document
    total: Decimal


def reversal_key(record: SaleRecord) -> StoreKey:
    """Under which the reversal of this generation is remembered."""
    return StoreKey("refund", f"reversal/{record.order_id}/{record.generation}")


def is_taken_back(record: SaleRecord) -> Generator[Step, Any, bool]:
    """Whether the document of this generation is reversed already, by an event that did not come to its end."""
    key = reversal_key(record)
    known: Mapping[StoreKey, SyncMapping] = yield from recall([key])
    return key in known


def reverse(
    record: SaleRecord, entity: str, version: datetime, frame: Frame, *, less: Sequence[RefundNote] = ()
) -> Generator[Step, Any, Reversal]:
    """Book a refund receipt (money back) or a credit memo (no money) for the sale, ``less`` what refunds gave back.

    Raises:
        RemovedInQuickBooks, ChangedInQuickBooks: a person was at the document (A10, A11).
    """
    key = reversal_key(record)
    known: Mapping[StoreKey, SyncMapping] = yield from recall([key])
    total = record.total - sum((note.total for note in less), ZERO)
    if key in known:
        yield from checked(known[key], frame)
        return Reversal(Document(known[key].entity, known[key].quickbooks_id), total)
    body = yield from _body(record, entity, less, version, frame)
    step = Write(
        f"reversal-{record.generation}",
        entity,
        "create",
        body,
        key=key,
        version=version,
        detail={"total": str(total), "order": record.order_id},
    )
    answer = yield from sent(step, total, frame)
    return Reversal(Document(entity, str(answer["Id"])), total)


def apply_credit(
    record: SaleRecord, name: str, credit_id: str, amount: Decimal, version: datetime, frame: Frame
) -> Generator[Step, Any, list[Document]]:
    """Settle ``amount`` of the record's invoice with a credit memo, once for each ``name``."""
    if amount <= 0:
        return []
    key = StoreKey("payment", f"{name}/{record.order_id}")
    known: Mapping[StoreKey, SyncMapping] = yield from recall([key])
    if key in known:
        return [Document("Payment", known[key].quickbooks_id)]
    body = credit_application(
        amount,
        invoice_id=record.quickbooks_id,
        credit_id=credit_id,
        customer_id=record.customer_id,
        currency=record.currency,
        date=book_date(version, frame.settings.time_zone),
        mark=frame.marker("credit", key.store_id),
        frame=frame,
    )
    if record.rate:  # both were booked at it, or nearly: a payment of nothing has no rate of its own
        body["ExchangeRate"] = Decimal(record.rate)
    step = Write(
        name[:60], "Payment", "create", body, key=key, version=version, detail={"amount": str(amount)}
    )
    _, answer = yield from created(step, frame)
    return [Document("Payment", str(answer["Id"]))]


def _body(
    record: SaleRecord, entity: str, less: Sequence[RefundNote], version: datetime, frame: Frame
) -> Generator[Step, Any, Json]:
    sale = yield from untouched(
        Change(
            "read",
            record.entity,
            "void",
            record.quickbooks_id,
            record.sync_token,
            record.expected,
            frame.subject,
        )
    )
    given_back = []
    for note in less:
        given_back.append((yield from reread(note.entity, note.quickbooks_id, frame.subject)))
    mark = frame.marker("reversal", f"{record.order_id}/{record.generation}")
    body = {
        "DocNumber": doc_number("", record.number, "-X"),
        "TxnDate": book_date(version, frame.settings.time_zone),
        "PrivateNote": private_note(mark, f"Reversal of {record.entity} {record.number}"),
        "CustomerRef": {"value": record.customer_id},
        **reversal_body(sale, given_back, frame),
    }
    if entity == "RefundReceipt":
        body["DepositToAccountRef"] = {"value": _account(record, sale, frame)}
    return body


def _account(record: SaleRecord, sale: Json, frame: Frame) -> str:
    """The account that the money came into."""
    account = record.account_id or str((sale.get("DepositToAccountRef") or {}).get("value", ""))
    account = account or frame.settings.accounts.deposit
    if not account:
        raise AccountUnmapped(
            f"{frame.subject}: no account is known for the money that goes back. "
            "Choose the deposit account, then Retry.",
            cause="deposit",
            fix=frame.fix("accounts", "deposit"),
        )
    return account
