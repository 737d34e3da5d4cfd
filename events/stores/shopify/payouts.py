"""Payouts of Shopify Payments with their balance transactions. Only the API tells them, no webhook does.

Source: shopify.dev, "Payouts" and "Transactions" of the REST Admin API.
"""

from datetime import UTC, date, datetime, time
from typing import Literal

from events.stores.platform import Unreadable
from events.stores.reading import Row, amount, amount_or_none, flag, need_id, part, rows, store_id, text
from schemas.payouts import Payout, PayoutFailed, PayoutPart

GATEWAY = "shopify_payments"
"""As orders that were paid through it name it."""

PAID = "paid"
ENDED = frozenset({"failed", "canceled"})
"""The other statuses are on their way: they make no event yet."""

KINDS: dict[str, Literal["charge", "refund", "held"]] = {
    "charge": "charge",
    "refund": "refund",
    "refund_failure": "refund",
    "reserve": "held",
    "payout_failure": "held",
    "payout_cancellation": "held",
}
"""What is not here is an adjustment."""

ITSELF = "payout"
"""The transaction that takes the payout out of the balance."""


def status_of(body: Row) -> str:
    """For example ``paid``."""
    return text(part(body, "payout"), "status")


def moment_of(body: Row) -> datetime:
    """A payout has a day and no time: midnight UTC stands for it."""
    return datetime.combine(_day(part(body, "payout")), time(), UTC)


def read_payout(body: Row) -> Payout:
    """A payout that is paid, with all its parts."""
    payout = part(body, "payout")
    payout_id = need_id(payout, "id", "The payout")
    currency = text(payout, "currency")
    total = amount_or_none(payout, "amount")
    if total is None:
        raise Unreadable(f"Payout {payout_id} says no amount.")
    found = [row for row in rows(body, "transactions") if text(row, "type") != ITSELF]
    for row in found:
        other = text(row, "currency")
        if other not in ("", currency):
            raise Unreadable(
                f"Payout {payout_id} is in {currency}, its transaction {text(row, 'id')} in {other}."
            )
    return Payout(
        payout_id=payout_id,
        gateway=GATEWAY,
        paid_on=_day(payout),
        currency=currency,
        amount=total,
        parts=tuple(_part(row) for row in found),
    )


def read_failure(body: Row) -> PayoutFailed:
    """A payout that did not reach the bank."""
    return PayoutFailed(payout_id=need_id(part(body, "payout"), "id", "The payout"))


def is_test(body: Row) -> bool:
    """True where every transaction is one of the gateway's test mode."""
    found = rows(body, "transactions")
    return bool(found) and all(flag(row, "test") for row in found)


def _part(row: Row) -> PayoutPart:
    word = text(row, "type")
    return PayoutPart(
        part_id=need_id(row, "id", "A transaction of the payout"),
        kind=KINDS.get(word, "adjustment"),
        amount=amount(row, "amount"),
        fee=amount(row, "fee"),
        word=word,
        order_id=store_id(row, "source_order_id"),
    )


def _day(payout: Row) -> date:
    written = text(payout, "date")
    try:
        return date.fromisoformat(written[:10])
    except ValueError as error:
        raise Unreadable(f'"date" is "{written[:60]}", which is no day.') from error
