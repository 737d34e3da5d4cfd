"""Throttles. Source: Intuit's page "Limits and throttles", and its blog for the batch limit of all apps."""

from collections.abc import Iterator

import pytest

from ops.sandbox.testing import SandboxServer
from tests.ops.sandbox.http.caller import Caller

BATCH = [{"bId": "1", "Query": "select count(*) from Customer"}]


@pytest.fixture
def limited(us: Caller) -> Iterator[Caller]:
    """A company with production's limits, and a clock that stands still."""
    us.server.admin("POST", "/clock", {"stop_at": None})
    us.server.switches(us.realm_id, limits={"on": True})
    return us


def read_all(caller: Caller, times: int) -> list[int]:
    return [caller.get(f"companyinfo/{caller.realm_id}").status for _ in range(times)]


def other_app(server: SandboxServer, realm_id: str, name: str) -> Caller:
    server.admin("POST", "/apps", {"client_id": name, "client_secret": "sandbox"})
    refresh_token = server.mint_token(realm_id, name)
    server.client_id = name
    try:
        return Caller(server, realm_id, server.access_token(refresh_token))
    finally:
        del server.client_id


def test_the_eleventh_call_in_a_second_is_throttled(limited: Caller) -> None:
    statuses = read_all(limited, 11)

    assert statuses == [200] * 10 + [429]
    assert limited.server.counters(limited.realm_id)["throttled.requests_per_second"] == 1


def test_the_next_second_is_free_again(limited: Caller) -> None:
    read_all(limited, 11)
    limited.server.advance_clock(1)

    assert read_all(limited, 1) == [200]


def test_the_501st_call_in_a_minute_is_throttled(limited: Caller) -> None:
    limited.server.switches(limited.realm_id, limits={"requests_per_second": 1000})

    statuses = read_all(limited, 501)

    assert statuses == [200] * 500 + [429]


def test_the_41st_batch_in_a_minute_is_throttled(limited: Caller) -> None:
    limited.server.switches(limited.realm_id, limits={"requests_per_second": 1000})

    statuses = [limited.batch(BATCH).status for _ in range(41)]

    assert statuses == [200] * 40 + [429]
    assert read_all(limited, 1) == [200]


def test_all_apps_together_have_120_batches_a_minute(limited: Caller) -> None:
    limited.server.switches(limited.realm_id, limits={"requests_per_second": 1000})
    apps = [limited] + [other_app(limited.server, limited.realm_id, f"app-{number}") for number in range(3)]
    statuses = [app.batch(BATCH).status for app in apps[:3] for _ in range(40)]

    refused = apps[3].batch(BATCH)

    assert statuses == [200] * 120
    assert refused.status == 429
    for app in apps[1:]:
        app.close()


def test_each_app_has_its_own_requests(limited: Caller) -> None:
    other = other_app(limited.server, limited.realm_id, "app-1")
    read_all(limited, 10)

    statuses = read_all(other, 1)
    other.close()

    assert statuses == [200]


def test_a_throttled_call_is_answered_with_3001(limited: Caller) -> None:
    read_all(limited, 10)

    reply = limited.get(f"companyinfo/{limited.realm_id}")

    assert reply.json["Fault"] == {
        "Error": [
            {
                "Message": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
                "Detail": "The request limit was reached.  Try again later",
                "code": "3001",
            }
        ],
        "type": "SERVICE",
    }
    assert "retry-after" not in reply.headers


def test_the_41st_mail_in_a_day_is_throttled(limited: Caller) -> None:
    limited.server.switches(limited.realm_id, limits={"requests_per_second": 100})

    sent = [limited.post("invoice/1/send", None, sendTo="ann@example.com").status for _ in range(41)]

    assert sent.count(429) == 1
    assert sent[-1] == 429
    assert limited.server.counters(limited.realm_id)["throttled.emails_per_day"] == 1


def test_the_throttle_can_come_as_xml_with_retry_after_and_403(limited: Caller) -> None:
    limited.server.switches(
        limited.realm_id,
        limits={"throttle_format": "xml", "throttle_status": 403, "retry_after_seconds": 30},
    )
    read_all(limited, 10)

    reply = limited.get(f"companyinfo/{limited.realm_id}")

    assert reply.status == 403
    assert reply.headers["content-type"] == "application/xml"
    assert reply.headers["retry-after"] == "30"
    assert b'<Error code="3001">' in reply.body


def test_limits_can_be_scaled(limited: Caller) -> None:
    limited.server.switches(limited.realm_id, limits={"scale": 0.5})

    assert read_all(limited, 6) == [200] * 5 + [429]


def test_limits_can_be_off(limited: Caller) -> None:
    limited.server.switches(limited.realm_id, limits={"on": False})

    assert read_all(limited, 20) == [200] * 20


def test_a_throttled_write_is_not_done(limited: Caller) -> None:
    read_all(limited, 10)
    before = limited.count("Customer")

    reply = limited.post("customer", {"DisplayName": "Late"}, requestid="r-1")

    assert reply.status == 429
    assert limited.count("Customer") == before
    limited.server.advance_clock(1)
    assert limited.post("customer", {"DisplayName": "Late"}, requestid="r-1").status == 200


def test_reads_stop_when_the_months_are_used_up_and_writes_go_on(us: Caller) -> None:
    us.server.admin("PATCH", "/reads", {"per_month": 3})

    reads = read_all(us, 4)
    write = us.post("customer", {"DisplayName": "Written"})

    assert reads == [200, 200, 200, 429]
    assert write.status == 200
    assert us.server.counters(us.realm_id)["throttled.reads_per_month"] == 1


def test_the_months_reads_start_again_on_the_first(us: Caller) -> None:
    us.server.admin("PATCH", "/reads", {"per_month": 1})
    us.server.admin("POST", "/clock", {"stop_at": "2026-01-31T23:59:59+00:00"})
    us.token = us.server.access_token()
    assert read_all(us, 2) == [200, 429]
    us.server.advance_clock(2)

    assert read_all(us, 1) == [200]
