"""A person's work in QuickBooks stops an order; the operator says what counts, and the group is retried and booked."""

import json
from typing import Any

import pytest

from ops.metrics import Metrics
from ops.quickbooks import open_quickbooks
from tests.journeys.orders import delivery, order
from tests.journeys.shop import Shop
from tests.rig.stack import KEY
from tests.rig.waiting import wait_for
from workers.quickbooks.operations import Operation
from workers.secrets import Secrets

pytestmark = pytest.mark.broker


def delete_by_hand(shop: Shop, receipt: dict[str, Any]) -> None:
    """A bookkeeper deletes a receipt."""
    online = open_quickbooks(shop.stack.settings, shop.stack.engine, Secrets(KEY), Metrics())
    body = json.dumps({"Id": receipt["Id"], "SyncToken": receipt["SyncToken"]}).encode()
    request_id = f"by hand {receipt['Id']}"
    online.client.write(shop.stack.realm_id, Operation("SalesReceipt", "delete", body), request_id=request_id)


def edited(number: int) -> dict[str, Any]:
    """The order a minute later: its mugs cost two dollars more."""
    changed = order(number, changed="10:01:00", total="12.00")
    changed["line_items"][0] |= {"subtotal": "12.00", "total": "12.00", "price": 6}
    return changed


def test_a11_removed_document_is_posted_again_with_one_command(shop: Shop) -> None:
    shop.send(delivery(order(5601), topic="order.created"))
    delete_by_hand(shop, shop.wait_receipt(5601))
    shop.send(delivery(edited(5601)))
    failed = shop.row("order/5601")

    listed = shop.command("errors", "fix", failed.event_id)
    fixed = shop.command("errors", "fix", failed.event_id, "--way", "post-again", "--retry")

    assert [way["name"] for way in listed["ways"]] == ["post-again", "retry", "accept"]
    assert (fixed["way"], fixed["command"]["command"], fixed["command"]["done"]) == (
        "post-again",
        "retry_all",
        1,
    )
    shop.row("order/5601", status="resolved")
    again = [one for one in shop.stack.documents() if one["DocNumber"] == "5601-2"]
    assert [one["TotalAmt"] for one in again] == [12]
    assert shop.receipts(5601) == []


def test_a11_accepting_that_a_document_is_gone_leaves_the_order_out_of_the_books(shop: Shop) -> None:
    shop.send(delivery(order(5602), topic="order.created"))
    delete_by_hand(shop, shop.wait_receipt(5602))
    shop.send(delivery(edited(5602)))
    failed = shop.row("order/5602")

    fixed = shop.command("errors", "fix", failed.event_id, "--way", "accept")

    assert (fixed["command"]["command"], fixed["command"]["done"]) == ("ignore_all", 1)
    shop.row("order/5602", status="ignored")
    wait_for(lambda: shop.copies(failed.event_id) == [], what="its copy is gone")
    assert [one for one in shop.stack.documents() if one["DocNumber"].startswith("5602")] == []
