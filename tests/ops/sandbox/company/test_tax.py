"""Sales tax. Facts: invoices of Intuit's sample company, Intuit's pages on sales tax in and outside the US."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from ops.sandbox.company.company import Company
from tests.ops.sandbox.company.documents import (
    balance,
    discount_line,
    refused,
    sale,
    sale_line,
    trial_balance_difference,
)

MakeCompany = Callable[[str], Company]
CALIFORNIA = {"TxnTaxCodeRef": {"value": "2"}}
TUCSON = {"TxnTaxCodeRef": {"value": "3"}}


def automate(company: Company) -> None:
    """Turn automated sales tax on."""
    stored = company.read("Preferences", "1")
    body = {
        "Id": "1",
        "SyncToken": stored["SyncToken"],
        "TaxPrefs": {"PartnerTaxEnabled": True},
        "sparse": True,
    }
    company.update("Preferences", body)


def test_manual_tax_is_of_the_taxable_lines_only(company: Company) -> None:
    body = sale(sale_line(100, tax="TAX"), sale_line(50, tax="NON"), TxnTaxDetail=CALIFORNIA)

    receipt = company.create("SalesReceipt", body)

    assert receipt["TotalAmt"] == 158
    assert receipt["TxnTaxDetail"] == {
        "TxnTaxCodeRef": {"value": "2"},
        "TotalTax": 8,
        "TaxLine": [
            {
                "Amount": 8,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": "2"},
                    "PercentBased": True,
                    "TaxPercent": 8,
                    "NetAmountTaxable": 100,
                },
            }
        ],
    }


def test_tax_is_rounded_per_rate_on_the_sum_of_the_lines(company: Company) -> None:
    body = sale(sale_line(300, tax="TAX"), sale_line(122, tax="TAX"), TxnTaxDetail=TUCSON)

    detail = company.create("Invoice", body)["TxnTaxDetail"]

    assert [line["Amount"] for line in detail["TaxLine"]] == [Decimal("29.96"), Decimal("8.44")]
    assert detail["TotalTax"] == Decimal("38.40")


def test_manual_tax_without_a_code_is_none(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(100, tax="TAX"), TxnTaxDetail={"TotalTax": 9}))

    assert (receipt["TxnTaxDetail"], receipt["TotalAmt"]) == ({"TotalTax": 0}, 100)


def test_line_code_other_than_tax_and_non_is_6100(company: Company) -> None:
    error = refused(lambda: company.create("SalesReceipt", sale(sale_line(1, tax="2"))))

    assert error.code == "6100"


@pytest.mark.parametrize(("code", "fault"), [("TAX", "6160"), ("CustomSalesTax", "6160"), ("77", "2500")])
def test_transaction_code_must_be_a_real_one(company: Company, code: str, fault: str) -> None:
    body = sale(sale_line(1, tax="TAX"), TxnTaxDetail={"TxnTaxCodeRef": {"value": code}})

    assert refused(lambda: company.create("SalesReceipt", body)).code == fault


@pytest.mark.parametrize(("after", "tax"), [(False, "8.00"), (True, "7.20")], ids=["before-tax", "after-tax"])
def test_discount_lowers_the_taxable_base_only_when_tax_comes_after_it(
    company: Company, after: bool, tax: str
) -> None:
    body = sale(
        sale_line(100, tax="TAX"),
        discount_line(percent=10),
        TxnTaxDetail=CALIFORNIA,
        ApplyTaxAfterDiscount=after,
    )

    receipt = company.create("SalesReceipt", body)

    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal(tax)
    assert receipt["TotalAmt"] == 90 + Decimal(tax)


def test_automated_tax_follows_the_ship_to_address(company: Company) -> None:
    automate(company)
    there = {"Line1": "1 Cactus Way", "CountrySubDivisionCode": "AZ", "PostalCode": "85701"}

    home = company.create("SalesReceipt", sale(sale_line(100, tax="TAX")))
    away = company.create("SalesReceipt", sale(sale_line(100, tax="TAX"), ShipAddr=there))

    assert (home["TxnTaxDetail"]["TotalTax"], away["TxnTaxDetail"]["TotalTax"]) == (8, Decimal("9.10"))


def test_automated_tax_takes_the_total_that_is_sent(company: Company) -> None:
    automate(company)
    body = sale(sale_line(100, tax="TAX"), TxnTaxDetail={"TotalTax": "8.25"})

    receipt = company.create("SalesReceipt", body)

    assert (receipt["TxnTaxDetail"]["TotalTax"], receipt["TotalAmt"]) == (Decimal("8.25"), Decimal("108.25"))
    assert trial_balance_difference(company) == 0


def test_automated_tax_stays_overridden_until_the_lines_change(company: Company) -> None:
    automate(company)
    receipt = company.create("SalesReceipt", sale(sale_line(100, tax="TAX"), TxnTaxDetail={"TotalTax": "5"}))
    head = {"Id": receipt["Id"], "sparse": True}

    noted = company.update("SalesReceipt", {**head, "SyncToken": "0", "PrivateNote": "x"})
    grown = company.update("SalesReceipt", {**head, "SyncToken": "1", "Line": [sale_line(200, tax="TAX")]})

    assert (noted["TxnTaxDetail"]["TotalTax"], grown["TxnTaxDetail"]["TotalTax"]) == (5, 16)


def test_automated_tax_of_untaxed_lines_is_none_whatever_is_sent(company: Company) -> None:
    automate(company)
    body = sale(sale_line(100, tax="NON"), TxnTaxDetail={"TotalTax": "8.25"})

    assert company.create("SalesReceipt", body)["TotalAmt"] == 100


def test_tax_is_owed_to_its_agency(company: Company) -> None:
    company.create("SalesReceipt", sale(sale_line(100, tax="TAX"), TxnTaxDetail=TUCSON))

    payable = company.query("select * from Account where Name = 'Arizona Dept. of Revenue Payable'")[
        "Account"
    ][0]

    assert balance(company, payable["Id"]) == Decimal("-9.10")


@pytest.mark.parametrize(
    ("country", "words"), [("CA", "GST/HST rate"), ("GB", "VAT rate"), ("AU", "GST rate")]
)
def test_line_without_code_outside_the_us_is_6000(company_in: MakeCompany, country: str, words: str) -> None:
    error = refused(lambda: company_in(country).create("SalesReceipt", sale(sale_line(1))))

    assert error.code == "6000"
    assert words in error.detail


def test_unknown_code_outside_the_us_is_2500(company_in: MakeCompany) -> None:
    assert (
        refused(lambda: company_in("GB").create("SalesReceipt", sale(sale_line(1, tax="TAX")))).code == "2500"
    )


def test_exclusive_tax_is_added_per_code(company_in: MakeCompany) -> None:
    body = sale(sale_line(100, tax="3"), sale_line(10, tax="4"), sale_line(1, tax="5"))

    receipt = company_in("GB").create("SalesReceipt", body)

    assert receipt["GlobalTaxCalculation"] == "TaxExcluded"
    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal("20.50")
    assert receipt["TotalAmt"] == Decimal("131.50")


def test_code_of_two_rates_has_two_tax_lines(company_in: MakeCompany) -> None:
    receipt = company_in("CA").create("SalesReceipt", sale(sale_line(200, tax="7")))

    assert [line["Amount"] for line in receipt["TxnTaxDetail"]["TaxLine"]] == [10, Decimal("19.95")]


def test_inclusive_amount_is_kept_to_the_cent(company_in: MakeCompany) -> None:
    line = sale_line("13.55", tax="1", TaxInclusiveAmt="14.90")

    receipt = company_in("AU").create("SalesReceipt", sale(line, GlobalTaxCalculation="TaxInclusive"))

    assert receipt["TotalAmt"] == Decimal("14.90")
    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal("1.35")
    assert receipt["Line"][0]["Amount"] == Decimal("13.55")
    assert receipt["Line"][0]["SalesItemLineDetail"]["TaxInclusiveAmt"] == Decimal("14.90")


def test_amount_is_net_even_on_an_inclusive_form(company_in: MakeCompany) -> None:
    body = sale(sale_line("13.55", tax="1"), GlobalTaxCalculation="TaxInclusive")

    assert company_in("AU").create("SalesReceipt", body)["TotalAmt"] == Decimal("14.91")


def test_inclusive_lines_add_up_to_what_was_sent(company_in: MakeCompany) -> None:
    company = company_in("GB")
    lines = [sale_line("0.83", tax="3", TaxInclusiveAmt="0.99") for _ in range(7)]

    receipt = company.create("SalesReceipt", sale(*lines, GlobalTaxCalculation="TaxInclusive"))

    assert receipt["TotalAmt"] == Decimal("6.93")
    nets = sum(line["Amount"] for line in receipt["Line"][:-1])
    assert nets + receipt["TxnTaxDetail"]["TotalTax"] == Decimal("6.93")
    assert trial_balance_difference(company) == 0


def test_inclusive_form_can_be_written_back(company_in: MakeCompany) -> None:
    company = company_in("GB")
    line = sale_line("0.83", tax="3", quantity=1, price="0.83", TaxInclusiveAmt="0.99")
    receipt = company.create("SalesReceipt", sale(line, line, line, GlobalTaxCalculation="TaxInclusive"))

    assert company.update("SalesReceipt", receipt) == receipt


def test_form_without_tax_takes_no_tax(company_in: MakeCompany) -> None:
    company = company_in("CA")
    body = sale(sale_line(100), GlobalTaxCalculation="NotApplicable")

    assert company.create("SalesReceipt", body)["TotalAmt"] == 100
    error = refused(lambda: company.create("SalesReceipt", {**body, "TxnTaxDetail": {"TotalTax": 5}}))
    assert error.code == "6170"


def test_tax_lines_that_are_sent_win(company_in: MakeCompany) -> None:
    company = company_in("GB")
    receipt = company.create("SalesReceipt", sale(sale_line(100, tax="3")))
    lines = [dict(receipt["Line"][0], Amount=200)]

    stale = company.update("SalesReceipt", {**receipt, "Line": lines})

    assert stale["TotalAmt"] == 220


def test_tax_service_makes_a_code_with_its_rates(company: Company) -> None:
    detail = {"TaxRateName": "Pier tax", "RateValue": 3.5, "TaxAgencyId": 1, "TaxApplicableOn": "Sales"}

    made = company.create("TaxService", {"TaxCode": "Pier", "TaxRateDetails": [detail]})

    assert made["TaxRateDetails"][0]["TaxAgencyId"] == "1"
    body = sale(sale_line(100, tax="TAX"), TxnTaxDetail={"TxnTaxCodeRef": {"value": made["TaxCodeId"]}})
    assert company.create("SalesReceipt", body)["TotalAmt"] == Decimal("103.5")


def test_tax_service_refuses_a_used_rate_name(company: Company) -> None:
    detail = {"TaxRateName": "California", "RateValue": 3, "TaxAgencyId": "1"}

    error = refused(lambda: company.create("TaxService", {"TaxCode": "New", "TaxRateDetails": [detail]}))

    assert error.code == "6240"
    assert "Another tax rate is already using this \nname." in error.detail
