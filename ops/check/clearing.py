"""Clearing accounts: what the ledger says that we moved in them, what else did, and what QuickBooks says. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ops.check.books import Booked
from ops.check.finding import Balance, Finding
from ops.check.held import Held
from ops.check.sides import Sides, key_of
from schemas.connection import Accounts
from schemas.money import to_cents
from workers.steps import Json

ZERO = Decimal(0)
MOVES: Mapping[str, int] = {"SalesReceipt": 1, "Payment": 1, "RefundReceipt": -1}
"""Which of our documents move money, and whether it comes in."""

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Posting:
    """How much more an account holds, in the document's currency; ``rate``: what one unit is in home currency."""

    account_id: str
    amount: Decimal
    currency: str = ""
    rate: Decimal = ONE


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the company. ``undeposited``: payments wait there for a deposit."""

    account_id: str
    name: str
    balance: Decimal
    currency: str
    undeposited: bool


def account_of(row: Json) -> Account:
    """Read one row."""
    return Account(
        str(row.get("Id", "")),
        str(row.get("FullyQualifiedName") or row.get("Name") or ""),
        _decimal(row.get("CurrentBalance")),
        _ref(row.get("CurrencyRef")),
        undeposited=row.get("AccountSubType") == "UndepositedFunds",
    )


def clearing_ids(accounts: Accounts) -> tuple[str, ...]:
    """The accounts that stand for a gateway, and the one for all others."""
    return tuple(dict.fromkeys(one for one in (*accounts.clearing.values(), accounts.deposit) if one))


def balances(
    sides: Sides, wanted: Sequence[str], accounts: Iterable[Account], others: Iterable[tuple[str, Json]]
) -> list[Balance]:
    """Each clearing account. For a month: our documents of that month by the ledger, and as QuickBooks has them."""
    known = {one.account_id: one for one in accounts}
    waiting = next((one.account_id for one in known.values() if one.undeposited), "")
    ledger = _summed(_by_ledger(sides), known)
    ours = _summed(_by_books(sides.ours(), waiting), known)
    strange = [*_others(others, waiting), *_by_books(_not_ours(sides), waiting)]
    other = _summed(strange, known)
    found = []
    for account_id in wanted:
        account = known.get(account_id)
        if account is None:
            continue
        quickbooks = ours.get(account_id, ZERO) if sides.days.month else account.balance
        moved, else_moved = ledger.get(account_id, ZERO), other.get(account_id, ZERO)
        found.append(
            Balance(
                account_id, account.name, account.currency, moved, else_moved, quickbooks, sides.days.month
            )
        )
    return found


def balance_findings(
    found: Iterable[Balance], wanted: Sequence[str], names: Iterable[str]
) -> Iterator[Finding]:
    """Accounts whose balance nobody can explain, and accounts of the settings that are not there."""
    for one in found:
        if one.difference:
            what = "our documents of the month move" if one.month else "the balance is"
            yield Finding(
                "clearing_account",
                f"account/{one.account_id}",
                f"{one.name}: {what} {one.quickbooks:.2f} in QuickBooks, {one.expected:.2f} by the ledger"
                + (f" and what else was booked there ({one.other:.2f})." if not one.month else "."),
                "The findings above may explain it; else look for other kinds of bookings in the account's register in "
                "QuickBooks.",
                ledger=one.expected,
                quickbooks=one.quickbooks,
                currency=one.currency,
            )
    for account_id in wanted:
        if account_id not in set(names):
            yield Finding(
                "clearing_account",
                f"account/{account_id}",
                f"The settings name account {account_id}, which QuickBooks does not have as an active account.",
                "Choose another one for accounts.clearing or accounts.deposit: counterfoil connections set.",
            )


def postings(entity: str, row: Json, waiting: str) -> Iterator[tuple[str, Decimal]]:
    """What a document that is not ours moves, by account; ``waiting``: undeposited funds."""
    total = _decimal(row.get("TotalAmt"))
    match entity:
        case "Deposit":
            yield _ref(row.get("DepositToAccountRef")), total
            cash = row.get("CashBack") or {}
            yield _ref(cash.get("AccountRef")), _decimal(cash.get("Amount"))
            for line in _lines(row):
                detail = line.get("DepositLineDetail") or {}
                source = waiting if line.get("LinkedTxn") else _ref(detail.get("AccountRef"))
                yield source, -_decimal(line.get("Amount"))
        case "Transfer":
            amount = _decimal(row.get("Amount"))
            yield _ref(row.get("FromAccountRef")), -amount
            yield _ref(row.get("ToAccountRef")), amount
        case "JournalEntry":
            for line in _lines(row):
                detail = line.get("JournalEntryLineDetail") or {}
                sign = 1 if detail.get("PostingType") == "Debit" else -1
                yield _ref(detail.get("AccountRef")), sign * _decimal(line.get("Amount"))
        case _:
            sign = -1 if row.get("Credit") else 1
            yield _ref(row.get("AccountRef")), -sign * total
            for line in _lines(row):
                detail = line.get("AccountBasedExpenseLineDetail") or {}
                yield _ref(detail.get("AccountRef")), sign * _decimal(line.get("Amount"))


def _others(others: Iterable[tuple[str, Json]], waiting: str) -> Iterator[Posting]:
    for entity, row in others:
        currency, rate = _ref(row.get("CurrencyRef")), _decimal(row.get("ExchangeRate")) or ONE
        for account_id, amount in postings(entity, row, waiting):
            yield Posting(account_id, amount, currency, rate)


def _by_ledger(sides: Sides) -> Iterator[Posting]:
    """By the ledger's amounts; where it does not know the account, QuickBooks' document says it."""
    for held in sides.ledger.held.values():
        if held.entity in MOVES and held.role != "credit" and held.stands and sides.concerns(held):
            yield _moved(held, sides)
    for row in sides.marked():
        key, generation = key_of(row.mark, sides.connection_id)
        record = sides.ledger.record_of(key.store_id) if key.kind == "order" else None
        if record is not None and generation < record.generation and row.entity in MOVES:
            # replaced since: its reversal stands in the ledger
            yield Posting(row.account_id, row.money, row.currency, row.rate)


def _moved(held: Held, sides: Sides) -> Posting:
    row = sides.row_of(held)
    record = sides.ledger.record_of(held.order_id)
    account = held.account_id or (row.account_id if row is not None else "")
    if not account and record is not None:
        account = record.account_id
    # what a refund gave as store credit moves no money; only the document says how much
    credit = row.amount - row.money if row is not None and held.entity == "RefundReceipt" else ZERO
    amount = MOVES[held.entity] * (held.amount - credit)
    if row is not None:
        return Posting(account, amount, row.currency, row.rate)
    rate = Decimal(record.rate) if record is not None and record.rate else ONE
    return Posting(account, amount, held.currency, rate)


def _by_books(rows: Iterable[Booked], waiting: str) -> Iterator[Posting]:
    for row in rows:
        if row.entity in MOVES:
            amount = MOVES[row.entity] * row.money
            yield Posting(row.account_id or waiting, amount, row.currency, row.rate)


def _not_ours(sides: Sides) -> list[Booked]:
    """Documents of these days that no ledger entry of this connection stands for and that have no mark of it."""
    ours = {row.id for row in sides.ours()}
    return [row for row in sides.books.values() if row.id not in ours and sides.days.has(row.date)]


def _summed(moved: Iterable[Posting], accounts: Mapping[str, Account]) -> dict[str, Decimal]:
    """Each account in its own currency: a foreign document moves an account in home currency at its rate."""
    sums: dict[str, Decimal] = {}
    for one in moved:
        account = accounts.get(one.account_id)
        amount = one.amount
        if account is not None and one.currency not in ("", account.currency):
            amount = to_cents(amount * one.rate)
        sums[one.account_id] = sums.get(one.account_id, ZERO) + amount
    return sums


def _lines(row: Json) -> list[Mapping[str, Any]]:
    return [line for line in row.get("Line") or () if isinstance(line, Mapping)]


def _ref(value: Any) -> str:
    return str(value.get("value", "")) if isinstance(value, Mapping) else ""


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value)) if value is not None else ZERO
