"""How requests are read. Facts: Intuit's pages on error codes and sparse update, recorded faults."""

from decimal import Decimal

import pytest

from ops.sandbox.company.company import Company
from tests.ops.sandbox.company.documents import all_refused, key, refused, sale, sale_line


def test_unknown_property_is_2010_and_names_class_and_property(company: Company) -> None:
    body = {"CustomerRef": {"value": "1"}, "Line": [sale_line(10)], "BadJson": True}

    error = refused(lambda: company.create("Invoice", body))

    assert error.code == "2010"
    assert error.message == "Request has invalid or unsupported property"
    assert 'Unrecognized field "BadJson" (class com.intuit.schema.finance.v3.Invoice)' in error.detail
    assert "[truncated]" in error.detail


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"DisplayName": ["a"]}, id="list-for-text"),
        pytest.param({"DisplayName": "A", "BillAddr": "street"}, id="text-for-object"),
        pytest.param({"DisplayName": "A", "Taxable": "perhaps"}, id="text-for-boolean"),
        pytest.param({"DisplayName": "A", "CreditLimit": "much"}, id="text-for-number"),
        pytest.param({"DisplayName": "A", "ParentRef": {"id": "1"}}, id="reference-without-value"),
        pytest.param({"DisplayName": "A", "OpenBalanceDate": "soon"}, id="text-for-day"),
        pytest.param({"DisplayName": "A", "BillAddr": {"Street": "x"}}, id="unknown-inside-an-address"),
        pytest.param([], id="no-object"),
    ],
)
def test_value_of_the_wrong_kind_is_2010(company: Company, body: object) -> None:
    error = refused(lambda: company.create("Customer", body))  # type: ignore[arg-type]

    assert error.code == "2010"


def test_numbers_and_texts_are_turned_into_each_other_as_the_server_does(company: Company) -> None:
    body = sale(sale_line("100.00", quantity="1", price="100"), SyncToken=0, sparse=False, PONumber=77)

    receipt = company.create("SalesReceipt", body)

    assert receipt["TotalAmt"] == Decimal(100)
    assert receipt["PONumber"] == "77"


def test_every_missing_property_has_an_error_of_its_own(company: Company) -> None:
    item = {"Name": "Crate", "Type": "Inventory", "TrackQtyOnHand": True}

    errors = all_refused(lambda: company.create("Item", item))

    assert {error.code for error in errors} == {"2020"}
    assert [error.element for error in errors] == [
        "QtyOnHand",
        "InvStartDate",
        "AssetAccountRef",
        "IncomeAccountRef",
        "ExpenseAccountRef",
    ]


def test_missing_line_is_2020_with_its_element(company: Company) -> None:
    error = refused(lambda: company.create("Invoice", {"CustomerRef": {"value": "1"}}))

    assert (error.code, error.element) == ("2020", "Line")
    assert error.detail == "Required parameter Line is missing in the request"


def test_line_without_detail_type_is_2020(company: Company) -> None:
    error = refused(lambda: company.create("SalesReceipt", sale({"Amount": 1})))

    assert (error.code, error.element) == ("2020", "Line.DetailType")


def test_too_long_number_is_2050_with_limits_and_length(company: Company) -> None:
    error = refused(lambda: company.create("SalesReceipt", sale(sale_line(1), DocNumber="9" * 45)))

    assert (error.code, error.element) == ("2050", "DocNumber")
    assert error.detail.endswith("Min:0 Max:21 supported. Supplied length:45")


@pytest.mark.parametrize(
    ("entity", "body"),
    [
        ("SalesReceipt", sale(sale_line(1), PrivateNote="n" * 4001)),
        ("SalesReceipt", sale(sale_line(1), PaymentRefNum="n" * 22)),
        ("SalesReceipt", sale(sale_line(1), CustomerMemo={"value": "n" * 1001})),
        ("SalesReceipt", sale({**sale_line(1), "Description": "n" * 4001})),
        ("Customer", {"DisplayName": "n" * 501}),
        ("Customer", {"GivenName": "n" * 101}),
        ("Customer", {"DisplayName": "n", "Title": "n" * 17}),
        ("Customer", {"DisplayName": "n", "PrimaryPhone": {"FreeFormNumber": "5" * 31}}),
        ("Customer", {"DisplayName": "n", "PrimaryEmailAddr": {"Address": f"{'n' * 96}@x.y"[:101] + "zz"}}),
        ("Item", {"Name": "n" * 101, "Type": "Service", "IncomeAccountRef": {"value": "1"}}),
        ("PaymentMethod", {"Name": "n" * 32}),
        ("Account", {"Name": "n" * 101, "AccountType": "Bank"}),
    ],
)
def test_lengths_are_those_of_the_reference(company: Company, entity: str, body: dict[str, object]) -> None:
    assert refused(lambda: company.create(entity, body)).code == "2050"


def test_refund_takes_a_payment_reference_of_100(company: Company) -> None:
    body = sale(sale_line(1), PaymentRefNum="r" * 100, DepositToAccountRef={"value": "35"})

    assert company.create("RefundReceipt", body)["PaymentRefNum"] == "r" * 100


def test_id_that_is_no_number_is_2030(company: Company) -> None:
    error = refused(lambda: company.update("Customer", {"Id": "1.5", "SyncToken": "0"}))

    assert error.code == "2030"
    assert error.detail == "Id should be a valid number. Supplied value:1.5"


def test_unknown_enumeration_value_is_2170(company: Company) -> None:
    error = refused(lambda: company.create("SalesReceipt", sale(sale_line(1), PrintStatus="Maybe")))

    assert error.code == "2170"


def test_read_only_properties_are_ignored(company: Company) -> None:
    body = sale(sale_line(200), TotalAmt=100, Balance=55, HomeTotalAmt=1, MetaData={"CreateTime": "x"})

    receipt = company.create("SalesReceipt", body)

    assert (receipt["TotalAmt"], receipt["Balance"]) == (200, 0)


def test_sum_with_more_digits_than_the_books_hold_is_refused(company: Company) -> None:
    line = sale_line("99999999999", quantity="99999999999", price="99999999999")

    assert refused(lambda: company.create("SalesReceipt", sale(line))).code == "2090"


@pytest.mark.parametrize("clearing", ["", {}], ids=["empty-text", "empty-object"])
def test_empty_value_clears_a_property_in_a_sparse_update(company: Company, clearing: object) -> None:
    name = "PrimaryEmailAddr" if clearing == {} else "CompanyName"
    body = {"DisplayName": "Clear Me", "CompanyName": "C", "PrimaryEmailAddr": {"Address": "a@b.cd"}}
    customer = company.create("Customer", body)

    after = company.update("Customer", key(customer, sparse=True, **{name: clearing}))

    assert name not in after
    assert len({"CompanyName", "PrimaryEmailAddr"} & after.keys()) == 1


def test_null_leaves_a_property_alone(company: Company) -> None:
    customer = company.create("Customer", {"DisplayName": "Null Me", "Notes": "kept"})

    after = company.update("Customer", key(customer, sparse=True, Notes=None))

    assert (after["Notes"], after["SyncToken"]) == ("kept", "0")
