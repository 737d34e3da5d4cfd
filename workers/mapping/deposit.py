"""A payout as a deposit: what it is made of comes out of the clearing account, its fees are an expense (rule A24)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from schemas.money import to_cents
from schemas.orders import PaymentMethod
from schemas.payouts import Payout, PayoutPart
from workers.errors import AccountUnmapped, PayoutDiffers
from workers.mapping.accounts import clearing_account, currency_fields
from workers.mapping.frame import Frame
from workers.mapping.marks import private_note
from workers.steps import Json

ZERO = Decimal(0)
MOST_LINES = 1_000
"""Of a payout with more parts those of one account are one line. QuickBooks takes 10,000; nobody reads that many."""

OTHER = "other"
"""Stands in ``accounts.payout_adjustments`` for every word that is not there."""

WORDS = {"charge": "Charge", "refund": "Refund", "adjustment": "Adjustment", "held": "Held back"}


@dataclass(frozen=True, slots=True)
class Movement:
    """What one line brings to the bank: positive comes out of its account, negative goes into it."""

    amount: Decimal
    account_id: str
    words: str


@dataclass(frozen=True, slots=True)
class PayoutDocument:
    """Ready to be sent. ``total`` is the bank's."""

    entity: Literal["Deposit", "JournalEntry"]
    body: Json
    total: Decimal


def bank_account(payout: Payout, frame: Frame) -> str:
    """Where its money arrives; "" where nobody wants payouts of this gateway booked."""
    banks = frame.settings.accounts.bank
    return banks.get(f"{payout.gateway} {payout.currency}") or banks.get(payout.gateway, "")


def payout_document(payout: Payout, frame: Frame) -> PayoutDocument:
    """A deposit, to the cent. One that takes money from the bank is a journal entry: a deposit cannot be negative.

    Raises:
        PayoutDiffers: its parts do not come to what the bank got.
        AccountUnmapped: an account is not chosen.
        CurrencyUnsupported: as for sales.
    """
    _check_sum(payout, frame)
    bank, total = bank_account(payout, frame), to_cents(payout.amount)
    movements = _movements(payout, bank, frame)
    body = {
        "TxnDate": payout.paid_on.isoformat(),
        "PrivateNote": private_note(frame.marker("payout", payout.payout_id), f"Payout {payout.payout_id}"),
        **currency_fields(payout.currency, frame),
    }
    if total < 0:
        movements = [*movements, Movement(-total, bank, f"Payout {payout.payout_id}")]
        return PayoutDocument("JournalEntry", {**body, "Line": [_entry(one) for one in movements]}, total)
    body["DepositToAccountRef"] = {"value": bank}
    return PayoutDocument("Deposit", {**body, "Line": [_line(one) for one in movements]}, total)


def _check_sum(payout: Payout, frame: Frame) -> None:
    gross = {kind: to_cents(sum((p.amount for p in payout.parts if p.kind == kind), ZERO)) for kind in WORDS}
    fees = to_cents(sum((part.fee for part in payout.parts), ZERO))
    found, paid = sum(gross.values(), ZERO) - fees, to_cents(payout.amount)
    if found != paid or not payout.parts:
        raise PayoutDiffers(
            f"{frame.subject}: the bank got {paid} {payout.currency}, but its {len(payout.parts)} transactions come to "
            f"{found} (charges {gross['charge']}, refunds {gross['refund']}, adjustments {gross['adjustment']}, held "
            f"back {gross['held']}, fees {-fees}). Compare it with the gateway's own list, then Retry; or book it by "
            "hand and Ignore it.",
            cause=f"payout {payout.payout_id}",
            fix="counterfoil errors ignore EVENT",
        )


def _movements(payout: Payout, bank: str, frame: Frame) -> list[Movement]:
    method = PaymentMethod(gateway=payout.gateway)
    clearing = clearing_account(method, payout.currency, frame)
    if clearing == bank:
        raise AccountUnmapped(
            f"{frame.subject}: the clearing account of {payout.gateway} is the bank account itself. Choose an account "
            "that holds its money until the payout, then Retry.",
            cause=payout.gateway,
            fix=frame.fix("accounts", "clearing", payout.gateway),
        )
    parts = [_movement(part, clearing, frame) for part in payout.parts if part.amount]
    if len(parts) > MOST_LINES:
        parts = list(_summed(parts))
    fees = sum((part.fee for part in payout.parts), ZERO)
    if fees:
        parts.append(Movement(-to_cents(fees), _fee_account(frame), f"Fees of {payout.gateway}"))
    return parts


def _movement(part: PayoutPart, clearing: str, frame: Frame) -> Movement:
    """What stays with the gateway stays in its clearing account."""
    account = _adjustment_account(part, frame) if part.kind == "adjustment" else clearing
    words = WORDS[part.kind] if part.word in ("", part.kind) else f"{WORDS[part.kind]}: {part.word}"
    of = f" (order {part.order_id})" if part.order_id else ""
    return Movement(to_cents(part.amount), account, words + of)


def _summed(parts: list[Movement]) -> Iterator[Movement]:
    sums: dict[tuple[str, str], Decimal] = {}
    for part in parts:
        key = (part.account_id, part.words.partition(" (")[0])
        sums[key] = sums.get(key, ZERO) + part.amount
    for (account_id, words), amount in sums.items():
        if amount:
            yield Movement(amount, account_id, f"{words}: all")


def _fee_account(frame: Frame) -> str:
    if not frame.settings.accounts.fees:
        raise AccountUnmapped(
            f"{frame.subject}: there is no expense account for the gateway's fees. Choose it, then Retry.",
            cause="fees",
            fix=frame.fix("accounts", "fees"),
        )
    return frame.settings.accounts.fees


def _adjustment_account(part: PayoutPart, frame: Frame) -> str:
    """A chargeback, a bought label, a correction: only the shop's owner knows what it is in the books."""
    chosen = frame.settings.accounts.payout_adjustments
    word = part.word or OTHER
    account = chosen.get(word) or chosen.get(OTHER)
    if not account:
        raise AccountUnmapped(
            f'{frame.subject}: it holds {to_cents(part.amount)} of the kind "{word}", which has no QuickBooks account. '
            "Choose one, then Retry.",
            cause=f"payout {word}",
            fix=frame.fix("accounts", "payout_adjustments", word),
        )
    return account


def _line(one: Movement) -> Json:
    return {
        "DetailType": "DepositLineDetail",
        "Amount": one.amount,
        "Description": one.words,
        "DepositLineDetail": {"AccountRef": {"value": one.account_id}},
    }


def _entry(one: Movement) -> Json:
    side = "Credit" if one.amount > 0 else "Debit"
    return {
        "DetailType": "JournalEntryLineDetail",
        "Amount": abs(one.amount),
        "Description": one.words,
        "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": one.account_id}},
    }
