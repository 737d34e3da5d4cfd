"""The SQLite option: what was answered before a kill -9 is there after the next start."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from ops.sandbox.checkpoints import WORTH_IT
from ops.sandbox.testing import SandboxProblem, SandboxServer
from tests.ops.sandbox.http.caller import Caller

ANN = {"DisplayName": "Ann Example"}


def names(server: SandboxServer, realm_id: str = "1") -> list[str]:
    return [one["DisplayName"] for one in server.dump(realm_id, "Customer")]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[SandboxServer]:
    with SandboxServer(database=tmp_path / "sandbox.db", limits=False) as server:
        yield server


def crash(server: SandboxServer) -> None:
    server.kill()
    server.start()


def test_objects_survive_to_the_last_digit(kept: SandboxServer) -> None:
    caller = Caller(kept, "1")
    created = caller.create("Customer", ANN)
    caller.create(
        "Customer", {"Id": created["Id"], "SyncToken": "0", "sparse": True, "CompanyName": "Example"}
    )
    receipt = {
        "Line": [
            {
                "Amount": 10.07,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}},
            }
        ]
    }
    gone = caller.create("SalesReceipt", receipt)
    caller.create("SalesReceipt", receipt)
    caller.post("salesreceipt", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")
    sent = caller.create("SalesReceipt", receipt)
    caller.post(f"salesreceipt/{sent['Id']}/send", None, sendTo="ann@example.com")
    before = {entity: kept.dump("1", entity) for entity in ("Customer", "SalesReceipt", "Account", "Item")}
    caller.close()

    crash(kept)

    assert {entity: kept.dump("1", entity) for entity in before} == before


def test_a_request_id_is_still_known(kept: SandboxServer) -> None:
    caller = Caller(kept, "1")
    first = caller.post("customer", ANN, requestid="r-1")
    refused = caller.post("customer", ANN, requestid="r-2")
    batch = [{"bId": "1", "operation": "create", "Customer": {"DisplayName": "Bob"}}]
    first_batch = caller.batch(batch, requestid="b-1").json["BatchItemResponse"]
    crash(kept)

    replies = [caller.post("customer", ANN, requestid=request_id) for request_id in ("r-1", "r-2")]
    again = caller.batch(batch, requestid="b-1").json["BatchItemResponse"]
    caller.close()

    assert [reply.body for reply in replies] == [first.body, refused.body]
    assert again == first_batch
    assert names(kept).count("Ann Example") == 1


def test_tokens_survive(kept: SandboxServer) -> None:
    refresh_token = kept.mint_token("1")
    access_token = kept.access_token(refresh_token)
    kept.advance_clock(86_400)
    kept.access_token(refresh_token)
    crash(kept)

    caller = Caller(kept, "1", access_token)
    expired = caller.get("companyinfo/1")
    caller.token = kept.access_token(refresh_token)

    assert expired.status == 401
    assert caller.get("companyinfo/1").status == 200
    caller.close()


def test_companies_switches_and_settings_survive(kept: SandboxServer) -> None:
    realm_id = kept.add_company("GB")
    kept.switches(realm_id, limits={"scale": 2.0}, settings={"user_name": "Pat Keeper"})
    crash(kept)

    switches = kept.switches(realm_id)

    assert switches["limits"]["scale"] == 2.0
    assert switches["settings"]["user_name"] == "Pat Keeper"


def test_what_was_allowed_then_is_not_refused_now(kept: SandboxServer) -> None:
    caller = Caller(kept, "1")
    caller.create("Customer", ANN)
    kept.fault("1", "company_locked")
    crash(kept)

    assert caller.post("customer", {"DisplayName": "Late"}).code == "6190"
    kept.remove_fault("1", "company_locked")
    caller.close()
    assert "Ann Example" in names(kept)


def test_a_reset_is_for_good(kept: SandboxServer) -> None:
    caller = Caller(kept, "1")
    caller.create("Customer", ANN)
    kept.reset("1")
    caller.create("Customer", {"DisplayName": "After"})
    caller.close()
    before = names(kept)

    crash(kept)

    assert names(kept) == before
    assert "Ann Example" not in before


def test_going_back_to_a_snapshot_is_for_good(kept: SandboxServer) -> None:
    caller = Caller(kept, "1")
    caller.create("Customer", ANN)
    kept.snapshot("1", "early")
    caller.create("Customer", {"DisplayName": "Later"})
    kept.restore("1", "early")
    caller.close()

    crash(kept)

    assert "Ann Example" in names(kept)
    assert "Later" not in names(kept)


def test_a_write_whose_answer_was_cut_off_is_kept(kept: SandboxServer) -> None:
    caller = Caller(kept, "1")
    kept.fault("1", "cut_after_write", count=1)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        caller.post("customer", ANN, requestid="r-1")
    crash(kept)

    reply = caller.post("customer", ANN, requestid="r-1")
    caller.close()

    assert reply.status == 200
    assert names(kept).count("Ann Example") == 1


def test_an_uploaded_file_survives(kept: SandboxServer) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file_content_01"; filename="a.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n"
    )
    caller = Caller(kept, "1")
    reply = caller.call("POST", "upload", body, content_type="multipart/form-data; boundary=x")
    caller.close()
    attachable_id = reply.json["AttachableResponse"][0]["Attachable"]["Id"]

    crash(kept)

    assert kept.file("1", attachable_id) == b"hello"


def customers(caller: Caller, first: int, number: int) -> None:
    for start in range(first, first + number, 30):
        items = [
            {"bId": str(one), "operation": "create", "Customer": {"DisplayName": f"Customer {one}"}}
            for one in range(start, min(start + 30, first + number))
        ]
        caller.batch(items, requestid=f"b-{start}")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_clean_stop_leaves_a_checkpoint_that_later_work_goes_on_from(kept: SandboxServer, end: str) -> None:
    caller = Caller(kept, "1")
    customers(caller, 0, WORTH_IT + 10)
    kept.fault("1", "books_closed", until="2026-01-31")
    kept.stop()
    kept.start()
    customers(caller, 10_000, 40)
    before, switches = kept.dump("1", "Customer"), kept.switches("1")

    kept.stop() if end == "stop" else kept.kill()
    kept.start()

    assert kept.dump("1", "Customer") == before
    assert kept.switches("1") == switches
    customers(caller, 0, 60)
    assert kept.counters("1")["replayed"] == 60
    caller.close()


def test_a_checkpoint_is_forgotten_by_a_reset(kept: SandboxServer) -> None:
    caller = Caller(kept, "1")
    customers(caller, 0, WORTH_IT + 10)
    kept.stop()
    kept.start()
    kept.reset("1")
    before = kept.dump("1", "Customer")

    crash(kept)

    assert kept.dump("1", "Customer") == before
    caller.close()


def test_a_file_that_is_no_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at as one" * 20)

    with pytest.raises(SandboxProblem):
        SandboxServer(database=path).start()
