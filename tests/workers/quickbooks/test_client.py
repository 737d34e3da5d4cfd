"""The client: what goes over the wire, and what comes back."""

import json
import logging
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.workers.quickbooks.conftest import KnownTokens, Observed
from tests.workers.quickbooks.stub import Asked, Reply, Stub
from workers.errors import QuickBooksRejected, QuickBooksUnavailable, ReconnectNeeded, Throttled
from workers.quickbooks.client import BatchItem, Operation, Query, QuickBooks, quoted
from workers.quickbooks.errors import ReadQuotaUsedUp
from workers.quickbooks.operations import OperationName

EXPIRED = '{"fault":{"error":[{"message":"x","detail":"Token expired: first","code":"3200"}],"type":"AUTHENTICATION"}}'
RECEIPT = Operation("SalesReceipt", "create", b'{"Line":[{"Amount":10.50}]}')


def parameters(asked: Asked) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}


def test_a_write_goes_out_to_the_byte_with_its_request_id(stub: Stub, quickbooks: QuickBooks) -> None:
    stub.answer('{"SalesReceipt":{"Id":"17","TotalAmt":10.50,"Unheard":{"Of":1}},"time":"x"}')

    receipt = quickbooks.write("9130", RECEIPT, request_id="r-1")

    asked = stub.asked[0]
    assert asked.body == RECEIPT.body
    assert (asked.method, urlsplit(asked.path).path) == ("POST", "/v3/company/9130/salesreceipt")
    assert parameters(asked) == {"minorversion": "75", "requestid": "r-1"}
    assert asked.headers["authorization"] == "Bearer first"
    assert asked.headers["content-type"] == "application/json"
    assert receipt == {"Id": "17", "TotalAmt": Decimal("10.50"), "Unheard": {"Of": Decimal(1)}}


@pytest.mark.parametrize(
    ("entity", "operation", "expected"),
    [
        ("Invoice", "update", {}),
        ("Invoice", "void", {"operation": "void"}),
        ("Invoice", "delete", {"operation": "delete"}),
        ("SalesReceipt", "void", {"operation": "update", "include": "void"}),
        ("Payment", "void", {"operation": "update", "include": "void"}),
        ("RefundReceipt", "delete", {"operation": "delete"}),
    ],
)
def test_each_entity_is_voided_and_deleted_in_its_own_way(
    stub: Stub, quickbooks: QuickBooks, entity: str, operation: OperationName, expected: dict[str, str]
) -> None:
    stub.answer(json.dumps({entity: {"Id": "1"}}))

    quickbooks.write("9130", Operation(entity, operation, b"{}"), request_id="r")

    assert parameters(stub.asked[0]) == {"minorversion": "75", "requestid": "r", **expected}


def test_a_batch_goes_out_in_one_call_and_its_answers_come_in_the_order_asked(
    stub: Stub, quickbooks: QuickBooks, observed: Observed
) -> None:
    items = [
        BatchItem("1", RECEIPT),
        BatchItem("2", Operation("Payment", "void", b'{"Id":"5","sparse":true}')),
        BatchItem("3", Query("select * from Item")),
        BatchItem("4", Query("select * from Customer")),
        BatchItem("5", Operation("Invoice", "delete", b"{}")),
        BatchItem("6", RECEIPT),
        BatchItem("7", RECEIPT),
    ]
    error = {"Message": "m", "Detail": "d", "code": "6240", "element": ""}
    throttle = {"Message": "m", "Detail": "d", "code": "3001"}
    listed = [
        {"bId": "5", "Fault": {"Error": [error], "type": "ValidationFault"}},
        {"bId": "4", "QueryResponse": {}},
        {"bId": "3", "QueryResponse": {"Item": [{"Id": "7"}], "startPosition": 1, "maxResults": 1}},
        {"bId": "2", "Payment": {"Id": "5", "SyncToken": "1"}},
        {"bId": "1", "SalesReceipt": {"Id": "17"}},
        {"bId": "7", "Fault": {"Error": [throttle], "type": "SERVICE"}},
    ]
    stub.answer(json.dumps({"BatchItemResponse": listed, "time": "x"}))

    answers = quickbooks.batch("9130", items, request_id="r-2")

    sent = json.loads(stub.asked[0].body)["BatchItemRequest"]
    assert sent[0] == {"bId": "1", "operation": "create", "SalesReceipt": {"Line": [{"Amount": 10.5}]}}
    assert sent[1] == {
        "bId": "2", "operation": "update", "optionsData": "void", "Payment": {"Id": "5", "sparse": True}
    }  # fmt: skip
    assert sent[2] == {"bId": "3", "Query": "select * from Item"}
    assert answers[:4] == [{"Id": "17"}, {"Id": "5", "SyncToken": "1"}, [{"Id": "7"}], []]
    assert isinstance(answers[4], QuickBooksRejected)
    assert answers[4].fault_code == "6240"
    assert isinstance(answers[5], QuickBooksUnavailable), "an item without an answer may have been written"
    assert isinstance(answers[6], Throttled)
    assert observed.reads == 2
    assert observed.requests == [("batch", "ok")]


def test_amounts_in_a_batch_keep_their_digits(stub: Stub, quickbooks: QuickBooks) -> None:
    stub.answer('{"BatchItemResponse":[]}')

    quickbooks.batch("9130", [BatchItem("1", RECEIPT)], request_id="r")

    assert b'"SalesReceipt":{"Line":[{"Amount":10.50}]}' in stub.asked[0].body


def test_a_batch_that_fails_as_a_whole_raises(stub: Stub, quickbooks: QuickBooks) -> None:
    stub.answer("stream timeout", 504)

    with pytest.raises(QuickBooksUnavailable):
        quickbooks.batch("9130", [BatchItem("1", RECEIPT)], request_id="r")


def test_a_query_travels_as_text_whatever_its_length(
    stub: Stub, quickbooks: QuickBooks, observed: Observed
) -> None:
    statement = (
        "select * from Item where Sku in (" + ", ".join(quoted(f"O'Neil {n}") for n in range(900)) + ")"
    )
    stub.answer('{"QueryResponse":{"Item":[{"Id":"3","QtyOnHand":2.5}],"startPosition":1,"maxResults":1}}')

    rows = quickbooks.query("9130", statement)

    asked = stub.asked[0]
    assert asked.body.decode() == statement
    assert asked.headers["content-type"] == "application/text"
    assert r"'O\'Neil 0'" in statement
    assert rows == [{"Id": "3", "QtyOnHand": Decimal("2.5")}]
    assert observed.reads == 1


def test_an_empty_result_is_an_empty_list(stub: Stub, quickbooks: QuickBooks) -> None:
    stub.answer('{"QueryResponse":{},"time":"x"}')

    assert quickbooks.query("9130", "select * from Item") == []


def test_an_expired_token_is_replaced_once(
    stub: Stub, quickbooks: QuickBooks, tokens: KnownTokens, observed: Observed
) -> None:
    stub.answer(EXPIRED, 401)
    stub.answer('{"SalesReceipt":{"Id":"17"}}')

    quickbooks.write("9130", RECEIPT, request_id="r-1")

    assert [asked.headers["authorization"] for asked in stub.asked] == ["Bearer first", "Bearer second"]
    assert stub.asked[0].body == stub.asked[1].body
    assert parameters(stub.asked[1])["requestid"] == "r-1"
    assert tokens.refusals == ["first"]
    assert observed.requests == [("create", "reconnect_needed"), ("create", "ok")]


def test_a_fresh_token_that_is_refused_too_needs_a_person(stub: Stub, quickbooks: QuickBooks) -> None:
    stub.answer(EXPIRED, 401)
    stub.answer(EXPIRED, 401)

    with pytest.raises(ReconnectNeeded):
        quickbooks.write("9130", RECEIPT, request_id="r-1")

    assert len(stub.asked) == 2


@pytest.mark.parametrize("body", ['{"Invoice":{"Id":"1"}}', "{}", '{"SalesReceipt":"x"}'])
def test_an_answer_without_the_entity_leaves_the_outcome_unknown(
    stub: Stub, quickbooks: QuickBooks, body: str
) -> None:
    stub.answer(body)

    with pytest.raises(QuickBooksUnavailable):
        quickbooks.write("9130", RECEIPT, request_id="r-1")


@pytest.mark.parametrize("header", ["intuit_tid", "Intuit-Tid"])
def test_intuits_trace_id_is_logged_and_nothing_of_the_document(
    stub: Stub, quickbooks: QuickBooks, caplog: pytest.LogCaptureFixture, header: str
) -> None:
    body = b'{"Fault":{"Error":[{"code":"2020","Message":"m","Detail":"d"}]}}'
    stub.replies.append(Reply(400, body, {header: "1-77"}))

    with caplog.at_level(logging.DEBUG, "workers.quickbooks.client"), pytest.raises(QuickBooksRejected):
        quickbooks.write("9130", RECEIPT, request_id="r-1")

    record = caplog.records[0].__dict__
    expected = {
        "realm_id": "9130", "operation": "create", "entity": "SalesReceipt", "result": "quickbooks_rejected",
        "status": 400, "intuit_tid": "1-77", "request_id": "r-1",
    }  # fmt: skip
    assert expected.items() <= record.items()
    assert "10.5" not in str(record)
    assert "Bearer" not in str(record)


def test_a_company_is_read_in_four_calls(stub: Stub, quickbooks: QuickBooks, observed: Observed) -> None:
    def answer(asked: Asked) -> Reply:
        path = urlsplit(asked.path).path.removeprefix("/v3/company/9130")
        bodies = {
            "/companyinfo/9130": '{"CompanyInfo":{"Id":"1","Country":"CA"}}',
            "/preferences": '{"Preferences":{"TaxPrefs":{"UsingSalesTax":true}}}',
            "/query": '{"QueryResponse":{}}',
        }
        return Reply(body=bodies[path].encode())

    stub.otherwise = answer

    company = quickbooks.company("9130")

    assert (company.realm_id, company.country, company.tax) == ("9130", "CA", "elsewhere")
    assert observed.reads == len(stub.asked) == 4


@pytest.mark.parametrize(("used_up", "expected"), [(True, ReadQuotaUsedUp), (False, Throttled)])
def test_a_read_that_is_throttled_when_the_months_quota_is_used_up_waits_for_the_first(
    stub: Stub, quickbooks: QuickBooks, observed: Observed, used_up: bool, expected: type[Throttled]
) -> None:
    observed.quota_is_used_up = used_up
    stub.answer("", 429)

    with pytest.raises(Throttled) as caught:
        quickbooks.query("9130", "select * from Item")

    assert type(caught.value) is expected


def test_a_write_is_never_stopped_by_the_quota_of_reads(
    stub: Stub, quickbooks: QuickBooks, observed: Observed
) -> None:
    observed.quota_is_used_up = True
    stub.answer("", 429)

    with pytest.raises(Throttled) as caught:
        quickbooks.write("9130", RECEIPT, request_id="r-1")

    assert caught.value.seconds == 60.0
