"""Faults on demand: each kind, and whom it strikes."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import urllib3

from ops.sandbox.testing import SandboxProblem
from tests.ops.sandbox.http.caller import Caller

ANN = {"DisplayName": "Ann Example"}


def made(caller: Caller, name: str = "Ann Example") -> bool:
    return any(one["DisplayName"] == name for one in caller.server.dump(caller.realm_id, "Customer"))


@pytest.mark.parametrize(("kind", "done"), [("server_error", False), ("server_error_after_write", True)])
def test_500_with_and_without_the_write_done(us: Caller, kind: str, done: bool) -> None:
    us.server.fault(us.realm_id, kind, count=1)

    reply = us.post("customer", ANN, requestid="r-1")

    assert (reply.status, reply.code) == (500, "10000")
    assert reply.json["Fault"]["type"] == "SystemFault"
    assert made(us) is done
    assert us.post("customer", ANN, requestid="r-1").status == 200


@pytest.mark.parametrize(("kind", "done"), [("cut", False), ("cut_after_write", True)])
def test_connection_cut_before_and_after_the_write(us: Caller, kind: str, done: bool) -> None:
    us.server.fault(us.realm_id, kind, count=1)

    with pytest.raises(urllib3.exceptions.ProtocolError):
        us.post("customer", ANN, requestid="r-1")

    assert made(us) is done
    assert us.post("customer", ANN, requestid="r-1").status == 200


@pytest.mark.parametrize(("kind", "done"), [("stream_timeout", False), ("stream_timeout_after_write", True)])
def test_the_gateways_plain_text(us: Caller, kind: str, done: bool) -> None:
    us.server.fault(us.realm_id, kind, count=1)

    reply = us.post("customer", ANN)

    assert (reply.status, reply.body) == (504, b"stream timeout")
    assert reply.headers["content-type"] == "text/plain"
    assert made(us) is done


def test_a_planned_429_looks_like_a_real_one(us: Caller) -> None:
    us.server.fault(us.realm_id, "throttled", count=1)

    reply = us.post("customer", ANN)

    assert (reply.status, reply.code) == (429, "3001")
    assert not made(us)


def test_latency_keeps_the_caller_waiting_and_does_the_work(us: Caller) -> None:
    us.server.fault(us.realm_id, "latency", seconds=0.3, count=1)
    started = time.monotonic()

    reply = us.post("customer", ANN)

    assert time.monotonic() - started >= 0.3
    assert reply.status == 200
    assert made(us)


def test_one_slow_company_does_not_slow_another(us: Caller) -> None:
    us.server.fault("1", "latency", seconds=20.0)
    started = time.monotonic()

    us.get(f"companyinfo/{us.realm_id}")

    assert time.monotonic() - started < 5


def test_an_expired_token_stays_expired_and_a_new_one_works(us: Caller) -> None:
    us.server.fault(us.realm_id, "token_expired", count=1)

    first, second = us.post("customer", ANN), us.post("customer", ANN)

    assert (first.status, second.status) == (401, 401)
    us.token = us.server.access_token()
    assert us.post("customer", ANN).status == 200


def test_a_revoked_connection_cannot_be_refreshed(us: Caller) -> None:
    refresh_token = us.server.mint_token(us.realm_id)
    us.token = us.server.access_token(refresh_token)
    us.server.fault(us.realm_id, "token_revoked", count=1)

    reply = us.post("customer", ANN)

    assert reply.status == 401
    with pytest.raises(SandboxProblem, match="invalid_grant"):
        us.server.access_token(refresh_token)


def test_a_locked_company_answers_6190_to_everything_until_it_is_unlocked(us: Caller) -> None:
    fault_id = us.server.fault(us.realm_id, "company_locked")

    replies = [us.post("customer", ANN), us.query("select * from Customer")]

    assert [reply.code for reply in replies] == ["6190", "6190"]
    assert us.count("Customer") > 0
    us.server.remove_fault(us.realm_id, fault_id)
    assert us.post("customer", ANN).status == 200


def test_closed_books_refuse_what_is_dated_before(us: Caller) -> None:
    us.server.fault(us.realm_id, "books_closed", until="2026-06-30")
    receipt = {
        "TxnDate": "2026-06-30",
        "Line": [
            {
                "Amount": 10,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}},
            }
        ],
    }

    refused = us.post("salesreceipt", receipt)
    accepted = us.post("salesreceipt", {**receipt, "TxnDate": "2026-07-01"})

    assert refused.code == "6200"
    assert accepted.status == 200


@pytest.mark.parametrize(("kind", "done"), [("refused", False), ("refused_after_write", True)])
def test_the_saving_error_6000_with_and_without_the_write(us: Caller, kind: str, done: bool) -> None:
    us.server.fault(us.realm_id, kind, count=1)

    reply = us.post("customer", ANN, requestid="r-1")

    assert (reply.status, reply.code) == (400, "6000")
    assert made(us) is done
    assert us.post("customer", ANN, requestid="r-1").status == 200


def test_any_fault_can_be_planned(us: Caller) -> None:
    error = {
        "code": "6540",
        "message": "Deposited Transaction cannot be changed",
        "detail": "d",
        "status": 400,
    }
    us.server.fault(us.realm_id, "refused", error=error, count=1)

    reply = us.post("customer", ANN)

    assert reply.json["Fault"]["Error"] == [
        {"Message": "Deposited Transaction cannot be changed", "Detail": "d", "code": "6540", "element": ""}
    ]


def test_one_item_of_a_batch_can_be_refused(us: Caller) -> None:
    us.server.fault(us.realm_id, "refused", body="Bob", count=1)
    items = [
        {"bId": name, "operation": "create", "Customer": {"DisplayName": name}}
        for name in ("Ann", "Bob", "Cid")
    ]

    reply = us.batch(items)

    answers = {item["bId"]: item for item in reply.json["BatchItemResponse"]}
    assert answers["Bob"]["Fault"]["Error"][0]["code"] == "6000"
    assert [answers[name]["Customer"]["DisplayName"] for name in ("Ann", "Cid")] == ["Ann", "Cid"]


def test_a_cut_batch_can_be_sent_again(us: Caller) -> None:
    us.server.fault(us.realm_id, "cut_after_write", operation="batch", count=1)
    items = [{"bId": "1", "operation": "create", "Customer": ANN}]
    with pytest.raises(urllib3.exceptions.ProtocolError):
        us.batch(items, requestid="b-1")
    number = us.count("Customer")

    reply = us.batch(items, requestid="b-1")

    assert reply.json["BatchItemResponse"][0]["Customer"]["DisplayName"] == "Ann Example"
    assert us.count("Customer") == number


CALLS: dict[str, Callable[[Caller], Any]] = {
    "create": lambda us: us.post("customer", ANN),
    "other-entity": lambda us: us.post("vendor", {"DisplayName": "Vic"}),
    "query": lambda us: us.query("select * from Customer"),
    "read": lambda us: us.get("customer/1"),
}


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ({}, {"create", "other-entity", "query", "read"}),
        ({"method": "GET"}, {"read"}),
        ({"entity": "Customer"}, {"create", "query", "read"}),
        ({"operation": "create"}, {"create", "other-entity"}),
        ({"operation": "query"}, {"query"}),
        ({"body": "Vic"}, {"other-entity"}),
    ],
    ids=["everything", "method", "entity", "operation", "query", "body"],
)
def test_a_fault_strikes_what_it_is_meant_for(us: Caller, match: dict[str, str], struck: set[str]) -> None:
    us.server.fault(us.realm_id, "server_error", **match)

    found = {name for name, call in CALLS.items() if call(us).status == 500}

    assert found == struck


@pytest.mark.parametrize(
    ("match", "status"),
    [
        ({"entity": "Customer"}, 500),
        ({"operation": "update"}, 500),
        ({"operation": "batch"}, 500),
        ({"entity": "Vendor", "operation": "create"}, 500),
        ({"entity": "Vendor", "operation": "update"}, 200),
        ({"entity": "Invoice"}, 200),
    ],
)
def test_a_batch_is_hit_for_what_is_in_it(us: Caller, match: dict[str, str], status: int) -> None:
    us.server.fault(us.realm_id, "server_error", **match)
    items = [
        {"bId": "1", "operation": "create", "Vendor": {"DisplayName": "Vic"}},
        {"bId": "2", "operation": "update", "Customer": {"Id": "1", "SyncToken": "0", "sparse": True}},
    ]

    assert us.batch(items).status == status


def test_count_and_skip(us: Caller) -> None:
    us.server.fault(us.realm_id, "server_error", skip=1, count=2)

    statuses = [us.get(f"companyinfo/{us.realm_id}").status for _ in range(5)]

    assert statuses == [200, 500, 500, 200, 200]
    assert [(fault["seen"], fault["struck"]) for fault in us.server.faults(us.realm_id)] == [(3, 2)]


def test_probability(us: Caller) -> None:
    us.server.fault(us.realm_id, "server_error", probability=0.5)

    statuses = [us.get(f"companyinfo/{us.realm_id}").status for _ in range(200)]

    # 200 fair coins: outside of 50 to 150 less than once in a million million runs.
    assert 50 < statuses.count(500) < 150


def test_a_fault_that_is_taken_out_strikes_no_more(us: Caller) -> None:
    fault_id = us.server.fault(us.realm_id, "server_error")
    us.server.remove_fault(us.realm_id, fault_id)

    assert us.post("customer", ANN).status == 200


@pytest.mark.parametrize(
    "plan", [{"kind": "meteor"}, {"kind": "cut", "wrong": 1}, {"kind": "cut", "count": 0}]
)
def test_a_wrong_plan_is_refused_in_a_sentence(us: Caller, plan: dict[str, Any]) -> None:
    with pytest.raises(SandboxProblem, match="400"):
        us.server.admin("POST", f"/companies/{us.realm_id}/faults", plan)
