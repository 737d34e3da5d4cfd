"""Deposits, transfers, journal entries, purchases and bills. Facts: Intuit's reference, recorded faults."""

from decimal import Decimal
from typing import Any

import pytest

from ops.sandbox.company.company import Company
from ops.sandbox.company.json_values import Json
from tests.ops.sandbox.company.documents import (
    balance,
    key,
    refused,
    sale,
    sale_line,
    trial_balance_difference,
)

CHECKING, UNDEPOSITED, FEES = "35", "4", "9"


def linked(document: Json, kind: str, amount: object) -> Json:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": document["Id"], "TxnType": kind, "TxnLineId": "0"}]}


def own(amount: object, account: str) -> Json:
    return {
        "DetailType": "DepositLineDetail",
        "Amount": amount,
        "DepositLineDetail": {"AccountRef": {"value": account}},
    }


def deposit(*lines: Json, **head: Any) -> Json:
    return {"DepositToAccountRef": {"value": CHECKING}, "Line": list(lines), **head}


def test_deposit_takes_receipts_to_the_bank_less_the_fees(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(100)))
    bank, waiting, fees = (balance(company, one) for one in (CHECKING, UNDEPOSITED, FEES))

    made = company.create("Deposit", deposit(linked(receipt, "SalesReceipt", 100), own("-2.90", FEES)))

    assert made["TotalAmt"] == Decimal("97.10")
    assert balance(company, CHECKING) - bank == Decimal("97.10")
    assert balance(company, UNDEPOSITED) - waiting == -100
    assert balance(company, FEES) - fees == Decimal("2.90")
    stored = company.read("SalesReceipt", receipt["Id"])
    assert stored["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Deposit"}]


def test_deposited_receipt_cannot_be_changed_voided_or_deleted(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(100)))
    company.create("Deposit", deposit(linked(receipt, "SalesReceipt", 100)))
    stored = company.read("SalesReceipt", receipt["Id"])

    calls = (
        lambda: company.update("SalesReceipt", key(stored, sparse=True, PrivateNote="x")),
        lambda: company.update("SalesReceipt", key(stored, sparse=True), include=frozenset({"void"})),
        lambda: company.delete("SalesReceipt", key(stored)),
    )

    assert [refused(call).code for call in calls] == ["6540"] * 3


def test_deposited_payment_is_6540_and_free_again_without_its_deposit(company: Company) -> None:
    payment = company.create("Payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 40})
    made = company.create("Deposit", deposit(linked(payment, "Payment", 40)))

    assert (
        refused(lambda: company.delete("Payment", key(company.read("Payment", payment["Id"])))).code == "6540"
    )
    company.delete("Deposit", key(made))
    company.delete("Payment", key(company.read("Payment", payment["Id"])))

    assert trial_balance_difference(company) == 0


def test_nothing_is_deposited_twice(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(100)))
    company.create("Deposit", deposit(linked(receipt, "SalesReceipt", 100)))

    error = refused(lambda: company.create("Deposit", deposit(linked(receipt, "SalesReceipt", 100))))

    assert error.code == "620"


def test_receipt_outside_undeposited_funds_cannot_be_deposited(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(100), DepositToAccountRef={"value": CHECKING}))

    assert (
        refused(lambda: company.create("Deposit", deposit(linked(receipt, "SalesReceipt", 100)))).code
        == "620"
    )


def test_transfer_moves_money_between_accounts(company: Company) -> None:
    body = {"FromAccountRef": {"value": CHECKING}, "ToAccountRef": {"value": "36"}, "Amount": "12.50"}

    company.create("Transfer", body)

    assert balance(company, "36") == Decimal("12.50")
    assert (
        refused(lambda: company.create("Transfer", {**body, "ToAccountRef": {"value": "79"}})).code == "6430"
    )
    assert refused(lambda: company.create("Transfer", {**body, "Amount": -1})).code == "2290"


def journal_line(side: str | None, amount: object, account: str, party: Json | None = None) -> Json:
    detail: Json = {"AccountRef": {"value": account}}
    if side is not None:
        detail["PostingType"] = side
    if party is not None:
        detail["Entity"] = party
    return {"DetailType": "JournalEntryLineDetail", "Amount": amount, "JournalEntryLineDetail": detail}


ADA = {"Type": "Customer", "EntityRef": {"value": "1"}}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "2020"),
        ([journal_line("Debit", 5, "35")], "6000"),
        ([journal_line("Debit", 5, "35"), journal_line("Credit", 4, "36")], "2300"),
        ([journal_line(None, 5, "35"), journal_line("Credit", 5, "36")], "2260"),
        ([journal_line("Debit", -5, "35"), journal_line("Credit", -5, "36")], "2290"),
        ([journal_line("Debit", 5, "84"), journal_line("Credit", 5, "36")], "6000"),
        ([journal_line("Debit", 5, "84", ADA), journal_line("Credit", 5, "33", ADA)], "6000"),
    ],
)
def test_bad_journal_entries_are_refused(company: Company, lines: list[Json], code: str) -> None:
    assert refused(lambda: company.create("JournalEntry", {"Line": lines})).code == code


def test_journal_entry_on_receivables_moves_the_customers_balance(company: Company) -> None:
    before = company.read("Customer", "1")["Balance"]
    lines = [journal_line("Debit", 5, "84", ADA), journal_line("Credit", 5, "1")]

    company.create("JournalEntry", {"Line": lines})

    assert company.read("Customer", "1")["Balance"] == before + 5
    assert trial_balance_difference(company) == 0


def account_line(amount: object, account: str = "14", **detail: Any) -> Json:
    inner = {"AccountRef": {"value": account}, **detail}
    return {
        "DetailType": "AccountBasedExpenseLineDetail",
        "Amount": amount,
        "AccountBasedExpenseLineDetail": inner,
    }


def test_bill_is_owed_to_its_vendor(company: Company) -> None:
    bill = company.create("Bill", {"VendorRef": {"value": "9"}, "Line": [account_line("103.55")]})

    assert (bill["TotalAmt"], bill["Balance"]) == (Decimal("103.55"), Decimal("103.55"))
    assert bill["APAccountRef"] == {"value": "33", "name": "Accounts Payable (A/P)"}
    assert company.read("Vendor", "9")["Balance"] == Decimal("103.55")
    assert balance(company, "33") == Decimal("-103.55")


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ({"PaymentType": "CreditCard", "AccountRef": {"value": CHECKING}}, "6430"),
        ({"PaymentType": "Check", "AccountRef": {"value": "42"}}, "6430"),
        ({"AccountRef": {"value": CHECKING}}, "2020"),
        ({"PaymentType": "Cash", "AccountRef": {"value": CHECKING}, "Credit": True}, "6000"),
        ({"PaymentType": "Cash", "AccountRef": {"value": CHECKING}, "EntityRef": {"value": "777"}}, "2500"),
    ],
)
def test_bad_purchases_are_refused(company: Company, head: Json, code: str) -> None:
    assert refused(lambda: company.create("Purchase", {**head, "Line": [account_line(5)]})).code == code


def test_card_credit_is_the_other_way_round(company: Company) -> None:
    head = {"PaymentType": "CreditCard", "AccountRef": {"value": "42"}, "Credit": True}

    company.create("Purchase", {**head, "Line": [account_line(5)]})

    assert (balance(company, "42"), balance(company, "14")) == (5, -5)
    assert company.read("Account", "42")["CurrentBalance"] == -5


def test_billable_line_needs_a_customer(company: Company) -> None:
    line = account_line(5, BillableStatus="Billable")
    head = {"PaymentType": "Cash", "AccountRef": {"value": CHECKING}}

    assert refused(lambda: company.create("Purchase", {**head, "Line": [line]})).code == "6310"


def test_purchase_tax_outside_the_us_is_reclaimed(company_in: Any) -> None:
    company = company_in("GB")
    line = account_line(100, TaxCodeRef={"value": "3"})

    bill = company.create("Bill", {"VendorRef": {"value": "9"}, "Line": [line]})

    assert bill["TotalAmt"] == 120
    assert trial_balance_difference(company) == 0
