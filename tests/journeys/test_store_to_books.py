"""A store's webhook all the way into QuickBooks, a failure all the way back."""

from typing import Any

import pytest

from tests.journeys.orders import delivery, order, taxed_order
from tests.journeys.shop import Shop
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker


def test_signed_order_is_one_sales_receipt_however_often_it_comes(shop: Shop) -> None:
    webhook = delivery(order(1001), topic="order.created")

    first, second = shop.send(webhook), shop.send(webhook)

    assert (first.status, second.status) == (200, 200)
    receipt = shop.wait_receipt(1001)
    assert (receipt["TotalAmt"], receipt["TxnDate"]) == (10, "2026-11-20")
    shop.wait_quiet()
    assert len(shop.receipts(1001)) == 1


def test_unmapped_tax_is_seen_mapped_retried_and_booked(shop: Shop) -> None:
    for number in (2001, 2002):
        shop.send(delivery(taxed_order(number)), "maple")
    failed = [shop.row(f"order/{number}") for number in (2001, 2002)]
    code = next(
        row["Id"] for row in shop.stack.sandbox.dump(shop.maple_realm, "TaxCode") if row["Name"] == "GST"
    )

    banner = {one["connection"]: one for one in shop.command("status")["connections"]}
    listed = shop.command("errors", "list", "--connection", "maple")
    shown = shop.command("errors", "show", failed[0].event_id)

    assert not banner["maple"]["ok"]
    (group,) = banner["maple"]["blocks"][0]["groups"]
    assert (group["count"], group["reason"], group["cause"]) == (2, "tax_code_unmapped", "GST 5%")
    assert {one["event_id"] for one in listed} == {row.event_id for row in failed}
    assert (shown["subject"], shown["body"]["data"]["number"]) == ("order/2001", "2001")
    copy = shop.wait_copy(failed[0].event_id)
    assert (copy.headers["reason"], copy.headers["group"]) == ("tax_code_unmapped", group["group"])
    assert "GST 5%" in copy.headers["message"]

    shop.command("errors", "fix", group["group"], "--to", code, "--no-retry")
    retried = shop.command("errors", "retry-all", group["group"], "--yes")

    assert (retried["result"], retried["matched"], retried["done"]) == ("accepted", 2, 2)
    for number in (2001, 2002):
        receipt = shop.wait_receipt(number, realm_id=shop.maple_realm)
        assert (receipt["TotalAmt"], receipt["TxnTaxDetail"]["TotalTax"]) == (10.5, 0.5)
        shop.row(f"order/{number}", status="resolved")
    wait_for(lambda: shop.copies(failed[0].event_id) == [], what="its copy is gone")
    assert next(one for one in shop.command("status")["connections"] if one["connection"] == "maple")["ok"]


def test_ignored_order_waits_with_what_comes_later_and_after_restore_the_newest_is_booked(shop: Shop) -> None:
    shop.send(delivery(taxed_order(3001, tax=("QST", 10.0, "1.00"))), "maple")
    failed = shop.row("order/3001")

    shop.command("errors", "ignore", failed.event_id, "--reason", "test order")
    later = shop.send(delivery(order(3001, currency="CAD", changed="11:00:00", note="by hand")), "maple")
    kept = _second_row(shop, "order/3001")

    assert later.status == 200
    assert (kept.status, kept.reason, kept.fault_code) == ("ignored", "ignored_object", "")
    wait_for(lambda: shop.copies(failed.event_id) == [], what="its copy is gone")
    assert shop.copies(kept.event_id) == []
    assert shop.receipts(3001, realm_id=shop.maple_realm) == []

    shop.command("connections", "set", "maple", f"untaxed_code={_exempt(shop)}")
    restored = shop.command("errors", "restore", failed.event_id)

    assert restored["matched"] == 2
    receipt = shop.wait_receipt(3001, realm_id=shop.maple_realm)
    assert receipt["TotalAmt"] == 10
    old = shop.row("order/3001")
    shop.command("connections", "set", "maple", f'taxes."QST 10%"={_exempt(shop)}')
    shop.command("errors", "retry", old.event_id)
    shop.row("order/3001", status="resolved")
    assert shop.stack.entries()[old.event_id] == "superseded"
    assert [one["TotalAmt"] for one in shop.receipts(3001, realm_id=shop.maple_realm)] == [10]


def test_retry_by_hand_in_the_management_ui_is_carried_out_and_answered(shop: Shop) -> None:
    shop.send(delivery(order(4001, currency="EUR")))
    failed = shop.row("order/4001")

    shop.publish_command({"command": "retry", "event_id": failed.event_id, "by": "anna"})

    answer = shop.wait_answer(command="retry", event_id=failed.event_id)
    assert (answer["result"], answer["matched"], answer["by"]) == ("accepted", 1, "anna")
    wait_for(lambda: shop.row("order/4001").failures == 2, what="it failed again, with its count")
    shop.wait_copy(failed.event_id)
    shop.command("errors", "ignore", failed.event_id)


def _second_row(shop: Shop, subject: str) -> Any:
    rows = wait_for(
        lambda: [one for one in shop.stack.failures() if one.subject == subject][1:],
        what=f"a second row of {subject}",
    )
    return rows[0]


def _exempt(shop: Shop) -> str:
    codes = shop.stack.sandbox.dump(shop.maple_realm, "TaxCode")
    return str(next(row["Id"] for row in codes if row["Name"] in ("Exempt", "Zero-rated", "Out of Scope")))
