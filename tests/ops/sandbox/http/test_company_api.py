"""Routes, envelopes and headers of the company API, as recorded clients saw them."""

import base64
import json
from decimal import Decimal
from typing import Any

import pytest
import urllib3

from tests.ops.sandbox.http.caller import Caller

ANN = {"DisplayName": "Ann Example"}


def line(amount: str = "10.00", **detail: Any) -> dict[str, Any]:
    return {
        "Amount": float(amount),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}, **detail},
    }


def invoice(amount: str = "10.00") -> dict[str, Any]:
    return {"CustomerRef": {"value": "1"}, "Line": [line(amount)]}


def test_a_created_object_comes_back_in_its_envelope(us: Caller) -> None:
    reply = us.post("customer", ANN)

    assert reply.status == 200
    assert list(reply.json) == ["Customer", "time"]
    assert reply.json["Customer"]["SyncToken"] == "0"


def test_every_answer_has_the_headers_of_quickbooks(us: Caller) -> None:
    replies = [us.post("customer", ANN), us.post("customer", ANN), us.get("customer/1")]

    for reply in replies:
        assert reply.headers["content-type"] == "application/json;charset=utf-8"
        assert reply.headers["cache-control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
        assert reply.headers["service-time"].startswith("total=")
        assert "qbo-version" in reply.headers
    assert len({reply.headers["intuit_tid"] for reply in replies}) == 3


def test_times_have_the_offset_of_the_company(us: Caller) -> None:
    us.server.admin("POST", "/clock", {"stop_at": "2026-07-01T12:00:00.250000+00:00"})
    us.token = us.server.access_token()

    reply = us.post("customer", ANN)

    assert reply.json["time"] == "2026-07-01T05:00:00.250-07:00"
    assert reply.json["Customer"]["MetaData"]["CreateTime"] == "2026-07-01T05:00:00-07:00"


def test_amounts_are_exact_json_numbers(us: Caller) -> None:
    created = us.create("Invoice", invoice("0.07"))

    assert created["TotalAmt"] == Decimal("0.07")


def test_a_refusal_has_status_400_and_its_code(us: Caller) -> None:
    us.create("Customer", ANN)

    reply = us.post("customer", ANN)

    assert (reply.status, reply.code) == (400, "6240")
    assert set(reply.json) == {"Fault", "time"}
    assert reply.json["Fault"]["type"] == "ValidationFault"


def test_read_by_id(us: Caller) -> None:
    created = us.create("Customer", ANN)

    reply = us.get(f"customer/{created['Id']}")

    assert reply.json["Customer"] == created


def test_a_post_with_an_id_is_an_update(us: Caller) -> None:
    created = us.create("Customer", ANN)
    change = {"Id": created["Id"], "SyncToken": "0", "sparse": True, "CompanyName": "Example Ltd"}

    updated = us.create("Customer", change)

    assert (updated["CompanyName"], updated["DisplayName"], updated["SyncToken"]) == (
        "Example Ltd",
        "Ann Example",
        "1",
    )


def test_an_update_can_be_named_as_such(us: Caller) -> None:
    created = us.create("Customer", ANN)
    change = {"Id": created["Id"], "SyncToken": "0", "sparse": True, "CompanyName": "Example Ltd"}

    reply = us.post("customer", change, operation="update")

    assert reply.json["Customer"]["CompanyName"] == "Example Ltd"


def test_delete(us: Caller) -> None:
    created = us.create("Invoice", invoice())

    reply = us.post("invoice", {"Id": created["Id"], "SyncToken": "0"}, operation="delete")

    assert reply.json["Invoice"] == {"domain": "QBO", "status": "Deleted", "Id": created["Id"]}
    assert us.get(f"invoice/{created['Id']}").code == "610"


def test_void_an_invoice(us: Caller) -> None:
    created = us.create("Invoice", invoice())

    reply = us.post("invoice", {"Id": created["Id"], "SyncToken": "0"}, operation="void")

    assert (reply.status, reply.json["Invoice"]["TotalAmt"]) == (200, 0)
    assert reply.json["Invoice"]["PrivateNote"].startswith("Voided")


def test_void_a_sales_receipt_by_an_update_that_includes_it(us: Caller) -> None:
    created = us.create("SalesReceipt", {"Line": [line()]})
    change = {"Id": created["Id"], "SyncToken": "0", "sparse": True}

    reply = us.post("salesreceipt", change, operation="update", include="void")

    assert (reply.status, reply.json["SalesReceipt"]["TotalAmt"]) == (200, 0)


def test_a_document_number_is_used_twice_only_on_purpose(us: Caller) -> None:
    own_numbers = {"SalesFormsPrefs": {"CustomTxnNumbers": True}}
    us.create("Preferences", {"Id": "1", "SyncToken": "0", "sparse": True, **own_numbers})
    us.create("Invoice", {**invoice(), "DocNumber": "A-1"})

    refused = us.post("invoice", {**invoice(), "DocNumber": "A-1"})
    accepted = us.post("invoice", {**invoice(), "DocNumber": "A-1"}, include="allowduplicatedocnum")

    assert refused.code == "6140"
    assert accepted.status == 200


@pytest.mark.parametrize("way", ["GET", "POST"])
def test_query_by_address_and_by_body(us: Caller, way: str) -> None:
    us.create("Customer", ANN)
    statement = "select Id, DisplayName from Customer where DisplayName = 'Ann Example'"

    reply = us.get("query", query=statement) if way == "GET" else us.query(statement)

    assert [one["DisplayName"] for one in reply.json["QueryResponse"]["Customer"]] == ["Ann Example"]
    assert reply.json["QueryResponse"]["maxResults"] == 1


def test_a_query_without_result_is_empty(us: Caller) -> None:
    reply = us.query("select * from Customer where DisplayName = 'Nobody'")

    assert reply.json["QueryResponse"] == {}


@pytest.mark.parametrize(
    ("statement", "code"), [("select * frm Customer", "4000"), ("select * from Custmoer", "4001")]
)
def test_a_wrong_query_is_refused(us: Caller, statement: str, code: str) -> None:
    reply = us.query(statement)

    assert (reply.status, reply.code) == (400, code)


def test_a_batch_answers_each_item_beside_its_id(us: Caller) -> None:
    items = [
        {"bId": "c", "operation": "create", "Customer": ANN},
        {"bId": "f", "operation": "create", "Customer": {"GivenName": ""}},
        {"bId": "q", "Query": "select count(*) from Invoice"},
    ]

    reply = us.batch(items)

    answers = {item["bId"]: item for item in reply.json["BatchItemResponse"]}
    assert reply.status == 200
    assert answers["c"]["Customer"]["DisplayName"] == "Ann Example"
    assert answers["f"]["Fault"]["type"] == "ValidationFault"
    assert "totalCount" in answers["q"]["QueryResponse"]


def test_change_data_capture_shows_what_was_made_and_deleted(us: Caller) -> None:
    kept, gone = us.create("Invoice", invoice()), us.create("Invoice", invoice())
    us.post("invoice", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")
    since = kept["MetaData"]["CreateTime"]

    reply = us.get("cdc", entities="Invoice,Customer", changedSince=since)

    (answer,) = reply.json["CDCResponse"]
    found = {one["Id"]: one for one in answer["QueryResponse"][0]["Invoice"]}
    assert found[kept["Id"]]["TotalAmt"] == 10
    assert found[gone["Id"]]["status"] == "Deleted"


def test_change_data_capture_needs_a_time(us: Caller) -> None:
    assert us.get("cdc", entities="Invoice", changedSince="yesterday").code == "2020"


@pytest.mark.parametrize(("path", "entity"), [("companyinfo", "CompanyInfo"), ("preferences", "Preferences")])
def test_what_a_company_has_only_one_of(us: Caller, path: str, entity: str) -> None:
    reply = us.get(path if path == "preferences" else f"{path}/{us.realm_id}")

    assert reply.status == 200
    assert entity in reply.json


def test_the_trial_balance_is_a_report(us: Caller) -> None:
    reply = us.get("reports/TrialBalance")

    assert reply.status == 200
    assert reply.json["Header"]["ReportName"] == "TrialBalance"


def test_a_tax_code_is_made_by_the_tax_service(us: Caller) -> None:
    asked = {
        "TaxCode": "City",
        "TaxRateDetails": [
            {"TaxRateName": "City", "RateValue": "4", "TaxAgencyId": "1", "TaxApplicableOn": "Sales"}
        ],
    }

    reply = us.post("taxservice/taxcode", asked)

    assert reply.status == 200, reply.body
    assert (reply.json["TaxCode"], "TaxService" in reply.json) == ("City", False)
    assert any(code["Name"] == "City" for code in us.server.dump(us.realm_id, "TaxCode"))


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"Amount": NaN}', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused_with_2010(us: Caller, body: bytes) -> None:
    reply = us.call("POST", "customer", body)

    assert (reply.status, reply.code) == (400, "2010")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "spaceship"),
        ("GET", "spaceship/1"),
        ("GET", "customer"),
        ("PUT", "customer"),
        ("POST", "cdc"),
    ],
)
def test_what_quickbooks_does_not_do_is_500_with_code_500(us: Caller, method: str, path: str) -> None:
    reply = us.call(method, path, {} if method != "GET" else None)

    assert (reply.status, reply.code) == (500, "500")


def test_an_unknown_operation_is_refused(us: Caller) -> None:
    assert us.post("customer", ANN, operation="frobnicate").code == "500"


def test_only_json_is_written_and_only_text_is_queried(us: Caller) -> None:
    as_form = us.call(
        "POST", "customer", b"DisplayName=Ann", content_type="application/x-www-form-urlencoded"
    )
    as_json = us.call("POST", "query", b"select * from Customer", content_type="application/json")

    assert (as_form.status, as_json.status) == (415, 415)


def test_the_minor_version_is_ignored(us: Caller) -> None:
    replies = [
        us.get("customer/1"),
        us.get("customer/1", minorversion="4"),
        us.get("customer/1", minorversion="75"),
    ]

    assert len({json.dumps(reply.json["Customer"], default=str) for reply in replies}) == 1


BOUNDARY = "-------------PythonMultipartPost"


def multipart(metadata: dict[str, Any] | None, content: bytes, *, encoded: bool = False) -> bytes:
    """As the open-source clients build it."""
    parts = []
    if metadata is not None:
        parts.append(
            b'Content-Disposition: form-data; name="file_metadata_01"\r\nContent-Type: application/json\r\n\r\n'
            + json.dumps(metadata).encode()
        )
    coding = b"Content-Transfer-Encoding: base64\r\n" if encoded else b""
    parts.append(
        b'Content-Disposition: form-data; name="file_content_01"; filename="bill.txt"\r\n'
        b"Content-Type: text/plain\r\n"
        + coding
        + b"\r\n"
        + (base64.b64encode(content) if encoded else content)
    )
    mark = b"--" + BOUNDARY.encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


@pytest.mark.parametrize("encoded", [False, True], ids=["binary", "base64"])
def test_an_upload_becomes_an_attachable_with_its_bytes(us: Caller, encoded: bool) -> None:
    content = bytes(range(256)) if not encoded else b"\x00\xffbinary"
    created = us.create("Invoice", invoice())
    metadata = {
        "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": created["Id"]}}],
        "FileName": "bill.txt",
        "ContentType": "text/plain",
    }

    reply = us.call(
        "POST",
        "upload",
        multipart(metadata, content, encoded=encoded),
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
    )

    (answer,) = reply.json["AttachableResponse"]
    attachable = answer["Attachable"]
    assert attachable["FileName"] == "bill.txt"
    assert attachable["Size"] == len(content)
    assert (
        us.get(f"attachable/{attachable['Id']}").json["Attachable"]["AttachableRef"]
        == attachable["AttachableRef"]
    )
    assert us.server.file(us.realm_id, attachable["Id"]) == content
    address = us.get(f"download/{attachable['Id']}").body.decode()
    assert urllib3.request("GET", address).data == content


def test_a_file_without_metadata_is_taken_too(us: Caller) -> None:
    reply = us.call(
        "POST", "upload", multipart(None, b"hello"), content_type=f"multipart/form-data; boundary={BOUNDARY}"
    )

    assert reply.json["AttachableResponse"][0]["Attachable"]["FileName"] == "bill.txt"


def test_a_file_name_in_any_language_is_kept(us: Caller) -> None:
    body = multipart(None, b"x").replace(b"bill.txt", "Café №1.txt".encode())

    reply = us.call("POST", "upload", body, content_type=f"multipart/form-data; boundary={BOUNDARY}")

    assert reply.json["AttachableResponse"][0]["Attachable"]["FileName"] == "Café №1.txt"


def test_an_upload_for_what_is_not_there_is_a_fault_under_status_200(us: Caller) -> None:
    metadata = {"AttachableRef": [{"EntityRef": {"type": "Estimate", "value": "99999"}}], "FileName": "x.txt"}

    reply = us.call(
        "POST", "upload", multipart(metadata, b"x"), content_type=f"multipart/form-data; boundary={BOUNDARY}"
    )

    assert reply.status == 200
    assert reply.json["AttachableResponse"][0]["Fault"]["Error"][0]["code"] == "6000"


def test_the_rate_of_a_currency_is_read_by_its_code_and_day(us: Caller) -> None:
    us.create("ExchangeRate", {"SourceCurrencyCode": "EUR", "Rate": 1.25, "AsOfDate": "2026-01-02"})

    reply = us.get("exchangerate", sourcecurrencycode="EUR", asofdate="2026-01-05")

    assert reply.json["ExchangeRate"]["Rate"] == Decimal("1.25")
