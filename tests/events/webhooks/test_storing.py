"""A 200 means: every event is on the broker, or on the disk and on its way there."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from events import names
from tests.events.webhooks.conftest import MakeIngress, declare
from tests.events.webhooks.store import envelope, order_gone, woo
from tests.fixtures.webhooks import body_of
from tests.rig.broker import Broker
from tests.rig.proxy import TcpProxy
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker
MakeProxy = Callable[[str], TcpProxy]


def test_a_signed_webhook_is_an_event_on_the_broker_when_the_store_gets_its_200(
    make_ingress: MakeIngress, declared: Broker
) -> None:
    ingress = make_ingress(declared.url)
    assert ingress.publisher.wait_connected(10.0)

    reply = ingress.store.send("acme-woo", order_gone(16))

    assert (reply.status, reply.json()) == (200, {"events": 1})
    message = declared.take("orders")[0]
    event = message.json()
    assert (event["type"], event["subject"], event["connection"]) == (
        "orders.deleted",
        "order/16",
        "acme-woo",
    )
    assert message.routing_key == "orders.deleted"
    assert message.exchange == names.EVENTS
    assert message.properties["message_id"] == event["id"]
    assert message.properties["content_type"] == "application/json"


def test_events_of_one_webhook_keep_their_order(make_ingress: MakeIngress, declared: Broker) -> None:
    ingress = make_ingress(declared.url)
    assert ingress.publisher.wait_connected(10.0)
    order = json.loads(body_of("woocommerce/order.updated__two_partial_refunds"))
    refunds = [{"id": number, "reason": "", "total": "-0.01"} for number in range(900, 930)]
    body = json.dumps({**order, "refunds": refunds}).encode()

    reply = ingress.store.send("acme-woo", woo("order.updated", body))

    assert reply.json() == {"events": 31}
    events = [message.json() for message in declared.take("orders")]
    assert events[0]["type"] == "orders.updated"
    assert [event["subject"] for event in events[1:]] == [f"refund/{number}" for number in range(900, 930)]


def test_a_second_delivery_gets_a_200_and_is_the_same_event(
    make_ingress: MakeIngress, declared: Broker
) -> None:
    ingress = make_ingress(declared.url)
    assert ingress.publisher.wait_connected(10.0)

    replies = [ingress.store.send("canonical", envelope("5f1c", "16")) for _ in range(2)]

    assert [reply.status for reply in replies] == [200, 200]
    assert [message.properties["message_id"] for message in declared.take("orders")] == ["5f1c", "5f1c"]


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        pytest.param("order.updated", b"[1, 2]", id="not-an-object"),
        pytest.param("order.updated", b"{", id="not-json"),
        pytest.param("order.updated", b'{"status": "processing"}', id="order-without-id"),
        pytest.param("order.updated", b'{"id": 1e999}', id="a-number-beyond-numbers"),
        pytest.param("order.updated", b"\xff\xfe\x00", id="not-text"),
        pytest.param("order.updated", b"[" * 9000, id="nested-without-end"),
    ],
)
def test_a_signed_body_that_cannot_be_read_becomes_an_event_for_a_person(
    make_ingress: MakeIngress, declared: Broker, topic: str, body: bytes
) -> None:
    ingress = make_ingress(declared.url)
    assert ingress.publisher.wait_connected(10.0)

    reply = ingress.store.send("acme-woo", woo(topic, body))

    assert (reply.status, reply.json()) == (200, {"events": 1})
    assert declared.take("orders")[0].routing_key == "orders.unreadable_webhook"
    assert ingress.seen.results == [("woocommerce", "unreadable")]


def test_an_id_too_long_for_amqp_still_travels_in_the_body(
    make_ingress: MakeIngress, declared: Broker
) -> None:
    ingress = make_ingress(declared.url)
    assert ingress.publisher.wait_connected(10.0)
    long_id = "📦" * 128

    reply = ingress.store.send("canonical", envelope(long_id, "16"))

    assert reply.status == 200
    assert declared.take("orders")[0].json()["id"] == long_id


def test_without_a_broker_webhooks_wait_on_the_disk_and_arrive_in_order_when_it_is_there(
    make_ingress: MakeIngress, declared: Broker, proxy: MakeProxy
) -> None:
    between = proxy(declared.url)
    between.refuse()
    ingress = make_ingress(between.url(declared.url), spool_limit=1000)

    replies = [ingress.store.send("acme-woo", order_gone(number)) for number in range(1, 21)]
    between.pass_on()

    assert [reply.status for reply in replies] == [200] * 20
    assert set(ingress.seen.results) == {("woocommerce", "spooled")}
    wait_for(lambda: declared.count("orders") == 20 and ingress.spooled() == 0)
    assert [m.json()["subject"] for m in declared.take("orders")] == [f"order/{n}" for n in range(1, 21)]


def test_a_broker_that_falls_silent_costs_no_webhook(
    make_ingress: MakeIngress, declared: Broker, proxy: MakeProxy
) -> None:
    between = proxy(declared.url)
    ingress = make_ingress(between.url(declared.url), spool_limit=1000, confirm_timeout_seconds=0.5)
    assert ingress.publisher.wait_connected(10.0)
    between.stall_replies()

    with ThreadPoolExecutor(10) as senders:
        replies = list(senders.map(lambda n: ingress.store.send("acme-woo", order_gone(n)), range(1, 41)))
    between.pass_on()

    assert {reply.status for reply in replies} == {200}
    wait_for(lambda: ingress.spooled() == 0 and declared.count("orders") >= 40)
    found = {message.json()["subject"] for message in declared.take("orders")}
    assert found == {f"order/{number}" for number in range(1, 41)}


def test_a_full_spool_says_503_and_forgets_nothing_that_it_took(
    make_ingress: MakeIngress, declared: Broker, proxy: MakeProxy
) -> None:
    between = proxy(declared.url)
    between.refuse()
    ingress = make_ingress(between.url(declared.url), spool_limit=3)

    replies = [ingress.store.send("acme-woo", order_gone(number)) for number in range(1, 6)]
    between.pass_on()

    assert [reply.status for reply in replies] == [200, 200, 200, 503, 503]
    wait_for(lambda: declared.count("orders") == 3)
    wait_for(lambda: ingress.store.send("acme-woo", order_gone(9)).status == 200)


def test_without_the_topology_webhooks_wait_until_setup_has_run(
    make_ingress: MakeIngress, broker: Broker
) -> None:
    ingress = make_ingress(broker.url, spool_limit=1000)
    assert ingress.publisher.wait_connected(10.0)
    reply = ingress.store.send("acme-woo", order_gone(1))

    declare(broker)

    assert reply.status == 200
    wait_for(lambda: broker.count("orders") == 1)
