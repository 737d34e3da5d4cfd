"""The admin API: companies, snapshots, switches, counters, clock, tokens; and the problems it names."""

import json
from typing import Any

import pytest
import urllib3

from ops.sandbox.testing import SandboxProblem, SandboxServer
from tests.ops.sandbox.http.caller import Caller

ANN = {"DisplayName": "Ann Example"}


def names(caller: Caller) -> list[str]:
    return [one["DisplayName"] for one in caller.server.dump(caller.realm_id, "Customer")]


def test_four_companies_are_there_from_the_start(server: SandboxServer) -> None:
    companies = server.admin("GET", "/companies")

    assert [(one["realm_id"], one["country"]) for one in companies] == [
        ("1", "US"),
        ("2", "CA"),
        ("3", "GB"),
        ("4", "AU"),
    ]


def test_companies_are_added_and_taken_away(server: SandboxServer) -> None:
    realm_id = server.add_company("GB", realm_id="9130347596842384")
    caller = Caller(server, realm_id)
    there = caller.get(f"companyinfo/{realm_id}").status

    server.admin("DELETE", f"/companies/{realm_id}")

    assert there == 200
    assert caller.get(f"companyinfo/{realm_id}").status == 403
    caller.close()


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"country": "DE"}, "country must be one of"),
        ({"country": "US", "realm_id": "1"}, "there already"),
        ({"country": "US", "realm_id": "x/y"}, "digits"),
    ],
)
def test_a_wrong_company_is_refused(server: SandboxServer, asked: dict[str, str], problem: str) -> None:
    with pytest.raises(SandboxProblem, match=problem):
        server.admin("POST", "/companies", asked)


def test_reset_puts_books_switches_faults_and_counters_back(us: Caller) -> None:
    us.create("Customer", ANN)
    us.server.switches(us.realm_id, limits={"scale": 3.0}, settings={"user_name": "Pat"})
    us.server.fault(us.realm_id, "server_error")

    us.server.reset(us.realm_id)

    assert "Ann Example" not in names(us)
    switches = us.server.switches(us.realm_id)
    assert switches["limits"]["scale"] == 1.0
    assert switches["settings"]["user_name"] != "Pat"
    assert us.server.faults(us.realm_id) == []
    assert us.server.counters(us.realm_id) == {}


def test_reset_forgets_request_ids(us: Caller) -> None:
    us.post("customer", ANN, requestid="r-1")
    us.server.reset(us.realm_id)

    us.post("customer", ANN, requestid="r-1")

    assert "Ann Example" in names(us)


def test_reset_of_everything_takes_added_companies_away(us: Caller) -> None:
    us.server.reset()

    assert len(us.server.admin("GET", "/companies")) == 4


def test_a_snapshot_can_be_gone_back_to_more_than_once(us: Caller) -> None:
    us.create("Customer", ANN)
    us.server.snapshot(us.realm_id, "with-ann")

    for name in ("Bob", "Cid"):
        us.create("Customer", {"DisplayName": name})
        us.server.restore(us.realm_id, "with-ann")

    assert "Ann Example" in names(us)
    assert {"Bob", "Cid"}.isdisjoint(names(us))


def test_a_snapshot_knows_its_request_ids(us: Caller) -> None:
    us.server.snapshot(us.realm_id, "before")
    us.post("customer", ANN, requestid="r-1")
    us.server.restore(us.realm_id, "before")

    us.post("customer", ANN, requestid="r-1")

    assert "Ann Example" in names(us)


def test_switches_are_changed_by_name_and_the_others_stay(us: Caller) -> None:
    us.server.switches(us.realm_id, limits={"scale": 2.0})

    after = us.server.switches(us.realm_id, limits={"on": True}, settings={"uncertain": {"batch_limit": 10}})

    assert (after["limits"]["scale"], after["limits"]["on"]) == (2.0, True)
    assert after["settings"]["uncertain"]["batch_limit"] == 10
    assert after["settings"]["uncertain"]["max_results_above_limit"] == "cap"


@pytest.mark.parametrize(
    "change",
    [
        {"limits": {"speed": 1}},
        {"limits": {"scale": "fast"}},
        {"request_ids": {"in_flight": "perhaps"}},
        {"settings": {"colour": "red"}},
        {"colours": {}},
        {"limits": 5},
    ],
)
def test_a_wrong_switch_is_refused_and_nothing_changes(us: Caller, change: dict[str, Any]) -> None:
    before = us.server.switches(us.realm_id)

    with pytest.raises(SandboxProblem, match="400"):
        us.server.admin("PATCH", f"/companies/{us.realm_id}/switches", change)

    assert us.server.switches(us.realm_id) == before


def test_counters_tell_what_was_called(us: Caller) -> None:
    us.post("customer", ANN, requestid="r-1")
    us.post("customer", ANN, requestid="r-1")
    us.post("customer", ANN)
    us.query("select * from Customer")
    us.batch([{"bId": "1", "operation": "create", "Vendor": {"DisplayName": "Vic"}}])

    assert us.server.counters(us.realm_id) == {
        "requests": 5,
        "create.Customer": 1,
        "replayed": 1,
        "fault.6240": 1,
        "query": 1,
        "reads": 1,
        "create.Vendor": 1,
        "batch": 1,
        "batch_items": 1,
    }


def test_a_dump_holds_everything_and_counts_nothing(us: Caller) -> None:
    created = us.create("Customer", ANN)
    us.create("Customer", {"Id": created["Id"], "SyncToken": "0", "sparse": True, "Active": False})
    before = us.server.counters(us.realm_id)

    dumped = us.server.dump(us.realm_id, "customer")

    assert created["Id"] in {one["Id"] for one in dumped}
    assert us.server.counters(us.realm_id) == before


def test_the_clock_stops_moves_and_runs_again(server: SandboxServer) -> None:
    server.admin("POST", "/clock", {"stop_at": "2026-03-01T00:00:00+00:00"})
    server.advance_clock(90)

    stopped = server.admin("GET", "/clock")["now"]
    server.admin("POST", "/clock", {"resume": True})
    running = server.admin("GET", "/clock")["now"]

    assert stopped == "2026-03-01T00:01:30+00:00"
    assert running > stopped
    assert server.admin("POST", "/clock", {"reset": True})["shift_seconds"] == 0


@pytest.mark.parametrize(
    "change", [{}, {"advance_seconds": "1"}, {"stop_at": "noon"}, {"stop_at": "2026-03-01T00:00:00"}]
)
def test_a_wrong_time_is_refused(server: SandboxServer, change: dict[str, Any]) -> None:
    with pytest.raises(SandboxProblem, match="400"):
        server.admin("POST", "/clock", change)


@pytest.mark.parametrize("how", ["expire", "revoke"])
def test_every_token_of_a_company_can_be_ended(us: Caller, how: str) -> None:
    refresh_token = us.server.mint_token(us.realm_id)
    us.token = us.server.access_token(refresh_token)

    us.server.admin("POST", f"/tokens/{how}", {"realm_id": us.realm_id})

    assert us.get(f"companyinfo/{us.realm_id}").status == 401
    with pytest.raises(SandboxProblem, match="invalid_grant"):
        us.server.access_token(refresh_token)


def test_one_access_token_can_be_expired(us: Caller) -> None:
    refresh_token = us.server.mint_token(us.realm_id)
    us.token = us.server.access_token(refresh_token)

    us.server.admin("POST", "/tokens/expire", {"token": us.token})

    assert us.get(f"companyinfo/{us.realm_id}").status == 401
    us.token = us.server.access_token(refresh_token)
    assert us.get(f"companyinfo/{us.realm_id}").status == 200


def test_metered_reads_are_counted_by_app_and_month(us: Caller) -> None:
    us.server.admin("POST", "/clock", {"stop_at": "2026-03-01T00:00:00+00:00"})
    us.token = us.server.access_token()
    us.query("select * from Customer")
    us.post("customer", ANN)
    us.batch([{"bId": "1", "Query": "select * from Customer"}])

    assert us.server.admin("GET", "/reads")["used"] == {"sandbox 2026-03": 2}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/companies/77/counters"),
        ("GET", "/companies/1/objects/Spaceship"),
        ("POST", "/companies/1/snapshots/never/restore"),
        ("DELETE", "/companies/1/faults/77"),
        ("DELETE", "/webhooks/77"),
    ],
)
def test_what_is_not_there_is_404(server: SandboxServer, method: str, path: str) -> None:
    with pytest.raises(SandboxProblem, match=" 404 "):
        server.admin(method, path)


def test_health_and_metrics(us: Caller) -> None:
    us.post("customer", ANN)
    http = urllib3.PoolManager(retries=False)

    live, ready, metrics = (
        http.request("GET", us.server.url + path) for path in ("/health/live", "/health/ready", "/metrics")
    )
    http.clear()

    assert json.loads(live.data) == json.loads(ready.data) == {"status": "ok"}
    assert b'counterfoil_sandbox_calls_total{operation="create",status="200"}' in metrics.data
