"""Multicurrency. Facts: Intuit's pages on multicurrency."""

from decimal import Decimal

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

CAD = {"value": "CAD"}


@pytest.fixture
def abroad(company: Company) -> Company:
    """A US company with multicurrency on."""
    stored = company.read("Preferences", "1")
    company.update("Preferences", key(stored, sparse=True, CurrencyPrefs={"MultiCurrencyEnabled": True}))
    return company


@pytest.fixture
def jane(abroad: Company) -> Json:
    """A customer in Canadian dollars."""
    return abroad.create("Customer", {"DisplayName": "Jane Doe (CAD)", "CurrencyRef": CAD})


def test_foreign_currency_without_multicurrency_is_refused(company: Company) -> None:
    assert (
        refused(lambda: company.create("Customer", {"DisplayName": "F", "CurrencyRef": CAD})).code == "6000"
    )
    assert refused(lambda: company.create("SalesReceipt", sale(sale_line(1), CurrencyRef=CAD))).code == "6000"


def test_currency_that_the_company_lacks_is_2500(abroad: Company) -> None:
    body = {"DisplayName": "E", "CurrencyRef": {"value": "EUR"}}

    assert refused(lambda: abroad.create("Customer", body)).code == "2500"


def test_currency_of_a_customer_never_changes(abroad: Company, jane: Json) -> None:
    body = key(jane, sparse=True, CurrencyRef={"value": "USD"})

    assert refused(lambda: abroad.update("Customer", body)).code == "6000"


def test_currency_of_a_transaction_is_its_customers(abroad: Company, jane: Json) -> None:
    head = {"CustomerRef": {"value": jane["Id"]}}

    assert (
        refused(
            lambda: abroad.create("Invoice", sale(sale_line(1), **head, CurrencyRef={"value": "USD"}))
        ).code
        == "6000"
    )
    assert abroad.create("Invoice", sale(sale_line(1), **head))["CurrencyRef"]["value"] == "CAD"


def test_home_amounts_follow_the_rate(abroad: Company, jane: Json) -> None:
    body = sale(sale_line("10.01"), CustomerRef={"value": jane["Id"]}, ExchangeRate="0.7353")

    invoice = abroad.create("Invoice", body)

    assert (invoice["TotalAmt"], invoice["HomeTotalAmt"]) == (Decimal("10.01"), Decimal("7.36"))
    assert abroad.read("Customer", jane["Id"])["Balance"] == Decimal("10.01")
    assert trial_balance_difference(abroad) == 0


def test_rate_of_the_day_is_taken_when_none_is_sent(abroad: Company, jane: Json) -> None:
    abroad.create("ExchangeRate", {"SourceCurrencyCode": "CAD", "Rate": "0.70", "AsOfDate": "2026-03-01"})
    abroad.create("ExchangeRate", {"SourceCurrencyCode": "CAD", "Rate": "0.80", "AsOfDate": "2026-03-20"})
    head = {"CustomerRef": {"value": jane["Id"]}}

    early = abroad.create("SalesReceipt", sale(sale_line(100), **head, TxnDate="2026-02-01"))
    later = abroad.create("SalesReceipt", sale(sale_line(100), **head, TxnDate="2026-03-05"))

    assert (early["ExchangeRate"], later["ExchangeRate"]) == (1, Decimal("0.70"))
    assert later["HomeTotalAmt"] == 70


def test_setting_a_rate_again_changes_it(abroad: Company) -> None:
    first = abroad.create(
        "ExchangeRate", {"SourceCurrencyCode": "CAD", "Rate": "0.70", "AsOfDate": "2026-03-01"}
    )

    second = abroad.update("ExchangeRate", {**first, "Rate": "0.71"})

    assert (second["Id"], second["Rate"], second["SyncToken"]) == (first["Id"], Decimal("0.71"), "1")


def test_payment_at_another_rate_books_the_gain(abroad: Company, jane: Json) -> None:
    customer = {"CustomerRef": {"value": jane["Id"]}}
    invoice = abroad.create("Invoice", sale(sale_line(100), **customer, ExchangeRate="0.70"))
    line = {"Amount": 100, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}

    abroad.create("Payment", {**customer, "TotalAmt": 100, "ExchangeRate": "0.75", "Line": [line]})

    assert balance(abroad, "37") == -5
    assert trial_balance_difference(abroad) == 0
    receivable = abroad.query("select * from Account where Name = 'Accounts Receivable (A/R) - CAD'")
    assert receivable["Account"][0]["CurrentBalance"] == 0


def test_foreign_receipt_reaches_the_bank_at_its_home_amount(abroad: Company, jane: Json) -> None:
    waiting = balance(abroad, "4")
    body = sale(sale_line(100), CustomerRef={"value": jane["Id"]}, ExchangeRate="0.70")
    receipt = abroad.create("SalesReceipt", body)
    line = {"LinkedTxn": [{"TxnId": receipt["Id"], "TxnType": "SalesReceipt"}]}

    deposit = abroad.create("Deposit", {"DepositToAccountRef": {"value": "35"}, "Line": [line]})

    assert deposit["TotalAmt"] == 70
    assert balance(abroad, "4") == waiting
    assert trial_balance_difference(abroad) == 0


def test_deposit_account_in_a_third_currency_is_refused(abroad: Company, jane: Json) -> None:
    abroad.create("CompanyCurrency", {"Code": "EUR"})
    account = abroad.create(
        "Account", {"Name": "Euros", "AccountType": "Bank", "CurrencyRef": {"value": "EUR"}}
    )
    body = sale(sale_line(1), CustomerRef={"value": jane["Id"]}, DepositToAccountRef={"value": account["Id"]})

    assert refused(lambda: abroad.create("SalesReceipt", body)).code == "6000"


def test_multicurrency_stays_on(abroad: Company) -> None:
    stored = abroad.read("Preferences", "1")

    body = key(stored, sparse=True, CurrencyPrefs={"MultiCurrencyEnabled": False})

    assert refused(lambda: abroad.update("Preferences", body)).code == "6000"


def test_first_company_currency_is_the_canadian_dollar(company: Company) -> None:
    assert company.read("CompanyCurrency", "1")["Name"] == "Canadian Dollar"
