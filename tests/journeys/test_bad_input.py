"""Bad input, whole way: what comes back, and where the message is now."""

import json
from base64 import b64decode
from typing import Any

import pytest

from events import names
from tests.events.webhooks.store import Delivery, woo
from tests.journeys.orders import delivery, order
from tests.journeys.shop import PING, Shop
from tests.rig.stack import order_event
from tests.rig.waiting import wait_for
from workers.error_copies import readable

pytestmark = pytest.mark.broker
QUEUES = ("orders", "orders.errors", "orders.dead", "orders.held", names.UNROUTED, names.COMMANDS_REJECTED)


def unsigned(webhook: Delivery) -> Delivery:
    headers = {name: value for name, value in webhook.headers.items() if "Signature" not in name}
    return Delivery(webhook.body, headers)


def without(body: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != key}


def everything(shop: Shop) -> object:
    """All that a webhook could leave behind."""
    depths = {queue: shop.broker.count(queue) for queue in QUEUES}
    return depths, sorted(shop.stack.entries()), [row.event_id for row in shop.stack.failures()]


@pytest.mark.parametrize(
    ("webhook", "connection", "status"),
    [
        pytest.param(
            woo("order.updated", b'{"id": 1}', secret="other"), "acme-woo", 401, id="wrong-signature"
        ),
        pytest.param(unsigned(delivery(order(9001))), "acme-woo", 401, id="no-signature"),
        pytest.param(delivery(order(9002)), "nobody", 404, id="unknown-connection"),
        pytest.param(delivery({"id": 1, "x": "x" * 1_048_576}), "acme-woo", 413, id="over-the-limit"),
        pytest.param(PING, "acme-woo", 200, id="ping"),
        pytest.param(delivery({"id": 1}, topic="coupon.updated"), "acme-woo", 200, id="topic-we-do-not-use"),
    ],
)
def test_what_is_refused_or_needs_nothing_leaves_nothing_behind(
    shop: Shop, webhook: Delivery, connection: str, status: int
) -> None:
    shop.wait_quiet()
    before = everything(shop)

    reply = shop.send(webhook, connection)

    assert reply.status == status
    assert everything(shop) == before


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[1, 2]", id="no-object"),
        pytest.param(b'{"id": 1', id="no-json"),
        pytest.param(json.dumps(without(order(9101), "id")).encode(), id="order-without-id"),
        pytest.param(json.dumps(order(9102, total="ten")).encode(), id="total-is-no-number"),
    ],
)
def test_signed_webhook_that_cannot_be_read_is_kept_for_a_person(shop: Shop, body: bytes) -> None:
    known = {row.event_id for row in shop.stack.failures()}

    reply = shop.send(woo("order.updated", body))

    assert reply.status == 200
    failed = _new_failure(shop, known)
    assert (failed.reason, failed.connection_id) == ("unreadable_webhook", "acme-woo")
    copy = shop.wait_copy(failed.event_id)
    assert copy.headers["reason"] == "unreadable_webhook"
    assert b64decode(copy.json()["data"]["body_base64"]) == body


EVENT = order_event(9200)
BY_HAND: list[Any] = [
    pytest.param(
        {**EVENT, "specversion": "0.3", "id": "h1"}, "invalid_event", "specversion", id="bad-version"
    ),
    pytest.param(
        {**EVENT, "type": "orders.payed", "id": "h2"}, "invalid_event", "orders.payed", id="bad-type"
    ),
    pytest.param(
        {**EVENT, "type": "contacts.updated", "id": "h3"}, "invalid_event", "contacts", id="other-type"
    ),
    pytest.param(
        {**EVENT, "data": {"number": "1"}, "id": "h4"}, "invalid_event", "order_id", id="bad-payload"
    ),
    pytest.param(
        without({**EVENT, "id": "h5"}, "connection"), "invalid_event", "connection", id="no-connection"
    ),
    pytest.param(
        {**EVENT, "connection": "nobody", "id": "h6"}, "unknown_connection", "nobody", id="stranger"
    ),
    pytest.param("five oranges", "invalid_event", "JSON", id="no-json"),
    pytest.param("[]", "invalid_event", "valid event", id="no-object"),
]


@pytest.mark.parametrize(("event", "reason", "says"), BY_HAND)
def test_event_published_by_hand_that_is_not_valid_waits_in_the_error_queue(
    shop: Shop, event: str | dict[str, Any], reason: str, says: str
) -> None:
    known = {row.event_id for row in shop.stack.failures()}

    routed = shop.broker.publish(names.EVENTS, "orders.paid", event)

    assert routed
    failed = _new_failure(shop, known)
    assert failed.reason == reason
    assert says in failed.message
    copy = shop.wait_copy(failed.event_id)
    assert copy.body == readable(event.encode() if isinstance(event, str) else json.dumps(event).encode())
    assert copy.headers["message"] == failed.message


def test_event_published_by_hand_that_is_valid_is_booked(shop: Shop) -> None:
    assert shop.broker.publish(names.EVENTS, "orders.paid", order_event(9301))

    assert shop.wait_receipt(9301)["TotalAmt"] == 12.5


def test_event_with_a_routing_key_that_nobody_has_lies_in_unrouted(shop: Shop) -> None:
    before = shop.broker.count(names.UNROUTED)

    shop.broker.publish(names.EVENTS, "order.paid", order_event(9302))

    assert shop.broker.count(names.UNROUTED) == before + 1
    assert shop.broker.take(names.UNROUTED)[-1].json()["id"] == "order-9302-paid"


def test_commands_with_mistakes_change_nothing_and_are_answered(shop: Shop) -> None:
    shop.send(delivery(order(9401, currency="EUR")))
    failed = shop.row("order/9401")
    ignore = {"command": "ignore", "event_id": failed.event_id, "id": "c-9401"}

    shop.publish_command({"command": "retyr", "event_id": failed.event_id})
    shop.publish_command({"command": "retry", "event_id": "no-such-event"})
    shop.publish_command(ignore)
    shop.publish_command(ignore)
    shop.publish_command({"command": "retry", "event_id": failed.event_id, "id": "late"})

    assert "retyr" in shop.wait_answer(command="not understood")["why"]
    unknown = shop.wait_answer(event_id="no-such-event")
    assert (unknown["result"], unknown["why"]) == (
        "refused",
        "There is no failed message no-such-event in orders.",
    )
    shop.wait_answer(id="late", result="refused")
    both = [one for one in shop.answers() if one["id"] == "c-9401"]
    assert [one["result"] for one in both] == ["accepted", "refused"]
    assert shop.row("order/9401", status="ignored").failures == 1
    rejected = [message.json() for message in shop.broker.peek(names.COMMANDS_REJECTED)]
    assert {"command": "retyr", "event_id": failed.event_id} in rejected


def _new_failure(shop: Shop, known: set[str]) -> Any:
    found = wait_for(
        lambda: [row for row in shop.stack.failures() if row.event_id not in known],
        timeout_seconds=30.0,
        what="a new failed message",
    )
    assert len(found) == 1
    return found[0]
