"""A part of an order that a gift card paid: its sale is booked as paid in money, and this takes the part out (A27)."""

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.money import to_cents
from schemas.orders import GiftCardPayment
from workers.context import Context
from workers.errors import CurrencyUnsupported, WaitsForSale
from workers.mapping.frame import Frame
from workers.mapping.gift_card import redemption_document
from workers.orders.open_days import created
from workers.orders.payments import booked_payments, payment_keys
from workers.orders.rates import rate_fields
from workers.orders.record import NOT_YET, SaleRecord, order_key
from workers.outcomes import Booked, Document, Outcome, Skipped
from workers.steps import Step, Steps, StoreKey, Write, recall, remember

WAIT_SECONDS = 5


def sync_gift_card_payment(payment: GiftCardPayment, context: Context) -> Steps:
    """Move what the card paid from the account that the sale's money went to. Safe to run again."""
    frame = Frame.of(context, f"Gift card payment {payment.transaction_id} of order {payment.order_id}")
    sale_key = order_key(payment.order_id)
    key = StoreKey("payment", f"gift-card-{payment.transaction_id}/{payment.order_id}")
    known = yield from recall([sale_key, key, *payment_keys(payment.order_id)])
    version = context.envelope.time
    if sale_key not in known:
        raise _waits(frame)
    record = SaleRecord.of(known[sale_key])
    if key in known:
        return (yield from _noted(payment, record, known[key].quickbooks_id))
    if record.why in NOT_YET and (record.version or version) < version:
        raise _waits(frame)
    if not record.standing:
        return Skipped(f"sale_{record.ended}" if record.ended else "sale_not_booked")
    payments = yield from booked_payments(payment.order_id, known)
    account = record.account_id or payments.account_id
    if not account:
        raise _waits(frame)
    if account == frame.settings.accounts.gift_cards:
        return Skipped("paid_from_the_liability")
    if payment.currency != record.currency:
        raise _other_currency(payment, record, frame)
    amount = to_cents(payment.amount)
    document = yield from _moved(record, amount, payment.paid_at, account, key, frame)
    return (yield from _noted(payment, record, document.quickbooks_id))


def give_cards_back(record: SaleRecord, at: datetime, frame: Frame) -> Generator[Step, Any, list[Document]]:
    """A sale that is taken back whole gives its gift cards their value again, less what refunds took back before."""
    amount = min(record.paid_by_gift_card, record.total - record.refunded)
    key = StoreKey("payment", f"gift-cards-back-{record.generation}/{record.order_id}")
    if amount <= 0 or key in (yield from recall([key])):
        return []
    account = record.account_id or frame.settings.accounts.deposit
    return [(yield from _moved(record, -amount, at, account, key, frame))]


def _moved(
    record: SaleRecord, amount: Decimal, at: datetime, account_id: str, key: StoreKey, frame: Frame
) -> Generator[Step, Any, Document]:
    body = redemption_document(
        amount,
        record.currency,
        at,
        account_id,
        frame,
        mark=frame.marker("gift-card", key.store_id),
        about=f"Gift card of {record.entity} {record.number}",
    )
    body |= yield from rate_fields(record.currency, str(body["TxnDate"]), None, frame)
    step = Write(
        key.store_id.partition("/")[0][:60],
        "JournalEntry",
        "create",
        body,
        key=key,
        version=at,
        detail={"amount": str(amount), "order": record.order_id},
    )
    _, answer = yield from created(step, frame)
    return Document("JournalEntry", str(answer["Id"]))


def _noted(payment: GiftCardPayment, record: SaleRecord, quickbooks_id: str) -> Generator[Step, Any, Outcome]:
    """In the sale's record, so that a cancellation knows it."""
    if payment.transaction_id not in record.gift_cards:
        cards = {**record.gift_cards, payment.transaction_id: str(to_cents(payment.amount))}
        yield from remember(replace(record, gift_cards=cards).mapping)
    return Booked((Document("JournalEntry", quickbooks_id),))


def _waits(frame: Frame) -> WaitsForSale:
    return WaitsForSale(
        f"{frame.subject}: its sale is not booked as paid yet. It is tried again by itself.",
        delay_seconds=WAIT_SECONDS,
    )


def _other_currency(payment: GiftCardPayment, record: SaleRecord, frame: Frame) -> CurrencyUnsupported:
    return CurrencyUnsupported(
        f"{frame.subject} is in {payment.currency}, but {record.entity} {record.number} was booked in "
        f"{record.currency}. Move the card's part by hand in QuickBooks, then Ignore it.",
        cause=f"gift card in {payment.currency}",
        fix="counterfoil errors ignore EVENT",
    )
