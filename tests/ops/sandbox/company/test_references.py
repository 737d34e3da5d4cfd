"""References and accounts of the right kind. Facts: faults recorded by public integrations."""

import pytest

from ops.sandbox.company.company import Company
from tests.ops.sandbox.company.documents import key, refused, sale, sale_line


@pytest.mark.parametrize(
    ("head", "word"),
    [
        ({"CustomerRef": {"value": "583"}}, "Names element id 583 not found"),
        ({"ClassRef": {"value": "99"}}, "Klasses element id 99 not found"),
        ({"PaymentMethodRef": {"value": "99"}}, "PaymentMethods element id 99 not found"),
        ({"DepositToAccountRef": {"value": "999"}}, "Accounts element id 999 not found"),
    ],
)
def test_reference_to_nothing_is_2500_with_its_kind(
    company: Company, head: dict[str, object], word: str
) -> None:
    error = refused(lambda: company.create("SalesReceipt", sale(sale_line(1), **head)))

    assert (error.code, error.detail) == ("2500", f"Invalid Reference Id : {word}")


def test_reference_to_something_inactive_is_610(company: Company) -> None:
    customer = company.create("Customer", {"DisplayName": "Asleep"})
    company.update("Customer", key(customer, sparse=True, Active=False))

    error = refused(
        lambda: company.create("Invoice", sale(sale_line(1), CustomerRef={"value": customer["Id"]}))
    )

    assert error.code == "610"


def test_stored_document_may_keep_what_has_become_inactive(company: Company) -> None:
    body = {"Name": "Fading", "Type": "Service", "IncomeAccountRef": {"value": "1"}}
    item = company.create("Item", body)
    receipt = company.create("SalesReceipt", sale(sale_line(1, item=item["Id"])))
    company.update("Item", key(item, sparse=True, Active=False))

    after = company.update("SalesReceipt", key(receipt, sparse=True, PrivateNote="still fine"))

    assert after["SyncToken"] == "1"


def test_category_cannot_be_sold(company: Company) -> None:
    category = company.create("Item", {"Name": "Shelf", "Type": "Category"})

    error = refused(lambda: company.create("SalesReceipt", sale(sale_line(1, item=category["Id"]))))

    assert error.code == "2500"
    assert error.detail.endswith("is set up as a category instead of a product or service.")


def test_names_in_references_come_from_the_company(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(1), CustomerRef={"value": "1", "name": "Nobody"}))

    assert receipt["CustomerRef"] == {"value": "1", "name": "Ada Birch"}
    assert receipt["DepositToAccountRef"] == {"value": "4", "name": "Undeposited Funds"}


_GOOD = {
    "Name": "Crate",
    "Type": "Inventory",
    "TrackQtyOnHand": True,
    "QtyOnHand": 3,
    "InvStartDate": "2026-01-01",
    "AssetAccountRef": {"value": "81"},
    "IncomeAccountRef": {"value": "79"},
    "ExpenseAccountRef": {"value": "80"},
}


@pytest.mark.parametrize(
    ("name", "account"),
    [
        ("AssetAccountRef", "79"),
        ("AssetAccountRef", "4"),
        ("IncomeAccountRef", "81"),
        ("ExpenseAccountRef", "79"),
    ],
)
def test_account_of_the_wrong_kind_on_an_inventory_item_is_6430(
    company: Company, name: str, account: str
) -> None:
    body = {**_GOOD, name: {"value": account}}

    assert refused(lambda: company.create("Item", body)).code == "6430"


def test_inventory_item_is_answered_as_quickbooks_does(company: Company) -> None:
    item = company.create("Item", _GOOD)

    expected = {
        "FullyQualifiedName": "Crate",
        "Taxable": False,
        "UnitPrice": 0,
        "PurchaseCost": 0,
        "QtyOnHand": 3,
        "IncomeAccountRef": {"value": "79", "name": "Sales of Product Income"},
        "AssetAccountRef": {"value": "81", "name": "Inventory Asset"},
        "SyncToken": "0",
    }
    assert {name: item[name] for name in expected} == expected


@pytest.mark.parametrize(
    "extra", [{"QtyOnHand": 1}, {"InvStartDate": "2026-01-01"}, {"TrackQtyOnHand": True}]
)
def test_stock_properties_on_a_service_are_2010(company: Company, extra: dict[str, object]) -> None:
    body = {"Name": "Air", "Type": "Service", "IncomeAccountRef": {"value": "1"}, **extra}

    assert refused(lambda: company.create("Item", body)).code == "2010"


def test_tracking_cannot_be_turned_off(company: Company) -> None:
    item = company.create("Item", _GOOD)

    assert (
        refused(lambda: company.update("Item", key(item, sparse=True, TrackQtyOnHand=False))).code == "6000"
    )


def test_bundle_cannot_be_made(company: Company) -> None:
    assert refused(lambda: company.create("Item", {"Name": "Set", "Type": "Group"})).code == "6000"


def test_refund_can_only_come_from_money_accounts(company: Company) -> None:
    body = sale(sale_line(1), DepositToAccountRef={"value": "79"})

    assert refused(lambda: company.create("RefundReceipt", body)).code == "6430"
    assert refused(lambda: company.create("RefundReceipt", sale(sale_line(1)))).code == "2020"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Name": "X"}, "6010"),
        ({"Name": "X", "AccountType": "Piggy Bank"}, "2170"),
        ({"Name": "X", "AccountType": "Bank", "AccountSubType": "Inventory"}, "6430"),
    ],
)
def test_account_needs_a_type_that_exists(company: Company, body: dict[str, object], code: str) -> None:
    assert refused(lambda: company.create("Account", body)).code == code


def test_account_type_follows_from_its_sub_type(company: Company) -> None:
    account = company.create("Account", {"Name": "Till", "AccountSubType": "CashOnHand", "AcctNum": "1010"})

    assert (account["AccountType"], account["Classification"]) == ("Bank", "Asset")
    assert account["CurrentBalance"] == 0
