"""The query language. Facts: Intuit's page "Query operations and syntax", recorded queries and faults."""

from typing import Any

import pytest

from ops.sandbox.company.company import Company
from tests.ops.sandbox.company.documents import key, refused, sale, sale_line


def names(company: Company, rest: str, entity: str = "Customer", field: str = "DisplayName") -> list[str]:
    """What a query finds."""
    found = company.query(f"select * from {entity} {rest}").get(entity, [])
    return [row[field] for row in found]


@pytest.fixture
def shop(company: Company) -> Company:
    """A company with a few customers of its own."""
    for name in ("Zed O'Neil", "zoe", "Zack 100%", "Zed_2"):
        company.create("Customer", {"DisplayName": name, "CompanyName": "Z"})
    return company


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (r"DisplayName = 'Zed O\'Neil'", ["Zed O'Neil"]),
        ("DisplayName = 'ZOE'", ["zoe"]),
        ("displayname = 'zoe'", ["zoe"]),
        ("DisplayName IN ('zoe', 'Zed_2', 'nobody')", ["Zed_2", "zoe"]),
        ("DisplayName LIKE 'z%'", ["Zack 100%", "Zed O'Neil", "Zed_2", "zoe"]),
        ("DisplayName LIKE '%o%'  and CompanyName = 'z'", ["Zed O'Neil", "zoe"]),
        ("DisplayName LIKE 'z_d%'", []),
        ("DisplayName LIKE 'zoe'", ["zoe"]),
        ("CompanyName = 'Z' AND DisplayName > 'zed'", ["Zed O'Neil", "Zed_2", "zoe"]),
        ("CompanyName = 'Z' AND DisplayName != 'zoe'", ["Zack 100%", "Zed O'Neil", "Zed_2"]),
        ("CompanyName = 'Z' AND Active = true", ["Zack 100%", "Zed O'Neil", "Zed_2", "zoe"]),
        ("CompanyName = 'Z' AND Active = 'false'", []),
        ("CompanyName = 'Z' AND Balance = 0", ["Zack 100%", "Zed O'Neil", "Zed_2", "zoe"]),
        ("CompanyName = 'Z' AND Balance > '0.5'", []),
        ("PrimaryEmailAddr = 'ada.birch@example.com'", ["Ada Birch"]),
    ],
)
def test_conditions(shop: Company, condition: str, found: list[str]) -> None:
    assert names(shop, f"where {condition}") == found


def test_name_that_looks_like_a_time_is_a_name(company: Company) -> None:
    for name in ("2024-01-01T00 00 00+99 00", "2024-01-01T00.00.00+02.00", "2024-01-01"):
        company.create("Customer", {"DisplayName": name})

    assert names(company, "where DisplayName = '2024-01-01t00 00 00+99 00'") == ["2024-01-01T00 00 00+99 00"]
    assert len(names(company, "where DisplayName > '2024-01-01' orderby DisplayName")) >= 2


def test_lists_come_sorted_by_name_without_minding_case(shop: Company) -> None:
    assert names(shop, "where CompanyName = 'Z'") == ["Zack 100%", "Zed O'Neil", "Zed_2", "zoe"]


def test_transactions_come_newest_change_first(company: Company, clock: Any) -> None:
    ids = []
    for _ in range(3):
        clock.pass_time(minutes=1)
        ids.append(company.create("SalesReceipt", sale(sale_line(1), DocNumber="Q"))["Id"])

    found = company.query("select * from SalesReceipt where DocNumber = 'q'")

    assert [row["Id"] for row in found["SalesReceipt"]] == ids[::-1]


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("ORDERBY DisplayName DESC", ["zoe", "Zed_2", "Zed O'Neil", "Zack 100%"]),
        ("ORDER BY DisplayName ASC", ["Zack 100%", "Zed O'Neil", "Zed_2", "zoe"]),
        ("orderby CompanyName, Id desc", ["Zed_2", "Zack 100%", "zoe", "Zed O'Neil"]),
        ("ORDERBY Id STARTPOSITION 2 MAXRESULTS 2", ["zoe", "Zack 100%"]),
        ("ORDERBY Id MAXRESULTS 2 STARTPOSITION 2", ["zoe", "Zack 100%"]),
        ("ORDERBY MetaData.CreateTime, Id MAXRESULTS 1", ["Zed O'Neil"]),
    ],
)
def test_order_and_page(shop: Company, order: str, found: list[str]) -> None:
    assert names(shop, f"where CompanyName = 'Z' {order}") == found


def test_ids_are_ordered_as_numbers(company: Company) -> None:
    ids = names(company, "ORDERBY Id", "Account", "Id")

    assert ids == sorted(ids, key=int)


def test_answer_says_where_it_starts_and_how_many_it_has(shop: Company) -> None:
    found = shop.query("select * from Customer where CompanyName = 'Z' startposition 3 maxresults 10")

    assert (found["startPosition"], found["maxResults"], len(found["Customer"])) == (3, 2, 2)


def test_nothing_found_is_an_empty_answer(company: Company) -> None:
    assert company.query("select * from Customer where DisplayName = 'nobody'") == {}


def test_count_is_a_total(shop: Company) -> None:
    assert shop.query("SELECT COUNT(*) FROM Customer WHERE CompanyName = 'Z'") == {"totalCount": 4}


def test_page_is_100_unless_asked_for_and_1000_at_most(company: Company) -> None:
    for number in range(1002):
        company.create("PaymentMethod", {"Name": f"M{number}"})

    assert company.query("select * from PaymentMethod")["maxResults"] == 100
    assert company.query("select * from PaymentMethod maxresults 5000")["maxResults"] == 1000
    company.settings.uncertain.max_results_above_limit = "refuse"
    assert refused(lambda: company.query("select * from PaymentMethod maxresults 1001")).code == "4001"


def test_properties_can_be_selected(company: Company) -> None:
    (row,) = company.query("select Id, displayname from Customer where Id = '1'")["Customer"]

    assert {"Id", "DisplayName"} <= row.keys()
    assert "BillAddr" not in row
    assert "BillAddr" in company.query("select *, DisplayName from Customer where Id = '1'")["Customer"][0]


def test_references_and_times_can_be_asked_for(company: Company, clock: Any) -> None:
    company.create("Invoice", sale(sale_line(1), CustomerRef={"value": "7"}, DocNumber="R"))
    clock.pass_time(hours=1)
    late = company.create("Invoice", sale(sale_line(1), CustomerRef={"value": "7"}, DocNumber="S"))

    both = company.query("select * from Invoice where CustomerRef = '7'")
    since = company.query(
        "select * from Invoice where CustomerRef = '7' and MetaData.CreateTime > '2026-03-10T11:30:00-07:00'"
    )

    assert both["maxResults"] == 2
    assert [row["Id"] for row in since["Invoice"]] == [late["Id"]]


def test_attachments_of_an_object_are_found_by_what_they_point_at(company: Company) -> None:
    kept = {"EntityRef": {"type": "Invoice", "value": "1"}}
    also = {"EntityRef": {"type": "Customer", "value": "2"}}
    note = company.create("Attachable", {"Note": "n", "AttachableRef": [also, kept]})
    company.create("Attachable", {"Note": "o", "AttachableRef": [also]})
    where = "AttachableRef.EntityRef.Type = 'invoice' AND AttachableRef.EntityRef.value = '1'"

    found = company.query(f"select * from Attachable where {where}")

    assert [row["Id"] for row in found["Attachable"]] == [note["Id"]]


def test_inactive_rows_show_only_when_active_is_asked_for(shop: Company) -> None:
    (row,) = shop.query("select * from Customer where DisplayName = 'zoe'")["Customer"]
    shop.update("Customer", key(row, sparse=True, Active=False))

    assert names(shop, "where Active = false and CompanyName = 'Z'") == ["zoe (deleted)"]
    assert len(names(shop, "where CompanyName = 'Z'")) == 3
    assert len(names(shop, "where Active in (true, false) and CompanyName = 'Z'")) == 4


def test_us_company_answers_three_codes_on_top_of_the_page(company: Company, company_in: Any) -> None:
    found = company.query("select * from TaxCode maxresults 1")["TaxCode"]

    assert [row["Id"] for row in found] == ["TAX", "NON", "CustomSalesTax", "2"]
    assert company.read("TaxCode", "TAX") == found[0]
    assert len(company_in("GB").query("select * from TaxCode maxresults 1")["TaxCode"]) == 1


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("SELECT * FROM Custmoer", "QueryValidationError: invalid context declaration: Custmoer"),
        (
            "SELECT * FROM Customer STARTPOSITION 0",
            "QueryValidationError: value 0 is too small. Min allowed value is 1",
        ),
        (
            "SELECT * FROM Customer MAXRESULTS 0",
            "QueryValidationError: value 0 is too small. Min allowed value is 1",
        ),
        (
            "SELECT * FROM Customer WHERE Taxable = true",
            "QueryValidationError: property 'Taxable' is not queryable",
        ),
        (
            "SELECT * FROM Purchase WHERE NoSuchField = '1'",
            "QueryValidationError: Property NoSuchField not found for Entity Purchase",
        ),
        (
            "SELECT * FROM Invoice WHERE TxnDate > '2026-02-30'",
            "QueryValidationError: Invalid date value: 2026-02-30 for property TxnDate",
        ),
        (
            "SELECT NoSuchField FROM Customer",
            "QueryValidationError: Property NoSuchField not found for Entity Customer",
        ),
    ],
)
def test_what_cannot_be_asked_is_4001(company: Company, statement: str, detail: str) -> None:
    error = refused(lambda: company.query(statement))

    assert (error.code, error.message, error.detail) == ("4001", "Invalid query", detail)


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "SELECT",
        "SELECT * FROM",
        "SELECT * FORM Customer",
        "SELECT * FROM Customer WHERE",
        "SELECT * FROM Customer WHERE Id =",
        "SELECT * FROM Customer WHERE Id == '1'",
        "SELECT * FROM Customer WHERE Id = 'open",
        "SELECT * FROM Customer WHERE DisplayName = 'It''s'",
        "SELECT * FROM Customer WHERE Id = '1' OR Id = '2'",
        "SELECT * FROM Customer WHERE Id IN ()",
        "SELECT * FROM Customer WHERE NOT Id = '1'",
        "SELECT * FROM Customer GROUPBY Id",
        "SELECT * FROM Customer MAXRESULTS -1",
        "SELECT * FROM Customer MAXRESULTS ten",
        "SELECT COUNT(Id) FROM Customer",
        "SELECT * FROM Customer; DROP",
        "UPDATE Customer",
    ],
)
def test_what_does_not_parse_is_4000(company: Company, statement: str) -> None:
    error = refused(lambda: company.query(statement))

    assert (error.code, error.message) == ("4000", "Error parsing query")
    assert error.detail.startswith("QueryParserError: ")


def test_parse_fault_says_what_and_where(company: Company) -> None:
    error = refused(lambda: company.query("SELECT * FROM Invoice ORDERS TxnDate"))

    assert 'Encountered " <IDENTIFIER> "ORDERS "" at line 1, column 23.\nWas expecting:' in error.detail


def test_id_takes_equal_and_in_only(company: Company) -> None:
    assert refused(lambda: company.query("select * from Customer where Id > '1'")).code == "4001"
    assert names(company, "where Id in ('2', '1', '2')", field="Id") == ["1", "2"]


def test_switches_refuse_what_is_only_said_to_work(company: Company) -> None:
    company.settings.uncertain.order_by_with_blank = False
    company.settings.uncertain.not_equal_operator = False
    company.settings.uncertain.query_length_limit = 60

    for statement in (
        "select * from Customer order by Id",
        "select * from Customer where Id != '1'",
        f"select * from Customer where DisplayName = '{'x' * 60}'",
    ):
        assert refused(lambda statement=statement: company.query(statement)).code == "4000"  # type: ignore[misc]
