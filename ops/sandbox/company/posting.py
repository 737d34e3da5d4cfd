"""Posting: applying what a transaction does to accounts, parties, stock and other transactions, and undoing it."""

from decimal import Decimal

from ops.sandbox.company.books import Books
from ops.sandbox.company.effects import Effects, Entry
from ops.sandbox.company.money.rounding import ZERO
from ops.sandbox.company.stock import ItemStock, Movement
from ops.sandbox.company.store import Application


def apply(books: Books, transaction_type: str, transaction_id: str, effects: Effects) -> None:
    """Book a transaction."""
    store, tables = books.store, books.store.tables
    store.put(tables.effects, transaction_id, effects)
    assert sum(entry.amount for entry in effects.entries) == 0, effects.entries
    _move_balances(books, effects.entries, 1)
    for movement in effects.movements:
        _move_stock(books, movement)
    for settlement in effects.settlements:
        application = Application(transaction_id, transaction_type, settlement.amount)
        known = tables.applications.get(settlement.target_id, ())
        store.put(tables.applications, settlement.target_id, (*known, application))
    for _, deposited_id in effects.deposits:
        store.put(tables.deposited, deposited_id, transaction_id)


def reverse(books: Books, transaction_id: str) -> None:
    """Take a transaction's effects out again."""
    store, tables = books.store, books.store.tables
    effects = tables.effects.get(transaction_id)
    if effects is None:
        return
    store.remove(tables.effects, transaction_id)
    _move_balances(books, effects.entries, -1)
    for item_id in {movement.item_id for movement in effects.movements}:
        stock = tables.stock[item_id]
        changes, undo = stock.remove(transaction_id)
        store.on_rollback(undo)
        _post_stock(books, changes)
    for settlement in effects.settlements:
        known = tables.applications.get(settlement.target_id, ())
        store.put(
            tables.applications,
            settlement.target_id,
            tuple(one for one in known if one.payment_id != transaction_id),
        )
    for _, deposited_id in effects.deposits:
        store.remove(tables.deposited, deposited_id)


def _move_balances(books: Books, entries: list[Entry], sign: int) -> None:
    store, tables = books.store, books.store.tables
    accounts, parties = tables.account_balances, tables.party_balances
    for entry in entries:
        amount = entry.amount if sign > 0 else -entry.amount
        store.put(accounts, entry.account_id, accounts.get(entry.account_id, ZERO) + amount)
        if entry.party_id:
            moved = entry.party_amount if sign > 0 else -entry.party_amount
            store.put(parties, entry.party_id, parties.get(entry.party_id, ZERO) + moved)
            if books.settings.uncertain.sale_touches_customer:
                now = books.now()
                store.put(tables.touched, entry.party_id, (now, books.stamp(now)))


def _move_stock(books: Books, movement: Movement) -> None:
    store, tables = books.store, books.store.tables
    stock = tables.stock.get(movement.item_id)
    if stock is None:
        stock = ItemStock()
        store.put(tables.stock, movement.item_id, stock)
    changes, undo = stock.add(movement)
    store.on_rollback(undo)
    _post_stock(books, changes)


def _post_stock(books: Books, changes: list[tuple[Movement, Decimal]]) -> None:
    store, accounts = books.store, books.store.tables.account_balances
    for movement, amount in changes:
        if amount:
            for account_id, part in (
                (movement.stock_account_id, amount),
                (movement.offset_account_id, -amount),
            ):
                store.put(accounts, account_id, accounts.get(account_id, ZERO) + part)


def trial_balance(books: Books, start: str, end: str) -> dict[str, Decimal]:
    """Net debit of each account, from the postings themselves, of the days from ``start`` to ``end``."""
    totals: dict[str, Decimal] = {}
    tables = books.store.tables
    for effects in tables.effects.values():
        if start <= effects.date <= end:
            for entry in effects.entries:
                totals[entry.account_id] = totals.get(entry.account_id, ZERO) + entry.amount
    for stock in tables.stock.values():
        for movement, amount in stock.posted():
            if amount and start <= movement.date <= end:
                for account_id, part in (
                    (movement.stock_account_id, amount),
                    (movement.offset_account_id, -amount),
                ):
                    totals[account_id] = totals.get(account_id, ZERO) + part
    return totals
