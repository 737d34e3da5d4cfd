"""Ways out that are more than one setting, the whole way: it fails, ``errors fix --way``, once more, it is booked."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.connection import ConnectionSettings
from tests.ops.office import Office, event
from tests.rig.stack import order_event

pytestmark = pytest.mark.slow

BEN = {"email": "ben.cole@example.com", "first_name": "Ben", "last_name": "Cole"}
LATER = "2026-11-21T10:00:00Z"
LATEST = "2026-11-22T10:00:00Z"


def fix(office: Office, of: dict[str, Any], *words: str, code: int = 0) -> str:
    return str(office.run("errors", "fix", of["id"], *words, "--no-retry", code=code).output)


def ways(office: Office, of: dict[str, Any]) -> list[str]:
    return [way["name"] for way in office.json("errors", "fix", of["id"])["ways"]]


def sold(number: int = 1, *, total: str = "12.50", moment: str = LATER, **more: Any) -> dict[str, Any]:
    action = more.pop("action", "paid")
    return order_event(number, action=action, total=total, moment="2026-11-20T10:00:00Z", **more) | {
        "id": f"{number} {moment}",
        "time": moment,
    }


def open_order(number: int = 1, **more: Any) -> dict[str, Any]:
    unpaid = {"payment": "unpaid", "amount_paid": "0.00", "paid_at": None}
    return sold(number, **{"action": "created", **unpaid, **more})


def only(office: Office, entity: str) -> dict[str, Any]:
    (document,) = office.documents(entity)
    return document


def by_hand(office: Office, entity: str, operation: Any, **changes: Any) -> None:
    """Somebody does this in QuickBooks to our only document of that kind."""
    now = only(office, entity)
    office.write(entity, operation, {"Id": now["Id"], "SyncToken": now["SyncToken"], **changes})


def with_lines(document: dict[str, Any], amount: str) -> dict[str, Any]:
    """The document's lines as a person edits them: another price."""
    line = next(one for one in document["Line"] if one["DetailType"] == "SalesItemLineDetail")
    detail = {**line["SalesItemLineDetail"], "UnitPrice": float(amount), "Qty": 1}
    return {"sparse": True, "Line": [{**line, "Amount": float(amount), "SalesItemLineDetail": detail}]}


@pytest.mark.parametrize("how", ["delete", "void"])
def test_a11_removed_invoice_is_posted_again(how: str, office: Office) -> None:
    office.deliver(open_order())
    by_hand(office, "Invoice", how)
    edited = open_order(total="20.00", moment=LATEST, action="edited")
    assert office.deliver(edited) == "dead_letter"

    said = fix(office, edited, "--way", "post-again")

    assert "counts as gone" in said
    assert office.deliver(edited) == "booked"
    standing = [one for one in office.documents("Invoice") if one["TotalAmt"]]
    assert [(one["DocNumber"], float(one["TotalAmt"])) for one in standing] == [("1-2", 20.0)]


def test_a11_removed_receipt_is_posted_again_and_its_refunds_stay(office: Office) -> None:
    office.deliver(sold())
    back = {
        "refund_id": "r1", "order_id": "1", "order_number": "1", "created_at": LATER, "currency": "USD",
        "lines": [{"line_id": "1", "name": "Mug", "quantity": "1", "total": "2.50"}],
        "total": "2.50",
    }  # fmt: skip
    first = event("orders.refunded", "refund/r1", back, time=LATER)
    assert office.deliver(first) == "booked", office.failed(first["id"]).message
    by_hand(office, "SalesReceipt", "delete")
    edited = sold(total="20.00", moment=LATEST, action="edited")
    assert office.deliver(edited) == "dead_letter"

    fix(office, edited, "--way", "post-again")

    assert office.deliver(edited) == "booked"
    assert float(only(office, "SalesReceipt")["TotalAmt"]) == 20.0
    over = event("orders.refunded", "refund/r2", back | {"refund_id": "r2", "total": "19.00"}, time=LATEST)
    assert office.deliver(over) == "dead_letter", "2.50 of it went back before, so 17.50 is left"


def test_a11_cancelled_order_whose_invoice_is_gone_already_has_nothing_left_to_do(office: Office) -> None:
    office.deliver(open_order())
    by_hand(office, "Invoice", "void")
    cancelled = open_order(moment=LATEST, action="cancelled", lifecycle="cancelled")
    assert office.deliver(cancelled) == "dead_letter"

    assert ways(office, cancelled) == ["accept", "retry", "ignore"]
    fix(office, cancelled, "--way", "accept")

    assert office.deliver(cancelled) == "booked"
    assert office.failed(cancelled["id"]).status == "resolved"
    assert float(only(office, "Invoice")["TotalAmt"]) == 0


def test_a11_invoice_with_a_payment_is_not_posted_again_beside_it(office: Office) -> None:
    office.deliver(sold(payment="part_paid", amount_paid="5.00", action="created"))
    by_hand(office, "Invoice", "delete")
    edited = sold(total="20.00", payment="part_paid", amount_paid="7.00", moment=LATEST, action="edited")
    assert office.deliver(edited) == "dead_letter"

    dry = fix(office, edited, "--way", "post-again", "--dry-run", code=1)
    said = fix(office, edited, "--way", "post-again", code=1)

    assert "is left over in QuickBooks" in dry
    assert "is left over in QuickBooks" in said
    assert office.deliver(edited) == "dead_letter"
    assert office.documents("Invoice") == []


def test_document_that_stands_is_never_let_go(office: Office) -> None:
    office.deliver(open_order())
    edited = open_order(total="20.00", moment=LATEST, action="edited")
    office.sandbox.snapshot(office.realm_id)
    by_hand(office, "Invoice", "delete")
    assert office.deliver(edited) == "dead_letter"
    assert "Would change" in fix(office, edited, "--way", "post-again", "--dry-run")
    assert office.deliver(edited) == "dead_letter", "a dry run changes nothing"
    office.sandbox.restore(office.realm_id)

    said = fix(office, edited, "--way", "post-again", code=1)

    assert "stands in QuickBooks. Retry the group." in said
    assert office.deliver(edited) == "booked"
    assert float(only(office, "Invoice")["TotalAmt"]) == 20.0


def test_a10_stores_change_goes_over_a_persons_when_an_operator_says_so(office: Office) -> None:
    office.deliver(open_order())
    by_hand(office, "Invoice", "update", **with_lines(only(office, "Invoice"), "99.00"))
    edited = open_order(total="20.00", moment=LATEST, action="edited")
    assert office.deliver(edited) == "dead_letter"

    assert ways(office, edited) == ["ours", "retry", "theirs"]
    fix(office, edited, "--way", "ours")

    assert office.deliver(edited) == "booked"
    assert float(only(office, "Invoice")["TotalAmt"]) == 20.0


def test_a10_paid_order_that_a_person_changed_is_taken_back_as_it_stands(office: Office) -> None:
    office.deliver(sold())
    by_hand(office, "SalesReceipt", "update", **with_lines(only(office, "SalesReceipt"), "99.00"))
    edited = sold(total="20.00", moment=LATEST, action="edited")
    assert office.deliver(edited) == "dead_letter"

    fix(office, edited, "--way", "ours")

    assert office.deliver(edited) == "booked"
    totals = sorted(float(one["TotalAmt"]) for one in office.documents("SalesReceipt"))
    assert totals == [20.0, 99.0]
    assert float(only(office, "RefundReceipt")["TotalAmt"]) == 99.0


def contact(*, phone: str, time: str) -> dict[str, Any]:
    facts = {"contact_id": "77", "email": "ada@example.com", "first_name": "Ada", "last_name": "Byron"}
    return event("contacts.updated", "contact/77", facts | {"phone": phone, "updated_at": time}, time=time)


def phone_of(office: Office) -> str:
    number: str = office.objects("Customer")["Ada Byron"]["PrimaryPhone"]["FreeFormNumber"]
    return number


@pytest.mark.parametrize(("way", "phone"), [("ours", "555-0102"), ("theirs", "555-0199")])
def test_contact_that_both_changed_is_as_the_operator_says_and_follows_the_store_again(
    way: str, phone: str, office: Office
) -> None:
    office.set(customers="per_email")
    office.deliver(contact(phone="555-0101", time=LATER))
    ada = office.objects("Customer")["Ada Byron"]
    theirs = {"sparse": True, "PrimaryPhone": {"FreeFormNumber": "555-0199"}}
    office.write("Customer", "update", {"Id": ada["Id"], "SyncToken": ada["SyncToken"], **theirs})
    both = contact(phone="555-0102", time=LATEST)
    assert office.deliver(both) == "dead_letter"

    fix(office, both, "--way", way)

    assert office.deliver(both) == "booked"
    assert phone_of(office) == phone


def test_a51_order_is_booked_once_multicurrency_is_on_and_the_company_read_anew(office: Office) -> None:
    order = sold(currency="CAD")
    assert office.deliver(order) == "dead_letter"
    assert "still keeps only USD" in fix(office, order, "--way", "read-company", code=1)
    preferences = office.sandbox.dump(office.realm_id, "Preferences")[0]
    office.write(
        "Preferences",
        "update",
        {"Id": "1", "SyncToken": preferences["SyncToken"], "CurrencyPrefs": {"MultiCurrencyEnabled": True}},
    )
    rate = {"SourceCurrencyCode": "CAD", "Rate": 0.7, "AsOfDate": "2026-11-19"}
    office.write("ExchangeRate", "update", rate)
    assert office.deliver(order) == "dead_letter", "what the ledger knows of the company is old"

    fix(office, order, "--way", "read-company")

    assert office.deliver(order) == "booked", office.failed(order["id"]).message
    receipt = only(office, "SalesReceipt")
    assert (receipt["CurrencyRef"]["value"], float(receipt["ExchangeRate"])) == ("CAD", 0.7)


def switch_customer_off(office: Office) -> str:
    ben = next(
        row
        for row in office.sandbox.dump(office.realm_id, "Customer")
        if (row.get("PrimaryEmailAddr") or {}).get("Address", "").startswith("ben.cole")
    )
    key = {"Id": ben["Id"], "SyncToken": ben["SyncToken"], "sparse": True}
    office.write("Customer", "update", {**key, "Active": False})
    return str(ben["Id"])


def another(office: Office, _ben: str) -> str:
    return str(office.write("Customer", "create", {"DisplayName": "Somebody Else"})["Id"])


def same(_office: Office, ben: str) -> str:
    return ben


@pytest.mark.parametrize(
    ("way", "whose"),
    [("use", another), ("reactivate", same), ("suffix", None)],
    ids=["use", "reactivate", "suffix"],
)
def test_a61_inactive_customer_has_three_ways_out(
    way: str, whose: Callable[[Office, str], str] | None, office: Office
) -> None:
    office.set(customers="per_email")
    ben = switch_customer_off(office)
    order = sold(buyer=BEN)
    assert office.deliver(order) == "dead_letter"
    assert ways(office, order)[:3] == ["reactivate", "use", "suffix"]
    wanted = whose(office, ben) if whose is not None else ""
    value = ("--to", wanted) if way == "use" else ()

    fix(office, order, "--way", way, *value)

    assert office.deliver(order) == "booked"
    customer = only(office, "SalesReceipt")["CustomerRef"]["value"]
    assert customer == wanted if wanted else customer != ben


def test_a65_customer_that_is_gone_has_a_way_to_the_one_who_took_over(office: Office) -> None:
    office.set(customers="per_email")
    office.deliver(sold(buyer=BEN))
    switch_customer_off(office)
    order = sold(2, buyer=BEN)
    assert office.deliver(order) == "dead_letter"
    assert office.failed(order["id"]).reason == "removed_in_quickbooks"
    other = another(office, "")

    fix(office, order, "--way", "use", "--to", other)

    assert office.deliver(order) == "booked"
    newest = max(office.documents(), key=lambda one: int(one["Id"]))
    assert newest["CustomerRef"]["value"] == other


def test_a75_stock_is_followed_once_the_plan_has_it(office: Office) -> None:
    stocked = next(row for row in office.objects("Item").values() if row["Type"] == "Inventory")
    account = office.objects("Account")["Undeposited Funds"]["Id"]
    office.sandbox.switches(office.realm_id, settings={"plan": {"inventory_adjustments": False}})
    office.set(stock="follow", products={"PLANNED": stocked["Id"]}, accounts={"stock_adjustments": account})
    product = {
        "product_id": "7", "name": "Pump", "updated_at": LATER,
        "variants": [{"variant_id": "7", "sku": "PLANNED", "stock": "41"}],
    }  # fmt: skip
    level = {"item_id": "7", "sku": "PLANNED", "quantity": "41", "updated_at": LATER}
    told = event("inventory.product_updated", "product/7", product, time=LATER)
    assert office.deliver(told) == "booked", office.failed(told["id"]).message
    counted = event("inventory.level_changed", "level/7", level, time=LATER)
    while office.deliver(counted) == "delayed_retry":
        pass
    assert office.failed(counted["id"]).reason == "unsupported_by_plan"
    office.sandbox.switches(office.realm_id, settings={"plan": {"inventory_adjustments": True}})

    assert "QuickBooks Online Plus" in str(office.json("errors", "fix", counted["id"])["ways"])
    fix(office, counted, "--way", "read-company")

    assert office.deliver(counted) == "booked"
    assert float(office.objects("Item")[stocked["Name"]]["QtyOnHand"]) == 41


def test_closed_period_that_was_opened_again_needs_no_change_of_ours(office: Office) -> None:
    office.sandbox.switches(office.realm_id, settings={"closed_books_date": "2026-11-22"})
    order = sold()
    assert office.deliver(order) == "dead_letter"
    assert ways(office, order)[:2] == ["first-open-day", "retry"]
    office.sandbox.switches(office.realm_id, settings={"closed_books_date": None})

    fix(office, order, "--way", "2")

    assert office.deliver(order) == "booked"
    assert office.book.closed_period == ConnectionSettings().closed_period


def test_ways_are_numbered_and_one_is_asked_for(office: Office) -> None:
    office.sandbox.switches(office.realm_id, settings={"closed_books_date": "2026-11-22"})
    order = sold()
    office.deliver(order)

    told = office.run("errors", "fix", order["id"], answer="1\nn\n").output

    assert "1  first-open-day  Date documents of a closed period on the first open day" in told
    assert "Retry the group (1 failed messages)?" in told
    assert office.book.closed_period == "first_open_day"


def test_dry_run_and_an_unknown_way_change_nothing(office: Office) -> None:
    office.set(unknown_product="stop")
    order = sold()
    order["data"]["lines"][0] |= {"product_id": "77", "sku": "NOBODY-KNOWS"}
    office.deliver(order)

    dry = fix(office, order, "--way", "create", "--dry-run")
    wrong = fix(office, order, "--way", "wish", code=2)

    assert "Would change: unknown_product = create" in dry
    assert 'There is no way "wish" here; there are: set, create, fallback, retry, ignore.' in wrong
    assert office.book.unknown_product == "stop"
    assert office.deliver(order) == "dead_letter"
