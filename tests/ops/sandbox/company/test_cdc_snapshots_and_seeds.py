"""Change data capture, snapshots, and what a new company holds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ops.sandbox.company.company import Company
from ops.sandbox.company.lists.account_types import TYPE_OF_SUB_TYPE
from tests.ops.sandbox.company.documents import key, refused, sale, sale_line, trial_balance_difference


def test_changes_hold_whole_objects_and_deleted_ones_by_status(company: Company, clock: Any) -> None:
    clock.pass_time(hours=1)
    since = clock()
    kept = company.create("Invoice", sale(sale_line(5)))
    gone = company.create("Invoice", sale(sale_line(5)))
    clock.pass_time(minutes=1)
    company.delete("Invoice", key(gone))

    answer = company.cdc(["Invoice", "Estimate", "Customer"], since)

    invoices, estimates, customers = answer["QueryResponse"]
    assert [(row["Id"], row.get("status")) for row in invoices["Invoice"]] == [
        (gone["Id"], "Deleted"),
        (kept["Id"], None),
    ]
    assert invoices["Invoice"][0]["MetaData"].keys() == {"LastUpdatedTime"}
    assert (invoices["startPosition"], invoices["maxResults"]) == (1, 2)
    assert estimates == {}
    assert [row["Id"] for row in customers["Customer"]] == ["1"]


def test_changes_look_back_30_days(company: Company, clock: Any) -> None:
    assert refused(lambda: company.cdc(["Invoice"], clock() - timedelta(days=31))).code == "2190"


@pytest.mark.parametrize("entity", ["TaxCode", "TaxRate", "TaxAgency", "Spaceship"])
def test_some_entities_are_not_captured(company: Company, clock: Any, entity: str) -> None:
    assert refused(lambda: company.cdc([entity], clock())).code == "4001"


def test_restored_company_is_as_it_was(company: Company) -> None:
    snapshot = company.snapshot()
    before = (company.query("select * from Item"), company.report("TrialBalance", {}))
    company.create("SalesReceipt", sale(sale_line(45, item="5", quantity=1, price=45)))
    company.create("Customer", {"DisplayName": "Passing"})

    for _ in range(2):
        company.restore(snapshot)

        assert (company.query("select * from Item"), company.report("TrialBalance", {})) == before
        assert company.create("Customer", {"DisplayName": "Passing"})["Id"] == "13"


def test_ids_count_on_from_where_they_were(company: Company) -> None:
    first = company.create("SalesReceipt", sale(sale_line(1)))
    refused(lambda: company.create("SalesReceipt", sale(sale_line(1), CustomerRef={"value": "99"})))

    second = company.create("Invoice", sale(sale_line(1)))

    assert int(second["Id"]) == int(first["Id"]) + 1


@pytest.mark.parametrize("country", ["US", "CA", "GB", "AU"])
def test_new_company_balances_and_holds_what_clients_look_for(
    company_in: Callable[[str], Company], country: str
) -> None:
    company = company_in(country)

    assert trial_balance_difference(company) == 0
    assert company.query("select count(*) from Payment")["totalCount"] == 5
    assert company.query("select * from Invoice where CustomerRef = '1'")["maxResults"] >= 1
    assert company.query("select count(*) from Item where Type = 'Inventory'")["totalCount"] == 3
    needed = (
        "SalesOfProductIncome",
        "SuppliesMaterialsCogs",
        "Inventory",
        "UndepositedFunds",
        "Checking",
        "CreditCard",
        "DiscountsRefundsGiven",
        "OtherCurrentAssets",
    )
    for sub_type in needed:
        assert sub_type in TYPE_OF_SUB_TYPE
        assert company.query(f"select * from Account where AccountSubType = '{sub_type}'"), sub_type
    info = company.read("CompanyInfo", "1")
    assert info["Country"] == country
    assert len(info["CompanyAddr"]["Country"]) == 3


def test_first_item_by_name_can_be_sold_without_quantity(company: Company) -> None:
    item = company.query("select *, Sku from Item maxresults 1")["Item"][0]

    assert company.create("SalesReceipt", sale(sale_line(100, item=item["Id"])))["TotalAmt"] == 100


def test_trial_balance_of_a_period_holds_that_period_only(company: Company) -> None:
    company.create("SalesReceipt", sale(sale_line(77), TxnDate="2024-05-05"))

    rows = company.report("TrialBalance", {"start_date": "2024-05-01", "end_date": "2024-05-31"})["Rows"][
        "Row"
    ]

    assert rows[-1]["Summary"]["ColData"][1:] == [{"value": "77.00"}, {"value": "77.00"}]


def test_attachable_points_at_what_exists(company: Company) -> None:
    link = {"EntityRef": {"type": "Invoice", "value": "1"}}

    note = company.create("Attachable", {"Note": "see this", "AttachableRef": [link]})

    assert note["AttachableRef"] == [{"EntityRef": {"type": "Invoice", "value": "1"}, "IncludeOnSend": False}]
    link["EntityRef"] = {"type": "Estimate", "value": "75"}
    error = refused(lambda: company.create("Attachable", {"Note": "x", "AttachableRef": [link]}))
    assert error.detail == (
        "Business Validation Error: The entity Estimate 75 that you are trying to link does not exist. Estimate 75"
    )
