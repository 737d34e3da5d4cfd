"""The whole way: shop, backfill, broker, worker, QuickBooks. Nothing is missing, nothing is booked twice."""

import sys
import threading
from datetime import timedelta
from typing import Any

import orjson
import pytest

from events.stores.registry import PLATFORMS
from events.stores.webhook import Webhook
from ops.processes.programs import environment
from tests.events.fetching.test_woocommerce import START, order
from tests.events.stores.deliveries import RECEIVED_AT
from tests.rig.fixtures import StartProcess
from tests.rig.stack import Stack
from tests.rig.stores.server import Asked
from tests.rig.stores.woocommerce import WooCommerceShop

pytestmark = pytest.mark.broker
COMMAND = ("backfill", "acme-woo", "--since", "2026-11-01", "--only", "orders")


def webhook(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What the order's webhook publishes."""
    told = Webhook("acme-woo", {"x-wc-webhook-topic": "order.created"}, orjson.dumps(body), RECEIVED_AT)
    return [event.model_dump(mode="json") for event in PLATFORMS["woocommerce"].read(told)]


def test_killed_in_the_middle_and_run_again_every_order_is_booked_once(
    stack: Stack, woo: WooCommerceShop, process: StartProcess
) -> None:
    for number in range(1, 231):
        woo.orders[number] = order(number, START + timedelta(minutes=number))
    third, free = threading.Event(), threading.Event()

    def hold_third_page(_asked: Asked) -> None:
        if len(woo.asked) == 3:
            third.set()
            free.wait(30.0)

    woo.on_request = hold_third_page
    running = process(
        sys.executable, "-m", "ops.cli.main", *COMMAND, environment=environment(stack.settings, {})
    )
    assert third.wait(30.0), running.describe()

    running.kill()
    free.set()
    again = orjson.loads(stack.run_command(*COMMAND, "--json").splitlines()[-1])

    assert again["kinds"][0]["resumed"] is True
    stack.start("worker", "orders")
    stack.wait_entries(230)
    stack.assert_books_agree(*range(1, 231))


def test_order_told_by_webhook_and_by_backfill_is_booked_once(stack: Stack, woo: WooCommerceShop) -> None:
    for number in (1, 2):
        woo.orders[number] = order(number)
    stack.start("worker", "orders")
    (by_webhook,) = webhook(woo.orders[1])
    stack.publish(by_webhook)
    stack.wait_settled(by_webhook["id"])

    first = orjson.loads(stack.run_command(*COMMAND, "--json").splitlines()[-1])
    (late,) = webhook(woo.orders[2])
    stack.wait_settled(late["id"])
    stack.publish(late)
    second = orjson.loads(stack.run_command(*COMMAND, "--json").splitlines()[-1])

    assert (first["kinds"][0]["published"], second["kinds"][0]["published"]) == (1, 0)
    stack.assert_books_agree(1, 2)
