"""QuickBooks is down or slow: for everyone, or for one company."""

import time

import pytest

from ops.sandbox.testing import SandboxServer
from tests.faults.conftest import OpenStack
from tests.rig.broker import Broker
from tests.rig.proxy import TcpProxy
from tests.rig.stack import Stack, order_event, paid
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker


def test_an_outage_uses_no_attempts_fills_no_error_queue_and_ends_within_seconds(
    open_stack: OpenStack, broker: Broker, usual_database_url: str, sandbox: SandboxServer
) -> None:
    with TcpProxy.to(sandbox.url) as way:
        stack = open_stack(broker, usual_database_url, quickbooks_url=way.url(sandbox.url))
        stack.start("worker", "orders")
        stack.publish(order_event(1))
        stack.wait_settled(paid(1))

        way.refuse()
        stack.publish(*(order_event(number) for number in range(2, 62)))
        refused = way.accepted
        wait_for(lambda: way.accepted >= refused + 7, timeout_seconds=60.0, what="tries were refused")
        during = (set(stack.entries()), stack.broker.count("orders.errors"))
        way.pass_on()
        began = time.monotonic()
        stack.wait_settled(*map(paid, range(1, 62)))
        took_seconds = time.monotonic() - began

        assert during == ({paid(1)}, 0)
        assert took_seconds < 20
        assert set(stack.attempts().values()) == {1}
        stack.assert_books_agree(*range(1, 62))


def test_a_connection_made_during_an_outage_waits_as_the_others_do(
    open_stack: OpenStack, broker: Broker, usual_database_url: str, sandbox: SandboxServer
) -> None:
    with TcpProxy.to(sandbox.url) as way:
        stack = open_stack(broker, usual_database_url, quickbooks_url=way.url(sandbox.url))
        way.refuse()
        stack.publish(order_event(1))
        stack.start("worker", "orders")
        wait_for(lambda: way.accepted >= 7, timeout_seconds=60.0, what="tries were refused")

        way.pass_on()

        stack.wait_settled(paid(1))
        assert stack.attempts() == {paid(1): 1}
        stack.assert_books_agree(1)


def test_dead_throttled_and_revoked_companies_do_not_delay_a_healthy_one(stack: Stack) -> None:
    sandbox = stack.sandbox
    dead, throttled, revoked = (sandbox.add_company("US") for _ in range(3))
    stack.connect("dead", realm_id=dead)
    stack.connect("throttled", realm_id=throttled)
    stack.connect("revoked", realm_id=revoked, refresh_token=sandbox.mint_token(revoked))
    sandbox.fault(dead, "server_error")
    sandbox.fault(throttled, "throttled", seconds=60)
    sandbox.admin("POST", "/tokens/revoke", {"realm_id": revoked})
    ill = ("dead", "throttled", "revoked")
    stack.publish(*(order_event(1000 + n, connection=ill[n % 3]) for n in range(300)))
    stack.start("worker", "orders")
    stack.wait_paused("revoked")

    slowest = 0.0
    for number in range(1, 11):
        stack.publish(order_event(number))
        began = time.monotonic()
        stack.wait_settled(paid(number))
        slowest = max(slowest, time.monotonic() - began)

    assert slowest < 5.0
    receipts = sorted(int(one["DocNumber"]) for one in stack.documents())
    assert receipts == list(range(1, 11))
    assert stack.failures() == []


def test_a_company_that_is_down_alone_uses_no_attempts_keeps_nobody_waiting_and_is_back_within_seconds(
    stack: Stack,
) -> None:
    sandbox = stack.sandbox
    dead = sandbox.add_company("US")
    stack.connect("dead", realm_id=dead)
    sandbox.fault(dead, "server_error")
    stack.start("worker", "orders")
    stack.publish(*(order_event(1000 + number, connection="dead") for number in range(60)))
    wait_for(
        lambda: sum(fault["struck"] for fault in sandbox.faults(dead)) >= 7,
        timeout_seconds=60.0,
        what="its breaker is open",
    )

    waits = []
    for number in range(1, 6):
        began = time.monotonic()
        stack.publish(order_event(number))
        stack.wait_settled(paid(number))
        waits.append(time.monotonic() - began)
    meanwhile = set(stack.entries())
    sandbox.remove_fault(dead)
    began = time.monotonic()
    stack.wait_settled(*map(paid, range(1000, 1060)))
    back_seconds = time.monotonic() - began

    assert sorted(waits)[2] < 5.0
    assert meanwhile == set(map(paid, range(1, 6)))
    assert back_seconds < 20
    assert set(stack.attempts().values()) == {1}
    stack.assert_books_agree(*range(1, 6))
    stack.assert_books_agree(*range(1000, 1060), realm_id=dead)


def test_an_ended_consent_pauses_the_connection_and_says_connect(stack: Stack) -> None:
    realm_id = stack.sandbox.add_company("US")
    stack.connect("revoked", realm_id=realm_id, refresh_token=stack.sandbox.mint_token(realm_id))
    stack.sandbox.admin("POST", "/tokens/revoke", {"realm_id": realm_id})
    stack.publish(*(order_event(number, connection="revoked") for number in range(1, 4)))

    stack.start("worker", "orders")

    assert "counterfoil connections connect" in stack.wait_paused("revoked")
    wait_for(lambda: stack.broker.count("orders.held") == 3, what="three events are held")
    assert {message.headers["attempts"] for message in stack.broker.peek("orders.held")} == {0}
    stack.assert_quiet()
