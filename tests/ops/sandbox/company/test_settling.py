"""Payments, credit memos and balances. Facts: Intuit's reference of Payment, recorded answers."""

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


def pay(total: object, *targets: tuple[Json, str, object], **head: Any) -> Json:
    """A Payment of the first customer over invoices and credit memos."""
    lines = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": target["Id"], "TxnType": kind}]}
        for target, kind, amount in targets
    ]
    return {"CustomerRef": {"value": "1"}, "TotalAmt": total, "Line": lines, **head}


def customer_balance(company: Company) -> object:
    return company.read("Customer", "1")["Balance"]


def test_unapplied_payment_is_answered_as_quickbooks_does(company: Company) -> None:
    payment = company.create("Payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 25})

    expected = {
        "UnappliedAmt": 25,
        "TotalAmt": 25,
        "ProcessPayment": False,
        "Line": [],
        "DepositToAccountRef": {"value": "4"},
        "CustomerRef": {"value": "1", "name": "Ada Birch"},
    }
    assert {name: payment[name] for name in expected} == expected


def test_payment_lowers_the_invoice_and_the_rest_is_unapplied(company: Company) -> None:
    before = customer_balance(company)
    invoice = company.create("Invoice", sale(sale_line(100)))

    payment = company.create("Payment", pay(130, (invoice, "Invoice", 100)))

    paid = company.read("Invoice", invoice["Id"])
    assert (paid["Balance"], payment["UnappliedAmt"]) == (0, 30)
    assert paid["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert customer_balance(company) == Decimal(str(before)) - 30
    assert trial_balance_difference(company) == 0


def test_payment_line_says_what_it_paid(company: Company) -> None:
    invoice = company.create("Invoice", sale(sale_line(71), DocNumber="N-7"))

    payment = company.create("Payment", pay(55, (invoice, "Invoice", 55)))

    values = [one["value"] for one in payment["Line"][0]["LineEx"]["any"]]
    assert values == [
        {"Name": "txnId", "Value": invoice["Id"]},
        {"Name": "txnOpenBalance", "Value": "71.00"},
        {"Name": "txnReferenceNumber", "Value": "N-7"},
    ]


@pytest.mark.parametrize(("bumps", "token"), [(True, "1"), (False, "0")])
def test_linking_raises_the_token_of_the_invoice_by_switch(company: Company, bumps: bool, token: str) -> None:
    company.settings.uncertain.linking_bumps_token = bumps
    invoice = company.create("Invoice", sale(sale_line(100)))

    company.create("Payment", pay(10, (invoice, "Invoice", 10)))

    assert company.read("Invoice", invoice["Id"])["SyncToken"] == token


@pytest.mark.parametrize(
    ("amount", "total"),
    [(101, 101), (100, 99), (0, 10), (-5, 10)],
    ids=["too-much", "more-than-paid", "0", "<0"],
)
def test_amounts_that_do_not_fit_are_refused(company: Company, amount: int, total: int) -> None:
    invoice = company.create("Invoice", sale(sale_line(100)))

    error = refused(lambda: company.create("Payment", pay(total, (invoice, "Invoice", amount))))

    assert error.code in ("6000", "2290")
    assert company.read("Invoice", invoice["Id"])["Balance"] == 100


def test_payment_of_another_customers_invoice_is_620(company: Company) -> None:
    invoice = company.create("Invoice", sale(sale_line(100), CustomerRef={"value": "2"}))

    assert refused(lambda: company.create("Payment", pay(5, (invoice, "Invoice", 5)))).code == "620"


def test_parent_may_pay_for_its_sub_customer(company: Company) -> None:
    child = company.create("Customer", {"DisplayName": "Annex", "Job": True, "ParentRef": {"value": "1"}})
    invoice = company.create("Invoice", sale(sale_line(100), CustomerRef={"value": child["Id"]}))

    company.create("Payment", pay(100, (invoice, "Invoice", 100)))

    assert company.read("Customer", child["Id"])["Balance"] == 0


def test_credit_memo_is_used_up_by_a_payment_of_nothing(company: Company) -> None:
    invoice = company.create("Invoice", sale(sale_line(100)))
    memo = company.create("CreditMemo", sale(sale_line(30)))

    company.create("Payment", pay(0, (invoice, "Invoice", 30), (memo, "CreditMemo", 30)))

    assert company.read("Invoice", invoice["Id"])["Balance"] == 70
    used = company.read("CreditMemo", memo["Id"])
    assert (memo["RemainingCredit"], used["RemainingCredit"], used["Balance"]) == (30, 0, 0)
    assert trial_balance_difference(company) == 0


def test_deleted_payment_opens_the_invoice_again(company: Company) -> None:
    invoice = company.create("Invoice", sale(sale_line(100)))
    payment = company.create("Payment", pay(100, (invoice, "Invoice", 100)))

    company.delete("Payment", key(payment))

    again = company.read("Invoice", invoice["Id"])
    assert (again["Balance"], again["LinkedTxn"]) == (100, [])


def test_voided_payment_is_zero_and_opens_the_invoice_again(company: Company) -> None:
    invoice = company.create("Invoice", sale(sale_line(100)))
    payment = company.create("Payment", pay(100, (invoice, "Invoice", 100)))

    voided = company.update("Payment", key(payment, sparse=True), include=frozenset({"void"}))

    expected = {"PrivateNote": "Voided", "TotalAmt": 0, "UnappliedAmt": 0, "Line": [], "SyncToken": "1"}
    assert {name: voided[name] for name in expected} == expected
    assert company.read("Invoice", invoice["Id"])["Balance"] == 100


def test_payment_of_a_deleted_invoice_stays_unapplied(company: Company) -> None:
    invoice = company.create("Invoice", sale(sale_line(100)))
    payment = company.create("Payment", pay(100, (invoice, "Invoice", 100)))

    company.delete("Invoice", key(company.read("Invoice", invoice["Id"])))

    after = company.read("Payment", payment["Id"])
    assert (after["UnappliedAmt"], after["Line"], after["SyncToken"]) == (100, [], "1")
    assert trial_balance_difference(company) == 0


def test_switch_refuses_to_delete_a_paid_invoice(company: Company) -> None:
    company.settings.uncertain.deleting_a_paid_invoice = "refuse"
    invoice = company.create("Invoice", sale(sale_line(100)))
    company.create("Payment", pay(100, (invoice, "Invoice", 100)))

    stored = company.read("Invoice", invoice["Id"])

    assert refused(lambda: company.delete("Invoice", key(stored))).code == "6000"


def test_invoice_cannot_shrink_below_what_is_paid(company: Company) -> None:
    invoice = company.create("Invoice", sale(sale_line(100)))
    company.create("Payment", pay(60, (invoice, "Invoice", 60)))
    stored = company.read("Invoice", invoice["Id"])

    error = refused(lambda: company.update("Invoice", key(stored, sparse=True, Line=[sale_line(50)])))

    assert error.code == "6000"


def test_changed_payment_moves_what_it_pays(company: Company) -> None:
    first = company.create("Invoice", sale(sale_line(100)))
    second = company.create("Invoice", sale(sale_line(100)))
    payment = company.create("Payment", pay(100, (first, "Invoice", 100)))

    company.update("Payment", {**key(payment), **pay(100, (second, "Invoice", 40))})

    assert company.read("Invoice", first["Id"])["Balance"] == 100
    assert company.read("Invoice", second["Id"])["Balance"] == 60


def test_money_lies_in_the_account_that_was_named(company: Company) -> None:
    before = balance(company, "21")

    company.create("Payment", pay(12, DepositToAccountRef={"value": "21"}))

    assert balance(company, "21") == before + 12


def test_sale_moves_the_customers_time_but_not_its_token(company: Company, clock: Any) -> None:
    before = company.read("Customer", "1")
    clock.pass_time(hours=2)

    company.create("Invoice", sale(sale_line(1)))

    after = company.read("Customer", "1")
    assert after["SyncToken"] == before["SyncToken"]
    assert after["MetaData"]["LastUpdatedTime"] > before["MetaData"]["LastUpdatedTime"]
