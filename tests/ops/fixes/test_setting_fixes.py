"""Each failure that a setting repairs, the whole way: it fails, ``errors fix`` repairs it, once more, it is booked."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.ops.office import Office
from tests.rig.stack import order_event

BUYER = {"email": "new@example.com", "first_name": "New", "last_name": "Buyer"}


def taxed() -> dict[str, Any]:
    event = order_event(1)
    event["data"]["lines"][0] |= {"tax": "1.00", "taxes": [{"tax": "CA 8%", "amount": "1.00"}]}
    tax = {"taxes": [{"tax": "CA 8%", "amount": "1.00", "percent": "8"}], "total_tax": "1.00"}
    event["data"] |= {**tax, "total": "13.50", "amount_paid": "13.50"}
    return event


def tipped() -> dict[str, Any]:
    event = order_event(1)
    event["data"] |= {"tip": "2.00", "total": "14.50", "amount_paid": "14.50"}
    return event


def of_product() -> dict[str, Any]:
    event = order_event(1)
    event["data"]["lines"][0] |= {"product_id": "77", "sku": "NOBODY-KNOWS"}
    return event


def service(office: Office) -> str:
    """The id of an item that can be sold."""
    return str(next(row["Id"] for row in office.objects("Item").values() if row["Type"] == "Service"))


def account(office: Office) -> str:
    """The id of an account that money can go to."""
    return str(office.objects("Account")["Undeposited Funds"]["Id"])


def switch_customer_off(office: Office) -> None:
    ben = next(
        row
        for row in office.sandbox.dump(office.realm_id, "Customer")
        if (row.get("PrimaryEmailAddr") or {}).get("Address", "").startswith("ben.cole")
    )
    key = {"Id": ben["Id"], "SyncToken": ben["SyncToken"], "sparse": True}
    office.write("Customer", "update", {**key, "Active": False})


def nothing(_office: Office) -> None:
    """No more preparation."""


def close_books(office: Office) -> None:
    office.sandbox.switches(office.realm_id, settings={"closed_books_date": "2026-11-22"})


Story = tuple[str, Callable[[Office], None], dict[str, Any], dict[str, Any], Callable[[Office], str] | str]

STORIES: dict[str, Story] = {
    "tax code": ("tax_code_unmapped", nothing, {}, taxed(), "2"),
    "SKU": ("product_unknown", nothing, {"unknown_product": "stop"}, of_product(), service),
    "account": ("account_unmapped", nothing, {"accounts": {"deposit": ""}}, order_event(1), account),
    "item": (
        "item_unmapped",
        nothing,
        {"items": {"tip": ""}},
        tipped(),
        service,
    ),
    "unknown customer": (
        "customer_unknown",
        nothing,
        {"customers": "per_email", "unknown_customer": "stop"},
        order_event(1, buyer=BUYER),
        "create",
    ),
    "inactive customer": (
        "customer_clash",
        switch_customer_off,
        {"customers": "per_email"},
        order_event(1, buyer={"email": "ben.cole@example.com", "first_name": "Ben", "last_name": "Cole"}),
        "reactivate",
    ),
    "closed period": ("period_closed", close_books, {}, order_event(1), "first_open_day"),
}


@pytest.mark.parametrize("name", STORIES)
def test_failure_is_repaired_by_one_setting_and_then_booked(name: str, office: Office) -> None:
    reason, prepare, settings, event, chosen = STORIES[name]
    prepare(office)
    office.set(**settings)
    word = office.deliver(event)
    value = chosen if isinstance(chosen, str) else chosen(office)

    office.run("errors", "fix", event["id"], "--to", value, "--no-retry")

    again = office.deliver(event)
    assert (word, again) == ("dead_letter", "booked")
    failed = office.failed(event["id"])
    assert (failed.reason, failed.status) == (reason, "resolved")
    assert len(office.documents()) == 1
    newest = office.json("connections", "history", "acme-woo")[-1]
    assert newest["why"] == f"fix of {failed.group_id}"
    assert len(newest["changes"]) == 1
