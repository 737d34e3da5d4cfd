"""Batches. Facts: Intuit's page "Batch", recorded batch answers."""

from collections.abc import Callable

import pytest

from ops.sandbox.company.batch import run_batch
from ops.sandbox.company.company import Company
from ops.sandbox.company.json_values import Json
from tests.ops.sandbox.company.documents import key, refused, sale, sale_line


def test_faults_stand_beside_successes(company: Company) -> None:
    items: list[Json] = [
        {"bId": "a", "operation": "create", "Vendor": {"DisplayName": "Ada Birch"}},
        {"bId": "b", "operation": "create", "SalesReceipt": sale(sale_line(5))},
        {"bId": "c", "operation": "delete", "Invoice": {"Id": "999", "SyncToken": "0"}},
        {"bId": "d", "Query": "select count(*) from Vendor"},
    ]

    answers = run_batch(company, items)

    assert [answer["bId"] for answer in answers] == ["a", "b", "c", "d"]
    assert answers[0]["Fault"]["type"] == "ValidationFault"
    assert answers[0]["Fault"]["Error"][0]["code"] == "6240"
    assert answers[1]["SalesReceipt"]["TotalAmt"] == 5
    assert answers[2]["Fault"]["Error"][0]["code"] == "610"
    assert answers[3]["QueryResponse"] == {"totalCount": 3}


def test_update_delete_and_options_work_inside(company: Company) -> None:
    receipt = company.create("SalesReceipt", sale(sale_line(5)))
    invoice = company.create("Invoice", sale(sale_line(5)))
    items = [
        {"bId": "1", "operation": "update", "optionsData": "void", "SalesReceipt": key(receipt, sparse=True)},
        {"bId": "2", "operation": "update", "Invoice": key(invoice, sparse=True, PrivateNote="n")},
        {"bId": "3", "operation": "delete", "Invoice": key(invoice)},
        {"bId": "4", "operation": "delete", "Invoice": {"Id": invoice["Id"], "SyncToken": "1"}},
        {"bId": "5", "CDCQuery": {"Entities": "Invoice", "ChangedSince": "2026-03-10T00:00:00-08:00"}},
    ]

    answers = run_batch(company, items)

    assert answers[0]["SalesReceipt"]["PrivateNote"] == "Voided"
    assert answers[1]["Invoice"]["SyncToken"] == "1"
    assert answers[2]["Fault"]["Error"][0]["code"] == "5010"
    assert answers[3]["Invoice"]["status"] == "Deleted"
    assert answers[4]["CDCResponse"][0]["QueryResponse"][0]["Invoice"]


def test_no_item_sees_what_an_earlier_one_made(company: Company) -> None:
    next_id = str(int(company.create("Customer", {"DisplayName": "Before"})["Id"]) + 1)
    update = {"Id": next_id, "SyncToken": "0", "sparse": True, "CompanyName": "n"}
    items: list[Json] = [
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Within"}},
        {
            "bId": "2",
            "operation": "create",
            "SalesReceipt": sale(sale_line(5), CustomerRef={"value": next_id}),
        },
        {"bId": "3", "operation": "update", "Customer": update},
        {"bId": "4", "Query": "select * from Customer where DisplayName = 'Within'"},
        {"bId": "5", "operation": "create", "Customer": {"DisplayName": "Within"}},
    ]

    made, *others = run_batch(company, items)

    assert made["Customer"]["Id"] == next_id
    codes = [one["Fault"]["Error"][0]["code"] for one in others if "Fault" in one]
    assert codes == ["2500", "610", "6240"]
    assert others[2]["QueryResponse"] == {}
    assert company.read("Customer", next_id)["DisplayName"] == "Within"


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"bId": "1", "operation": "create"}, "2020"),
        ({"bId": "1", "SalesReceipt": {}}, "2020"),
        ({"bId": "1", "operation": "create", "Spaceship": {}}, "2010"),
        ({"bId": "1", "operation": "create", "SalesReceipt": []}, "2010"),
        ({"bId": "1", "operation": "explode", "SalesReceipt": {}}, "500"),
        ({"bId": "1", "Query": 5}, "2010"),
        ({"bId": "1", "CDCQuery": {}}, "2020"),
        ({"bId": "1", "operation": "create", "optionsData": 5, "SalesReceipt": {}}, "2010"),
    ],
)
def test_item_that_is_no_operation_fails_alone(company: Company, item: Json, code: str) -> None:
    bad, good = run_batch(company, [item, {"bId": "2", "operation": "create", "Class": {"Name": "B"}}])

    assert bad["Fault"]["Error"][0]["code"] == code
    assert good["Class"]["Name"] == "B"


def test_31_operations_are_refused_whole(company: Company) -> None:
    items = [
        {"bId": str(number), "operation": "create", "Class": {"Name": f"C{number}"}} for number in range(31)
    ]

    error = refused(lambda: run_batch(company, items))

    assert error.code == "1040"
    assert company.query("select count(*) from Class where Name like 'C%'") == {"totalCount": 0}
    assert len(run_batch(company, items[:30])) == 30


def test_caller_can_wrap_every_item(company: Company) -> None:
    stored: dict[str, Json] = {}

    def around(item: Json, call: Callable[[], Json]) -> Json:
        if item["bId"] not in stored:
            stored[item["bId"]] = call()
        return stored[item["bId"]]

    items = [{"bId": "1", "operation": "create", "SalesReceipt": sale(sale_line(5))}]

    first, second = (run_batch(company, items, around=around) for _ in range(2))

    assert first == second
    assert first[0]["bId"] == "1"
