"""What must not be kept leaves by itself: an erased contact, what waits for a closed connection."""

import json

import pytest

from events import names
from tests.journeys.orders import delivery, order, taxed_order
from tests.journeys.shop import Shop
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker
EMAIL = "planted.person@example.org"


def test_a67_contact_that_the_store_erases_leaves_the_ledger_and_the_error_queue(shop: Shop) -> None:
    buyer = {"first_name": "Plantedname", "last_name": "Olsen", "country": "CA", "email": EMAIL}
    failing = taxed_order(8101, tax=("LEVY", 5.0, "0.50"), billing=buyer, shipping=buyer)
    shop.send(delivery(failing), "maple")
    event_id = shop.row("order/8101").event_id
    before = shop.wait_copy(event_id)

    erased = {
        "specversion": "1.0",
        "id": "erase-planted",
        "source": "test",
        "type": "contacts.erased",
        "subject": "erasure/8101",
        "time": "2026-11-24T08:15:00Z",
        "connection": "maple",
        "data": {"contact_id": "8101", "email": EMAIL},
    }
    assert shop.broker.publish(names.EVENTS, "contacts.erased", json.dumps(erased))

    wait_for(
        lambda: EMAIL.encode() not in shop.row("order/8101").body,
        timeout_seconds=60,
        what="the failed message names nobody",
    )
    wait_for(
        lambda: [EMAIL.encode() in one.body for one in shop.copies(event_id)] == [False],
        timeout_seconds=60,
        what="its one copy names nobody",
    )
    assert b"Plantedname" in before.body
    assert b"Plantedname" not in shop.wait_copy(event_id).body
    shop.command("errors", "ignore", event_id, "--reason", "end of the test")


def test_closing_a_connection_drops_its_failed_messages_and_its_held_events(shop: Shop) -> None:
    shop.open("kiosk")
    shop.send(delivery(order(8201, currency="XXX")), "kiosk")
    failed = shop.row("order/8201").event_id
    shop.command("connections", "pause", "kiosk")
    shop.send(delivery(order(8202)), "kiosk")
    wait_for(lambda: shop.broker.count("orders.held") == 1, timeout_seconds=60, what="order 8202 is held")

    closed = shop.command("connections", "close", "kiosk", "--yes")

    assert closed["dropped"] == {"failed_messages": 1, "held": 1}
    assert shop.row("order/8201", status="ignored").ignore_reason == "the connection was closed"
    wait_for(lambda: shop.copies(failed) == [], timeout_seconds=60, what="no copy is left")
    assert shop.broker.count("orders.held") == 0
