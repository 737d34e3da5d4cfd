"""Names of customers, vendors, employees, items and accounts. Facts: Intuit's reference, recorded answers."""

import pytest

from ops.sandbox.company.company import Company
from tests.ops.sandbox.company.documents import key, refused, sale, sale_line


@pytest.mark.parametrize("entity", ["Customer", "Vendor", "Employee"])
def test_display_name_is_unique_over_customers_vendors_and_employees(company: Company, entity: str) -> None:
    company.create("Vendor", {"DisplayName": "Shared Name"})

    error = refused(lambda: company.create(entity, {"DisplayName": "SHARED  name"}))

    assert (error.code, error.detail) == ("6240", "The name supplied already exists. : null")


def test_item_name_is_unique(company: Company) -> None:
    body = {"Name": "lantern", "Type": "Service", "IncomeAccountRef": {"value": "1"}}

    assert refused(lambda: company.create("Item", body)).code == "6240"


def test_name_is_made_of_its_parts(company: Company) -> None:
    body = {"Title": "Dr", "GivenName": "Mia", "FamilyName": "Noor", "Suffix": "Jr"}

    customer = company.create("Customer", body)

    assert customer["DisplayName"] == "Dr Mia Noor Jr"
    assert customer["PrintOnCheckName"] == "Dr Mia Noor Jr"


def test_customer_without_any_name_is_6080(company: Company) -> None:
    assert refused(lambda: company.create("Customer", {"Notes": "who?"})).code == "6080"


@pytest.mark.parametrize("name", ["a:b", "a\tb", "a\nb"])
def test_colon_tab_and_newline_are_refused_in_names(company: Company, name: str) -> None:
    assert refused(lambda: company.create("Customer", {"DisplayName": name})).code == "2040"


@pytest.mark.parametrize("name", ["a:b", 'a"b'])
def test_account_names_have_no_colon_and_no_quote(company: Company, name: str) -> None:
    assert refused(lambda: company.create("Account", {"Name": name, "AccountType": "Bank"})).code == "2040"


def test_new_customer_has_the_defaults_of_quickbooks(company: Company) -> None:
    customer = company.create("Customer", {"DisplayName": "Plain"})

    expected = {
        "Taxable": True,
        "Job": False,
        "BillWithParent": False,
        "Balance": 0,
        "BalanceWithJobs": 0,
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "PreferredDeliveryMethod": "Print",
        "domain": "QBO",
        "sparse": False,
        "SyncToken": "0",
        "FullyQualifiedName": "Plain",
        "PrintOnCheckName": "Plain",
        "Active": True,
        "DefaultTaxCodeRef": {"value": "2"},
    }
    assert {name: customer[name] for name in expected} == expected


@pytest.mark.parametrize("address", ["nobody", "nobody@home", "no.body"])
def test_email_needs_an_at_and_a_dot(company: Company, address: str) -> None:
    body = {"DisplayName": "Mail", "PrimaryEmailAddr": {"Address": address}}

    assert refused(lambda: company.create("Customer", body)).code == "2210"


def test_inactive_customer_gets_the_suffix_and_leaves_queries(company: Company) -> None:
    customer = company.create("Customer", {"DisplayName": "Leaving"})

    after = company.update("Customer", key(customer, sparse=True, Active=False))

    assert after["DisplayName"] == "Leaving (deleted)"
    assert after["FullyQualifiedName"] == "Leaving (deleted)"
    assert company.query("select * from Customer where DisplayName like 'Leaving%'") == {}
    found = company.query(
        "select Id from Customer where DisplayName like 'Leaving%' and Active in (true, false)"
    )
    assert [row["Id"] for row in found["Customer"]] == [customer["Id"]]
    assert company.read("Customer", customer["Id"])["Active"] is False


def test_making_inactive_twice_changes_nothing(company: Company) -> None:
    customer = company.create("Customer", {"DisplayName": "Twice"})
    inactive = company.update("Customer", key(customer, sparse=True, Active=False))

    again = company.update("Customer", key(inactive, sparse=True, Active=False))

    assert again == inactive


def test_reactivated_customer_can_take_its_name_back(company: Company) -> None:
    customer = company.create("Customer", {"DisplayName": "Return"})
    inactive = company.update("Customer", key(customer, sparse=True, Active=False))

    after = company.update("Customer", key(inactive, sparse=True, Active=True, DisplayName="Return"))

    assert (after["DisplayName"], after["Active"]) == ("Return", True)


def test_name_of_an_inactive_customer_is_still_taken(company: Company) -> None:
    customer = company.create("Customer", {"DisplayName": "Blocked"})
    company.update("Customer", key(customer, sparse=True, Active=False))

    assert refused(lambda: company.create("Customer", {"DisplayName": "Blocked"})).code == "6240"


def test_switch_frees_the_name_of_an_inactive_customer(company: Company) -> None:
    company.settings.uncertain.inactive_name_blocks_reuse = False
    customer = company.create("Customer", {"DisplayName": "Freed"})
    company.update("Customer", key(customer, sparse=True, Active=False))

    assert company.create("Customer", {"DisplayName": "Freed"})["Id"] != customer["Id"]


def test_customer_with_an_open_balance_stays_active(company: Company) -> None:
    customer = company.create("Customer", {"DisplayName": "Owing"})
    company.create("Invoice", sale(sale_line(5), CustomerRef={"value": customer["Id"]}))

    error = refused(lambda: company.update("Customer", key(customer, sparse=True, Active=False)))

    assert error.code == "6220"


def test_sub_customers_are_named_after_their_parents(company: Company) -> None:
    parent = company.create("Customer", {"DisplayName": "Firm"})
    child = company.create(
        "Customer", {"DisplayName": "Shop", "Job": True, "ParentRef": {"value": parent["Id"]}}
    )

    company.update("Customer", key(parent, sparse=True, DisplayName="New Firm"))

    assert child["FullyQualifiedName"] == "Firm:Shop"
    assert company.read("Customer", child["Id"])["FullyQualifiedName"] == "New Firm:Shop"


def test_balance_with_jobs_adds_sub_customers(company: Company) -> None:
    parent = company.create("Customer", {"DisplayName": "Payer"})
    child = company.create(
        "Customer", {"DisplayName": "Site", "Job": True, "ParentRef": {"value": parent["Id"]}}
    )
    company.create("Invoice", sale(sale_line(70), CustomerRef={"value": child["Id"]}))

    after = company.read("Customer", parent["Id"])

    assert (after["Balance"], after["BalanceWithJobs"]) == (0, 70)


def test_sixth_level_is_6180(company: Company) -> None:
    at = company.create("Customer", {"DisplayName": "L1"})
    for level in range(2, 6):
        body = {"DisplayName": f"L{level}", "Job": True, "ParentRef": {"value": at["Id"]}}
        at = company.create("Customer", body)

    body = {"DisplayName": "L6", "Job": True, "ParentRef": {"value": at["Id"]}}

    assert refused(lambda: company.create("Customer", body)).code == "6180"


def test_job_without_parent_is_6150(company: Company) -> None:
    assert refused(lambda: company.create("Customer", {"DisplayName": "J", "Job": True})).code == "6150"


def test_customer_cannot_be_its_own_ancestor(company: Company) -> None:
    first = company.create("Customer", {"DisplayName": "One"})
    second = company.create(
        "Customer", {"DisplayName": "Two", "Job": True, "ParentRef": {"value": first["Id"]}}
    )

    body = key(first, sparse=True, Job=True, ParentRef={"value": second["Id"]})

    assert refused(lambda: company.update("Customer", body)).code == "900"


def test_lists_cannot_be_deleted(company: Company) -> None:
    for entity in ("Customer", "Item", "Account", "Vendor", "Employee", "PaymentMethod"):
        assert (
            refused(lambda entity=entity: company.delete(entity, {"Id": "1", "SyncToken": "0"})).code == "500"
        )  # type: ignore[misc]
