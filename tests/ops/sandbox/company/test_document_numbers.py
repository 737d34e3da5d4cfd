"""DocNumber. Facts: Intuit's reference, recorded 6140 faults."""

import pytest

from ops.sandbox.company.company import Company
from tests.ops.sandbox.company.documents import key, refused, sale, sale_line


@pytest.fixture
def custom(company: Company) -> Company:
    """A company with custom transaction numbers."""
    stored = company.read("Preferences", "1")
    company.update("Preferences", key(stored, sparse=True, SalesFormsPrefs={"CustomTxnNumbers": True}))
    return company


def test_company_numbers_its_own_forms_in_one_row(company: Company) -> None:
    first = company.create("SalesReceipt", sale(sale_line(1)))
    second = company.create("Invoice", sale(sale_line(1)))

    assert int(second["DocNumber"]) == int(first["DocNumber"]) + 1


def test_number_that_is_sent_is_kept_without_custom_numbers(company: Company) -> None:
    assert company.create("SalesReceipt", sale(sale_line(1), DocNumber="WEB-1"))["DocNumber"] == "WEB-1"


def test_switch_ignores_numbers_without_custom_numbers(company: Company) -> None:
    company.settings.uncertain.doc_number_when_custom_off = "ignore"

    assert company.create("SalesReceipt", sale(sale_line(1), DocNumber="WEB-1"))["DocNumber"] != "WEB-1"


def test_duplicates_pass_without_custom_numbers(company: Company) -> None:
    for _ in range(2):
        company.create("SalesReceipt", sale(sale_line(1), DocNumber="SAME"))


def test_absent_number_stays_absent_with_custom_numbers(custom: Company) -> None:
    assert "DocNumber" not in custom.create("SalesReceipt", sale(sale_line(1)))


def test_auto_generate_asks_for_a_number(custom: Company) -> None:
    assert custom.create("SalesReceipt", sale(sale_line(1), DocNumber="AUTO_GENERATE"))["DocNumber"].isdigit()


def test_duplicate_is_6140_and_names_the_first(custom: Company) -> None:
    first = custom.create("Invoice", sale(sale_line(1), DocNumber="WEB-2"))

    error = refused(lambda: custom.create("Invoice", sale(sale_line(1), DocNumber="WEB-2")))

    assert error.code == "6140"
    assert error.detail == (
        "Duplicate Document Number Error : You must specify a different number. This number has already been "
        f"used. DocNumber=WEB-2 is assigned to TxnType=Invoice with TxnId={first['Id']}"
    )


def test_number_space_is_shared_by_sales_forms_unless_switched(custom: Company) -> None:
    custom.create("SalesReceipt", sale(sale_line(1), DocNumber="WEB-3"))
    body = sale(sale_line(1), DocNumber="WEB-3")

    assert refused(lambda: custom.create("Invoice", body)).code == "6140"
    custom.settings.uncertain.doc_number_space = "type"
    assert custom.create("Invoice", body)["DocNumber"] == "WEB-3"


def test_include_allows_a_duplicate(custom: Company) -> None:
    body = sale(sale_line(1), DocNumber="WEB-4")
    custom.create("Invoice", body)

    second = custom.create("Invoice", body, include=frozenset({"allowduplicatedocnum"}))

    assert second["DocNumber"] == "WEB-4"


def test_company_that_does_not_warn_takes_duplicates(custom: Company) -> None:
    custom.settings.warn_duplicate_numbers = False
    for _ in range(2):
        custom.create("Invoice", sale(sale_line(1), DocNumber="WEB-5"))


def test_deleted_number_is_free_again(custom: Company) -> None:
    body = sale(sale_line(1), DocNumber="WEB-6")
    custom.delete("Invoice", key(custom.create("Invoice", body)))

    assert custom.create("Invoice", body)["DocNumber"] == "WEB-6"


def test_duplicate_check_number_of_a_purchase_is_6140(company: Company) -> None:
    line = {
        "DetailType": "AccountBasedExpenseLineDetail",
        "Amount": 5,
        "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "14"}},
    }
    body = {"PaymentType": "Check", "AccountRef": {"value": "35"}, "DocNumber": "77", "Line": [line]}
    company.create("Purchase", body)

    assert refused(lambda: company.create("Purchase", body)).code == "6140"
    assert company.create("Purchase", body, include=frozenset({"allowduplicatedocnum"}))["DocNumber"] == "77"
