"""The comparison itself, without store, ledger and QuickBooks: who says what, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ops.check.against_books import books_against_ledger, ledger_against_books
from ops.check.against_ledger import store_against_ledger
from ops.check.books import Booked, booked
from ops.check.clearing import Account, balance_findings, balances, postings
from ops.check.days import Days, month_of, since
from ops.check.finding import Finding
from ops.check.held import ledger_of
from ops.check.shop import GivenBack, PaidOut, Shop, Sold
from ops.check.sides import Sides, key_of, named_documents, steady_keys, subject_of
from schemas.connection import ConnectionSettings
from schemas.orders import Order, Refund
from schemas.payouts import Payout
from workers.ledger.bookings import Standing
from workers.ledger.holdings import OpenFailure
from workers.mapping.frame import Frame
from workers.orders.record import RefundNote, SaleRecord
from workers.steps import Company, StoreKey, SyncMapping

AT = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = "2026-10-20"
ALL = since(AT, "UTC")
FRAME = Frame("shop", ConnectionSettings(), Company("1"), "Order 1")


def sale(**changes: Any) -> SaleRecord:
    record = SaleRecord(
        "1",
        "SalesReceipt",
        "17",
        version=AT,
        total=Decimal("10.00"),
        number="1",
        account_id="90",
        currency="USD",
    )
    return replace(record, **changes)


def payment(number: int, amount: str, invoice: str) -> SyncMapping:
    detail = {"amount": amount, "invoice": invoice, "account": "92"}
    return SyncMapping(StoreKey("payment", f"1/{number}"), "Payment", f"5{number}", version=AT, detail=detail)


def refund(total: str = "4.00", *, removed: bool = False) -> SyncMapping:
    detail = {"total": total, "number": "1-R1", "order": "1"}
    key = StoreKey("refund", "r1")
    return SyncMapping(key, "RefundReceipt", "30", version=AT, removed=removed, detail=detail)


def row(entity: str, quickbooks_id: str, amount: str, **changes: Any) -> Booked:
    money = Decimal(amount)
    marks = {
        "SalesReceipt": "order:1",
        "Invoice": "order:1",
        "RefundReceipt": "refund:r1",
        "Payment": "payment:1/1",
    }
    found = Booked(
        entity,
        quickbooks_id,
        f"counterfoil:shop:{marks[entity]}",
        "1",
        DAY,
        money,
        money,
        "USD",
        "" if entity == "Invoice" else "90",
    )
    return replace(found, **changes)


def sold(**changes: Any) -> Sold:
    facts = {
        "order_id": "1", "number": "1", "store_status": "paid", "payment": "paid", "created_at": AT, "updated_at": AT,
        "currency": "USD", "total": "10.00", "amount_paid": "10.00", **changes,
    }  # fmt: skip
    order = Order.model_validate(facts)
    return Sold(order, FRAME, DAY, order.total, order.amount_paid, "USD", AT)


def given(total: str = "4.00") -> GivenBack:
    facts = {
        "refund_id": "r1", "order_id": "1", "order_number": "1", "created_at": AT, "currency": "USD", "total": total,
    }  # fmt: skip
    return GivenBack(Refund.model_validate(facts), DAY, Decimal(total), "USD", AT)


def sides(
    *mappings: SyncMapping,
    books: Iterable[Booked] = (),
    orders: Iterable[Sold] | None = None,
    refunds: Iterable[GivenBack] = (),
    payouts: Iterable[PaidOut] = (),
    failures: Iterable[OpenFailure] = (),
    under_way: Iterable[str] = (),
    event_id: str = "e1",
    days: Days = ALL,
) -> Sides:
    ledger = ledger_of([Standing(one, event_id) for one in mappings], {"order/1": AT}, failures, under_way)
    shop = None
    if orders is not None:
        shop = Shop(
            {one.order.order_id: one for one in orders},
            {one.refund.refund_id: one for one in refunds},
            {one.payout.payout_id: one for one in payouts},
        )
    named = named_documents(ledger, shop, days)
    found = {one.id: one for one in books}
    return Sides(
        "shop", days, ledger, steady_keys(ledger, ledger), found, named, shop, NOW, ConnectionSettings()
    )


def kinds(found: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(one.kind, one.subject) for one in found]


def test_what_is_the_same_everywhere_is_nothing() -> None:
    same = sides(
        sale().mapping, refund(), books=[row("SalesReceipt", "17", "10.00"), row("RefundReceipt", "30", "4.00")],
        orders=[sold()], refunds=[given()],
    )  # fmt: skip

    found = [*store_against_ledger(same), *ledger_against_books(same), *books_against_ledger(same)]

    assert found == []


def test_document_that_is_being_written_is_judged_later() -> None:
    busy = sides(sale().mapping, under_way=["order/1"], orders=[sold(total="11.00")])
    strange = sides(books=[row("SalesReceipt", "17", "10.00")], under_way=["order/1"])

    found = [*store_against_ledger(busy), *ledger_against_books(busy), *books_against_ledger(strange)]

    assert found == []


def test_document_that_changed_while_quickbooks_was_read_is_judged_later() -> None:
    found = sides(sale().mapping, books=[row("SalesReceipt", "17", "9.00")])

    judged, unsteady = kinds(ledger_against_books(found)), replace(found, steady=frozenset())

    assert judged == [("different", "order/1")]
    assert kinds(ledger_against_books(unsteady)) == []


def test_voided_sale_that_stands_again_and_deleted_refund_that_stands_are_told() -> None:
    found = sides(
        sale(ended="voided").mapping,
        refund(removed=True),
        books=[row("SalesReceipt", "17", "10.00"), row("RefundReceipt", "30", "4.00")],
    )

    assert kinds(ledger_against_books(found)) == [
        ("not_taken_back", "order/1"),
        ("not_taken_back", "refund/r1"),
    ]


def test_reversed_sale_stays_and_its_predecessor_is_known() -> None:
    """An edited receipt leaves three documents: the first, its reversal, and the second."""
    reversal = SyncMapping(
        StoreKey("refund", "reversal/1/1"), "RefundReceipt", "18", detail={"total": "10.00", "order": "1"}
    )
    found = sides(
        sale(generation=2, quickbooks_id="19", total=Decimal("12.00"), number="1-2").mapping,
        reversal,
        books=[
            row("SalesReceipt", "17", "10.00"),
            row("RefundReceipt", "18", "10.00", mark="counterfoil:shop:reversal:1/1"),
            row("SalesReceipt", "19", "12.00", mark="counterfoil:shop:order:1/2"),
        ],
    )

    account = Account("90", "Clearing", Decimal("12.00"), "USD", undeposited=False)
    (balance,) = balances(found, ["90"], [account], [])

    assert [*ledger_against_books(found), *books_against_ledger(found)] == []
    assert (balance.ledger, balance.difference) == (Decimal("12.00"), Decimal(0))


def test_tax_that_differs_under_the_same_total_is_told() -> None:
    """With prices that include tax, another tax code leaves the total as it is."""
    taxed = sale(tax=Decimal("1.67"))
    other_code = sides(taxed.mapping, books=[row("SalesReceipt", "17", "10.00", tax=Decimal("0.48"))])
    rounded = sides(taxed.mapping, books=[row("SalesReceipt", "17", "10.00", tax=Decimal("1.66"))])

    (found,) = ledger_against_books(other_code)

    assert (found.kind, found.ledger, found.quickbooks) == ("different", Decimal("1.67"), Decimal("0.48"))
    assert kinds(ledger_against_books(rounded)) == []


@pytest.mark.parametrize(
    ("dated", "kind"),
    [("2026-11-02", "another_month"), ("2026-10-31", ""), (DAY, "")],
    ids=["november", "october", "same"],
)
def test_sale_that_a_bookkeeper_moved_to_another_month_is_told_and_is_not_off(dated: str, kind: str) -> None:
    books = [row("SalesReceipt", "17", "10.00", date=dated)]
    moved = list(store_against_ledger(sides(sale().mapping, books=books, orders=[sold()])))
    open_day = store_against_ledger(sides(sale(dated=dated).mapping, books=books, orders=[sold()]))

    assert [(one.kind, one.is_off) for one in moved] == ([(kind, False)] if kind else [])
    assert list(open_day) == []


def test_refund_that_was_moved_and_order_that_was_booked_in_another_money_are_no_difference() -> None:
    books = [row("SalesReceipt", "17", "10.00"), row("RefundReceipt", "30", "4.00", date="2026-11-02")]
    euros = replace(sold(), total=Decimal("9.20"), currency="EUR")

    found = store_against_ledger(
        sides(sale().mapping, refund(), books=books, orders=[euros], refunds=[given()])
    )

    assert kinds(found) == [("another_month", "refund/r1")]


def test_payout_is_looked_for_in_the_ledger_and_its_deposit_in_quickbooks() -> None:
    facts = {
        "payout_id": "614",
        "gateway": "shopify_payments",
        "paid_on": DAY,
        "currency": "USD",
        "amount": "66.53",
    }
    payout = PaidOut(Payout.model_validate(facts), AT)
    detail = {"total": "66.53", "currency": "USD"}
    mapping = SyncMapping(StoreKey("payout", "614"), "Deposit", "40", version=AT, detail=detail)
    deposit = {
        "Id": "40", "TotalAmt": "66.53", "TxnDate": DAY, "PrivateNote": "counterfoil:shop:payout:614\nPayout 614",
        "DepositToAccountRef": {"value": "35"}, "CurrencyRef": {"value": "USD"},
    }  # fmt: skip
    clean = sides(mapping, books=[booked("Deposit", deposit)], orders=[], payouts=[payout])
    unbooked = sides(orders=[], payouts=[payout])
    deleted = sides(mapping, orders=[], payouts=[payout])

    found = [
        kinds([*store_against_ledger(one), *ledger_against_books(one), *books_against_ledger(one)])
        for one in (clean, unbooked, deleted)
    ]

    assert found == [[], [("missing_in_ledger", "payout/614")], [("missing_in_quickbooks", "payout/614")]]


def test_order_of_two_documents_is_doubled_once() -> None:
    found = sides(
        sale().mapping, books=[row("SalesReceipt", "17", "10.00"), row("SalesReceipt", "18", "10.00")]
    )

    (doubled,) = books_against_ledger(found)

    assert (doubled.kind, doubled.document) == ("doubled_in_quickbooks", "SalesReceipt 18")


@pytest.mark.parametrize(
    ("order", "kind", "store", "ledger"),
    [
        (sold(total="11.00", amount_paid="11.00"), "different", "11.00", "10.00"),
        (sold(lifecycle="cancelled"), "different", "0", "10.00"),
        (sold(lifecycle="trashed"), "", "", ""),
        (sold(refund_ids=()), "different", "0", "4.00"),
        (sold(store_status="failed", test=True), "", "", ""),
    ],
    ids=["edited", "cancelled", "paid-and-trashed", "refund-deleted", "test"],
)
def test_order_that_changed_in_the_store_since(order: Sold, kind: str, store: str, ledger: str) -> None:
    record = sale()
    if order.order.refund_ids is not None:
        note = RefundNote(Decimal("4.00"), "1-R1", "RefundReceipt", "30")
        record = record.with_refund("r1", note)

    found = list(store_against_ledger(sides(record.mapping, orders=[order])))

    assert [(one.kind, one.store, one.ledger) for one in found] == (
        [(kind, Decimal(store), Decimal(ledger))] if kind else []
    )


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (sale(), "gone_from_store"),
        (sale(entity="Invoice", paid_before=Decimal("10.00")), "gone_from_store"),
        (sale(entity="Invoice"), "different"),
        (sale(entity="Invoice", ended="voided"), ""),
    ],
    ids=["paid", "paid-invoice", "unpaid-invoice", "voided"],
)
def test_order_that_the_store_deleted(record: SaleRecord, kind: str) -> None:
    found = sides(record.mapping, books=[row(record.entity, "17", "10.00")], orders=[])

    assert [one.kind for one in store_against_ledger(found)] == ([kind] if kind else [])


def test_change_that_came_after_the_store_was_read_is_no_difference() -> None:
    newer = sale(total=Decimal("12.00"), version=AT + timedelta(minutes=1))

    assert kinds(store_against_ledger(sides(newer.mapping, orders=[sold()]))) == []


def test_part_payments_are_added_up() -> None:
    invoice = sale(entity="Invoice", total=Decimal("10.00"))
    parts = [payment(1, "3.00", "17"), payment(2, "4.00", "17")]
    order = sold(payment="part_paid", amount_paid="7.00")

    agreed = list(store_against_ledger(sides(invoice.mapping, *parts, orders=[order])))
    (lacking,) = store_against_ledger(sides(invoice.mapping, parts[0], orders=[order]))

    assert agreed == []
    assert (lacking.store, lacking.ledger) == (Decimal("7.00"), Decimal("3.00"))


def test_payment_that_a_bookkeeper_put_into_another_account_is_told() -> None:
    invoice = sale(entity="Invoice", account_id="")
    books = [row("Invoice", "17", "10.00"), row("Payment", "51", "10.00", account_id="92")]
    moved = [books[0], replace(books[1], account_id="35")]
    found = [sides(invoice.mapping, payment(1, "10.00", "17"), books=rows) for rows in (books, moved)]
    accounts = [Account(one, one, Decimal(0), "USD", undeposited=False) for one in ("35", "92")]

    told = [kinds(ledger_against_books(one)) for one in found]
    differences = [one.difference for one in balances(found[1], ["92"], accounts, [])]

    assert told == [[], [("different", "order/1")]]
    assert differences == [Decimal("-10.00")]


def test_money_that_was_booked_twice_for_an_edited_invoice_is_different() -> None:
    """100.00 came in for the first invoice; the order is 80.00 now, and 120.00 are booked as received."""
    edited = sale(entity="Invoice", quickbooks_id="19", generation=2, total=Decimal("80.00"), carried="20")
    edited = replace(edited, paid_before=Decimal("80.00"))
    parts = [payment(1, "100.00", "17"), payment(2, "20.00", "19")]
    order = sold(total="80.00", amount_paid="100.00")

    (twice,) = store_against_ledger(sides(edited.mapping, *parts, orders=[order]))
    once = list(store_against_ledger(sides(edited.mapping, parts[0], orders=[order])))
    silent = list(
        store_against_ledger(
            sides(edited.mapping, parts[0], orders=[sold(total="80.00", amount_paid="80.00")])
        )
    )

    assert (twice.store, twice.ledger) == (Decimal("100.00"), Decimal("120.00"))
    assert (once, silent) == ([], [])


def test_undone_refund_is_told_as_undone_and_a_lost_one_as_missing() -> None:
    undone = sides(
        sale().mapping, refund(removed=True), orders=[sold()], refunds=[given()], event_id="undo-e7"
    )
    lost = sides(sale().mapping, orders=[sold()], refunds=[given()])

    assert kinds(store_against_ledger(undone)) == [("undone", "refund/r1")]
    assert kinds(store_against_ledger(lost)) == [("missing_in_ledger", "refund/r1")]


def test_refund_of_an_order_that_is_not_booked_on_purpose_is_nothing() -> None:
    frame = replace(FRAME, settings=ConnectionSettings(start_date=NOW.date()))
    early = replace(sold(), frame=frame)

    found = kinds(store_against_ledger(sides(orders=[early], refunds=[given()])))

    assert found == []


@pytest.mark.parametrize("status", ["ignored", "unresolved"])
def test_order_that_a_person_ignored_is_no_surprise(status: Any) -> None:
    failure = OpenFailure("e1", "order/1", "order/1", status, "tax_code_unmapped", "No code.")

    (found,) = store_against_ledger(sides(orders=[sold()], failures=[failure]))

    told = ("ignored", False) if status == "ignored" else ("missing_in_ledger", True)
    assert (found.kind, found.is_off) == told
    assert found.todo.endswith(f"counterfoil errors {'restore' if status == 'ignored' else 'fix'} e1")


def test_document_whose_removal_somebody_accepted_by_ignoring_is_not_off() -> None:
    failure = OpenFailure("e1", "order/1", "order/1", "ignored", "removed_in_quickbooks", "It is gone.")
    accepted = sides(sale().mapping, failures=[failure])

    (found,) = ledger_against_books(accepted)

    assert (found.kind, found.is_off) == ("ignored", False)


def test_what_changed_a_moment_ago_may_be_on_its_way() -> None:
    now = sides(orders=[replace(sold(), changed=NOW - timedelta(minutes=14))])
    late = sides(orders=[replace(sold(), changed=NOW - timedelta(minutes=16))])

    assert kinds(store_against_ledger(now)) == []
    assert kinds(store_against_ledger(late)) == [("missing_in_ledger", "order/1")]


def test_store_credit_of_a_refund_is_part_of_it_and_moves_no_money() -> None:
    document = {
        "Id": "30", "TotalAmt": "1.50", "DepositToAccountRef": {"value": "90"}, "TxnDate": DAY,
        "PrivateNote": "counterfoil:shop:refund:r1",
        "Line": [{"Amount": "-2.50", "Description": "Refunded to gift card or store credit"}],
    }  # fmt: skip
    found = sides(
        sale().mapping,
        refund(),
        books=[row("SalesReceipt", "17", "10.00"), booked("RefundReceipt", document)],
    )

    account = Account("90", "Clearing", Decimal("8.50"), "USD", undeposited=False)
    (balance,) = balances(found, ["90"], [account], [])

    assert list(ledger_against_books(found)) == []
    assert (balance.ledger, balance.difference) == (Decimal("8.50"), Decimal(0))


def test_foreign_document_moves_a_home_account_at_its_rate() -> None:
    foreign = row("SalesReceipt", "17", "33.33", currency="CAD", rate=Decimal("0.7313"))
    found = sides(sale(total=Decimal("33.33")).mapping, books=[foreign])
    home = Account("90", "Clearing", Decimal("24.37"), "USD", undeposited=False)
    own = replace(home, currency="CAD", balance=Decimal("33.33"))

    differences = [balances(found, ["90"], [account], [])[0].difference for account in (home, own)]

    assert differences == [Decimal(0), Decimal(0)]


def test_document_whose_mark_somebody_deleted_is_still_ours() -> None:
    october = month_of("2026-10", "UTC")
    found = sides(sale().mapping, books=[row("SalesReceipt", "17", "10.00", mark="")], days=october)
    account = Account("90", "Clearing", Decimal("10.00"), "USD", undeposited=False)

    (balance,) = balances(found, ["90"], [account], [])

    assert [*ledger_against_books(found), *books_against_ledger(found)] == []
    assert (balance.quickbooks, balance.difference) == (Decimal("10.00"), Decimal(0))


def test_balance_that_nothing_explains_and_account_that_is_not_there_are_told() -> None:
    found = sides(sale().mapping, books=[row("SalesReceipt", "17", "10.00")])
    account = Account("90", "Clearing", Decimal("7.00"), "USD", undeposited=False)

    told = balances(
        found, ["90", "91"], [account], [("Transfer", {"Amount": 2, "FromAccountRef": {"value": "90"}})]
    )
    findings = list(balance_findings(told, ["90", "91"], ["90"]))

    assert (told[0].expected, told[0].difference) == (Decimal("8.00"), Decimal("-1.00"))
    assert kinds(findings) == [("clearing_account", "account/90"), ("clearing_account", "account/91")]


@pytest.mark.parametrize(
    ("entity", "document", "moved"),
    [
        ("Deposit", {"TotalAmt": 9, "DepositToAccountRef": {"value": "1"},
                     "CashBack": {"Amount": 1, "AccountRef": {"value": "2"}},
                     "Line": [{"Amount": 10, "LinkedTxn": [{"TxnId": "5"}]}]}, {"1": 9, "2": 1, "uf": -10}),
        ("JournalEntry", {"Line": [
            {"Amount": 3, "JournalEntryLineDetail": {"PostingType": "Debit", "AccountRef": {"value": "1"}}},
            {"Amount": 3, "JournalEntryLineDetail": {"PostingType": "Credit", "AccountRef": {"value": "2"}}}]},
         {"1": 3, "2": -3}),
        ("Purchase", {"TotalAmt": 4, "AccountRef": {"value": "1"}, "Line": [
            {"Amount": 4, "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "2"}}}]}, {"1": -4, "2": 4}),
        ("Purchase", {"TotalAmt": 4, "Credit": True, "AccountRef": {"value": "1"}}, {"1": 4}),
    ],
    ids=["deposit", "journal", "expense", "expense-credit"],
)  # fmt: skip
def test_other_documents_move_accounts_as_quickbooks_posts_them(
    entity: str, document: dict[str, Any], moved: dict[str, int]
) -> None:
    found: dict[str, Decimal] = {}
    for account_id, amount in postings(entity, document, "uf"):
        if account_id:
            found[account_id] = found.get(account_id, Decimal(0)) + amount

    assert found == moved


@pytest.mark.parametrize(
    ("mark", "key", "subject"),
    [
        ("order:1", ("order", "1"), "order/1"),
        ("order:1/2", ("order", "1"), "order/1"),
        ("payment:1/2", ("payment", "1/2"), "order/1"),
        ("refund:r1", ("refund", "r1"), "refund/r1"),
        ("reversal:1/1", ("refund", "reversal/1/1"), "order/1"),
        ("credit:refund-r1/1", ("payment", "refund-r1/1"), "order/1"),
        ("credit:settle-1/12", ("payment", "settle-1/12"), "order/12"),
    ],
)
def test_mark_leads_to_what_the_ledger_remembers(mark: str, key: tuple[str, str], subject: str) -> None:
    found, _ = key_of(f"counterfoil:shop:{mark}", "shop")

    assert (found, subject_of(found)) == (key, subject)


def test_month_has_its_days_in_the_zone_of_the_company() -> None:
    october = month_of("2026-10", "America/New_York")
    february = month_of("2028-02", "UTC")

    assert october.begins == datetime(2026, 10, 1, 4, 0, tzinfo=UTC)
    assert october.day_of(datetime(2026, 11, 1, 3, 59, tzinfo=UTC)) == "2026-10-31"
    assert [october.has(day) for day in ("2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01")] == [
        False,
        True,
        True,
        False,
    ]
    assert february.condition == "TxnDate >= '2028-02-01' and TxnDate <= '2028-02-29'"
    with pytest.raises(ValueError, match="is no month"):
        month_of("1999-01", "UTC")
