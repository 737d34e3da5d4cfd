"""Request ids. Source of what is documented: Intuit's page "Learn basic field definitions"."""

from threading import Thread

import pytest

from tests.ops.sandbox.http.caller import Caller, Reply

ANN = {"DisplayName": "Ann Example"}
BOB = {"DisplayName": "Bob Example"}


def test_a_repeated_request_id_gets_the_same_answer_and_creates_nothing(us: Caller) -> None:
    first = us.post("customer", ANN, requestid="r-1")

    second = us.post("customer", ANN, requestid="r-1")

    assert first.status == second.status == 200
    assert second.body == first.body
    assert [one["DisplayName"] for one in us.server.dump(us.realm_id, "Customer")].count("Ann Example") == 1
    assert us.server.counters(us.realm_id)["replayed"] == 1


def test_an_empty_request_id_is_none(us: Caller) -> None:
    before = us.count("Customer")

    replies = [us.post("customer", {"DisplayName": name}, requestid="") for name in ("One", "Two")]

    assert [reply.status for reply in replies] == [200, 200]
    assert us.count("Customer") == before + 2


def test_an_id_is_unique_within_a_company_only(us: Caller) -> None:
    other = Caller(us.server, us.server.add_company("US"))
    us.post("customer", ANN, requestid="same")

    reply = other.post("customer", ANN, requestid="same")

    assert reply.status == 200
    assert any(one["DisplayName"] == "Ann Example" for one in us.server.dump(other.realm_id, "Customer"))
    other.close()


@pytest.mark.parametrize(("length", "status"), [(50, 200), (51, 400)])
def test_a_request_id_has_at_most_50_characters(us: Caller, length: int, status: int) -> None:
    reply = us.post("customer", ANN, requestid="x" * length)

    assert reply.status == status
    if status == 400:
        assert reply.code == "2130"


@pytest.mark.parametrize(
    ("request_id", "item_id", "status"),
    [("x" * 36, "b" * 10, 200), ("x" * 37, "b", 400), ("x", "b" * 11, 400), ("", "b" * 40, 200)],
    ids=["longest", "request-id-too-long", "item-id-too-long", "long-item-id-without-request-id"],
)
def test_lengths_in_a_batch(us: Caller, request_id: str, item_id: str, status: int) -> None:
    item = {"bId": item_id, "operation": "create", "Customer": ANN}

    reply = us.batch([item], requestid=request_id)

    assert reply.status == status
    if status == 400:
        assert reply.code == "2130"


def test_a_repeated_batch_does_only_the_items_that_are_new(us: Caller) -> None:
    before = us.count("Customer")
    first_item = {"bId": "1", "operation": "create", "Customer": ANN}
    us.batch([first_item], requestid="b-1")

    reply = us.batch([first_item, {"bId": "2", "operation": "create", "Customer": BOB}], requestid="b-1")

    items = {item["bId"]: item for item in reply.json["BatchItemResponse"]}
    assert items["1"]["Customer"]["DisplayName"] == "Ann Example"
    assert items["2"]["Customer"]["DisplayName"] == "Bob Example"
    assert us.count("Customer") == before + 2


def test_a_changed_body_under_an_old_id_gets_the_old_answer(us: Caller) -> None:
    us.post("customer", ANN, requestid="r-1")

    reply = us.post("customer", BOB, requestid="r-1")

    assert reply.json["Customer"]["DisplayName"] == "Ann Example"


@pytest.mark.parametrize(("way", "status", "named"), [("refuse", 400, False), ("execute", 200, True)])
def test_a_changed_body_can_be_refused_or_executed(us: Caller, way: str, status: int, named: bool) -> None:
    us.server.switches(us.realm_id, request_ids={"different_body": way})
    us.post("customer", ANN, requestid="r-1")

    reply = us.post("customer", BOB, requestid="r-1")

    assert reply.status == status
    names = [one["DisplayName"] for one in us.server.dump(us.realm_id, "Customer")]
    assert ("Bob Example" in names) is named


def test_a_refusal_is_stored_and_repeated(us: Caller) -> None:
    us.create("Customer", ANN)
    refused = us.post("customer", ANN, requestid="r-1")

    again = us.post("customer", BOB, requestid="r-1")

    assert refused.code == "6240"
    assert again.body == refused.body


def test_refusals_need_not_be_stored(us: Caller) -> None:
    us.server.switches(us.realm_id, request_ids={"faults_are_stored": False})
    us.create("Customer", ANN)
    us.post("customer", ANN, requestid="r-1")

    reply = us.post("customer", BOB, requestid="r-1")

    assert reply.status == 200


def test_an_id_is_forgotten_after_its_retention(us: Caller) -> None:
    us.server.switches(us.realm_id, request_ids={"retention_seconds": 100})
    us.post("customer", ANN, requestid="r-1")
    us.server.advance_clock(101)

    reply = us.post("customer", ANN, requestid="r-1")

    assert reply.code == "6240"


def _at_once(caller: Caller) -> list[Reply]:
    """Two calls with one id: both wait half a second, so the second comes in while the first is under way."""
    caller.server.fault(caller.realm_id, "latency", seconds=0.5)
    replies: list[Reply] = []

    def send() -> None:
        mine = Caller(caller.server, caller.realm_id, caller.token)
        replies.append(mine.post("salesreceipt", {"Line": [_line()]}, requestid="r-1"))
        mine.close()

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def _line() -> dict[str, object]:
    return {
        "Amount": 10,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}},
    }


@pytest.mark.parametrize(
    ("way", "statuses", "created"),
    [("wait", [200, 200], 1), ("refuse", [200, 400], 1), ("both", [200, 200], 2)],
)
def test_two_calls_with_one_id_at_once(us: Caller, way: str, statuses: list[int], created: int) -> None:
    us.server.switches(us.realm_id, request_ids={"in_flight": way})
    before = us.count("SalesReceipt")

    replies = _at_once(us)

    assert sorted(reply.status for reply in replies) == statuses
    assert us.count("SalesReceipt") == before + created
