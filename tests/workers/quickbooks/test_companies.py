"""What QuickBooks tells of a company, as the workflows need it."""

from decimal import Decimal
from typing import Any

import pytest

from workers.quickbooks.companies import company_from
from workers.steps import Company, Json


def company(
    country: str = "US",
    tax: Json | None = None,
    codes: list[Json] | None = None,
    rates: list[Json] | None = None,
    **preferences: Any,
) -> Company:
    preferences["TaxPrefs"] = {"UsingSalesTax": True, **(tax or {})}
    return company_from(
        "9130",
        info={"Country": country},
        preferences=preferences,
        tax_codes=codes or [],
        tax_rates=rates or [],
    )


@pytest.mark.parametrize(
    ("country", "tax", "expected"),
    [
        ("US", {"PartnerTaxEnabled": True}, "us_automated"),
        ("US", {"PartnerTaxEnabled": False}, "us_manual"),
        ("US", {}, "us_manual"),
        ("US", {"UsingSalesTax": False, "PartnerTaxEnabled": True}, "none"),
        ("CA", {"PartnerTaxEnabled": False}, "elsewhere"),
        ("GB", {"UsingSalesTax": False}, "none"),
    ],
)
def test_the_way_of_taxing_follows_country_and_preferences(country: str, tax: Json, expected: str) -> None:
    assert company(country, tax).tax == expected


def test_switches_and_currency_are_taken_over() -> None:
    read = company(
        SalesFormsPrefs={"AllowShipping": True, "CustomTxnNumbers": True},
        CurrencyPrefs={"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "CAD"}},
    )

    assert (read.shipping_on, read.custom_numbers, read.multicurrency) == (True, True, True)
    assert read.home_currency == "CAD"


def test_a_company_that_tells_nothing_gets_the_defaults() -> None:
    read = company_from("9130", info={}, preferences={}, tax_codes=[], tax_rates=[])

    assert read == Company("9130", tax="none")


def code(code_id: str, *rates: tuple[str, str]) -> Json:
    details = [
        {"TaxRateRef": {"value": rate_id}, "TaxTypeApplicable": kind, "TaxOrder": Decimal(order)}
        for order, (rate_id, kind) in enumerate(rates)
    ]
    return {"Id": code_id, "SalesTaxRateList": {"TaxRateDetail": details}, "PurchaseTaxRateList": ""}


def test_a_tax_code_is_the_sum_of_its_sales_rates() -> None:
    codes = [
        code("5", ("1", "TaxOnAmount"), ("2", "TaxOnAmount")),
        code("6", ("1", "TaxOnAmount"), ("2", "TaxOnAmountPlusTax")),
        code("7", ("1", "TaxOnAmount"), ("2", "TaxOnTax")),
        {"Id": "NON", "Taxable": False},
        {"Id": "8", "SalesTaxRateList": ""},
    ]
    rates: list[Json] = [
        {"Id": "1", "RateValue": Decimal("5")},
        {"Id": "2", "EffectiveTaxRate": [{"RateValue": Decimal(7)}, {"RateValue": Decimal("9.5")}]},
    ]

    percents = company(codes=codes, rates=rates).tax_percent

    assert percents == {
        "5": Decimal("14.5"),
        "6": Decimal("14.975"),
        "7": Decimal("5.475"),
        "NON": Decimal(0),
        "8": Decimal(0),
    }
