"""An operator with nothing but RabbitMQ's own Management UI, in a real browser.

``KEEP_PICTURES=ops/docs/management-ui`` before pytest makes the pictures of ops/docs/management-ui.md anew.
"""

import json
import os
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator

from events import names
from tests.journeys.management_ui import ManagementUi
from tests.journeys.orders import delivery, taxed_order
from tests.journeys.shop import Shop
from tests.rig.browser import browser_page
from tests.rig.stack import SETTLE_SECONDS
from tests.rig.waiting import wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(300)]
PASSWORD = "correct horse battery"
HST = ("HST", 13.0, "1.30")


@pytest.fixture
def operator(shop: Shop) -> Iterator[str]:
    """A person on RabbitMQ with the role operator, as an administrator makes one."""
    name = f"anna-{uuid.uuid4().hex[:6]}"
    words = ("users", "add", name, "--role", "operator", "--password-file", "-")
    shop.command(*words, answer=PASSWORD)
    yield name
    shop.command("users", "remove", name, "--yes")


@pytest.fixture
def ui(shop: Shop, operator: str) -> Iterator[ManagementUi]:
    kept = os.environ.get("KEEP_PICTURES")
    with browser_page() as page:
        url = shop.broker.management_url.replace("guest:guest@", "")
        screen = ManagementUi(page, url, shop.broker.vhost, pictures=Path(kept) if kept else None)
        screen.log_in(operator, PASSWORD)
        yield screen


def test_operator_finds_understands_and_retries_a_failure_in_rabbitmqs_own_screens(
    shop: Shop, ui: ManagementUi, operator: str
) -> None:
    for number in (6001, 6002, 6003):
        shop.send(delivery(taxed_order(number, tax=HST)), "maple")
    first, second, third = (shop.row(f"order/{number}") for number in (6001, 6002, 6003))
    shop.wait_copy(first.event_id)

    ui.picture("1-queues", ui.open_queues(".errors"), holding="3")
    copy = ui.get_message("orders.errors", first.event_id)
    ui.picture("2-get-messages", copy)
    for told in ("tax_code_unmapped", 'store tax "HST 13%" has no QuickBooks tax code', first.group_id):
        assert told in copy.inner_text()
    assert json.loads(payload(copy))["data"]["number"] == "6001"

    shop.command("connections", "set", "maple", f'taxes."HST 13%"={hst(shop)}')
    command = {"command": "retry", "event_id": first.event_id}
    told = ui.publish(names.COMMANDS, "orders", command, user_id=operator, picture="3-retry")
    assert "Message published" in told

    shop.wait_receipt(6001, realm_id=shop.maple_realm)
    wait_lying(shop, of=(first, second, third), only=(second, third))

    assert shop.wait_answer(event_id=first.event_id)["by"] == operator
    ignore = {"command": "ignore", "event_id": third.event_id, "reason": "test order", "by": "anna"}
    ui.publish(names.COMMANDS, "orders", ignore)
    of_group = {"command": "retry_all", "group": first.group_id, "by": "anna"}
    ui.publish(names.COMMANDS, "orders", of_group, picture="4-retry-all")
    shop.wait_receipt(6002, realm_id=shop.maple_realm)
    shop.row("order/6003", status="ignored")
    answer = shop.wait_answer(command="retry_all", group=first.group_id)
    box = ui.get_message(names.COMMANDS_LOG, str(answer["id"]))
    ui.picture("5-answer", box)
    assert json.loads(payload(box)) == answer
    assert "not routed" in ui.publish(names.COMMANDS, "order", of_group)
    wait_lying(shop, of=(first, second, third), only=())


def payload(box: Locator) -> str:
    """The body as the screen shows it."""
    return box.locator("pre.msg-payload").inner_text()


def wait_lying(shop: Shop, *, of: Sequence[Any], only: Sequence[Any]) -> None:
    """Wait until the error queue holds of these failures just those; a sweep has them in hand for a moment."""
    ours, wanted = ({row.event_id for row in rows} for rows in (of, only))

    def lie() -> bool:
        copies = shop.broker.peek("orders.errors", 1000)
        return {str(copy.headers["event_id"]) for copy in copies} & ours == wanted

    wait_for(lie, timeout_seconds=SETTLE_SECONDS, what=f"{len(wanted)} of {len(ours)} copies lie there")


def hst(shop: Shop) -> str:
    """The company's own code for that tax."""
    codes = shop.stack.sandbox.dump(shop.maple_realm, "TaxCode")
    return str(next(row["Id"] for row in codes if "HST" in row["Name"]))
