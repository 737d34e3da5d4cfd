"""``counterfoil ledger undo`` and ``show`` on a sandbox company: seen first, taken back once, or refused."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ops.metrics import Metrics
from ops.quickbooks import open_quickbooks
from ops.sandbox.testing import SandboxServer
from ops.undo.carry_out import Carrier
from ops.undo.gather import booked_event, known_around
from ops.undo.plan import Undo, UndoRefused, plan_undo, undo_id_of
from tests.ops.office import KEY, NAME, Office, event, open_office
from tests.rig.stack import order_event
from workers.ledger.claims import claim_objects
from workers.ledger.connections import change_status
from workers.ledger.engine import reading, writing
from workers.ledger.tables import intents
from workers.runtime.settle import Policy
from workers.secrets import Secrets

DAY = "2026-11-20T10:00:00Z"
LATER = "2026-11-21T10:00:00Z"
POINTS = ("after claim", "after intent", "after call", "after commit 1", "after commit 2")


class Died(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(limits=False) as server:
        yield server


@pytest.fixture
def office(sandbox: SandboxServer, sqlite_url: str) -> Iterator[Office]:
    with open_office(sandbox, sqlite_url) as office:
        yield office


def refund_event(number: int, *, total: str = "12.50") -> dict[str, Any]:
    """The whole of ``order_event(number)`` given back."""
    data = {
        "refund_id": f"r{number}",
        "order_id": str(number),
        "order_number": str(number),
        "created_at": LATER,
        "currency": "USD",
        "total": total,
        "payment_method": {"gateway": "stripe"},
        "lines": [{"line_id": "1", "name": "Mug", "quantity": "1", "total": total}],
    }
    refunded = event("orders.refunded", f"refund/r{number}", data, event_id=f"refund-{number}", time=LATER)
    return {**refunded, "partitionkey": f"order/{number}"}


def unpaid(number: int) -> dict[str, Any]:
    return order_event(number, action="created", payment="unpaid", amount_paid="0", paid_at=None)


def later(changed: dict[str, Any]) -> dict[str, Any]:
    """The same order as of another day."""
    data = {**changed["data"], "updated_at": LATER}
    return {**changed, "id": f"{changed['id']}-later", "time": LATER, "data": data}


def one(office: Office, entity: str, number: str) -> dict[str, Any]:
    (found,) = [row for row in office.documents(entity) if row.get("DocNumber") == number]
    return found


def test_sale_is_shown_then_voided_and_the_ledger_keeps_both(office: Office) -> None:
    office.deliver(order_event(1))

    refused = office.run("ledger", "undo", "order-1-paid", answer="n\n", code=1)
    untouched = one(office, "SalesReceipt", "1")["TotalAmt"]
    done = office.run("ledger", "undo", "order-1-paid", answer="y\n")

    assert "void SalesReceipt 1 2026-11-20 12.50 USD" in refused.output
    assert untouched == 12.5
    receipt = one(office, "SalesReceipt", "1")
    assert (receipt["TotalAmt"], receipt["PrivateNote"].startswith("Voided")) == (0, True)
    assert "If the store sends order/1 again, it is booked again." in done.output
    assert office.entries() == {"order-1-paid": "booked", "undo-order-1-paid": "booked"}
    shown = office.json("ledger", "show", "order/1")["events"]
    assert [(one["event_id"], one["undone"]) for one in shown] == [
        ("order-1-paid", True),
        ("undo-order-1-paid", False),
    ]
    assert "undone" in office.run("ledger", "show", "order/1").output


def test_second_undo_and_undo_of_the_undo_are_refused(office: Office) -> None:
    office.deliver(order_event(1))
    office.run("ledger", "undo", "order-1-paid", "--yes")

    again = office.run("ledger", "undo", "order-1-paid", "--yes", code=1)
    of_undo = office.run("ledger", "undo", "undo-order-1-paid", "--yes", code=1)

    assert "was undone already, on " in again.output
    assert "is an undo itself" in of_undo.output


def test_order_that_the_store_sends_again_is_booked_again(office: Office) -> None:
    office.deliver(order_event(1))
    office.run("ledger", "undo", "order-1-paid", "--yes")

    office.deliver(later(order_event(1)))

    totals = {row["DocNumber"]: row["TotalAmt"] for row in office.documents()}
    assert totals == {"1": 0, "1-2": 12.5}


def test_refund_is_deleted_and_its_sale_can_be_undone_after_it_only(office: Office) -> None:
    office.deliver(order_event(1))
    office.deliver(refund_event(1))

    too_soon = office.run("ledger", "undo", "order-1-paid", "--yes", code=1)
    done = office.json("ledger", "undo", "refund-1", "--yes")
    office.run("ledger", "undo", "order-1-paid", "--yes")

    assert "has refunds. Undo these first: refund-1." in too_soon.output
    assert [(part["operation"], part["entity"]) for part in done["undone"]] == [("delete", "RefundReceipt")]
    assert office.documents("RefundReceipt") == []
    assert one(office, "SalesReceipt", "1")["TotalAmt"] == 0


def test_sale_that_a_gift_card_paid_in_part_is_for_the_store_to_cancel(office: Office) -> None:
    liability = office.objects("Account")["Gift Cards"]["Id"]
    office.set(accounts={**office.book.accounts.model_dump(), "gift_cards": liability})
    office.deliver(order_event(1))
    paid = {
        "transaction_id": "77",
        "order_id": "1",
        "amount": "5.00",
        "currency": "USD",
        "gateway": "gift_card",
    }
    event = {**order_event(1), "id": "card-1", "type": "orders.gift_card_paid", "subject": "transaction/77"}
    event |= {"partitionkey": "order/1", "data": {**paid, "paid_at": event["time"]}}
    assert office.deliver(event) == "booked"

    refused = office.run("ledger", "undo", "order-1-paid", "--yes", code=1)

    assert "A gift card paid 5.00 of SalesReceipt 1" in refused.output
    assert one(office, "SalesReceipt", "1")["TotalAmt"] == 12.5


def test_payment_of_a_later_event_is_undone_before_its_invoice(office: Office) -> None:
    office.deliver(unpaid(1))
    office.deliver(later(order_event(1)))

    too_soon = office.run("ledger", "undo", "order-1-created", "--yes", code=1)
    office.run("ledger", "undo", "order-1-paid-later", "--yes")
    balance = one(office, "Invoice", "1")["Balance"]
    office.run("ledger", "undo", "order-1-created", "--yes")

    assert "is applied to Invoice 1. Undo the event that booked it first." in too_soon.output
    assert balance == 12.5
    assert one(office, "Invoice", "1")["TotalAmt"] == 0


def test_invoice_and_payment_of_one_event_go_together_the_money_first(office: Office) -> None:
    office.set(document="invoice")
    office.deliver(order_event(1))

    done = office.json("ledger", "undo", "order-1-paid", "--yes")

    assert [part["entity"] for part in done["undone"]] == ["Payment", "Invoice"]
    assert one(office, "Invoice", "1")["TotalAmt"] == 0
    assert [row["TotalAmt"] for row in office.documents("Payment")] == [0]


def test_payment_that_a_bookkeeper_applied_stops_the_undo(office: Office) -> None:
    office.deliver(unpaid(1))
    invoice = one(office, "Invoice", "1")
    office.write(
        "Payment",
        "create",
        {
            "CustomerRef": invoice["CustomerRef"],
            "TotalAmt": 12.5,
            "Line": [{"Amount": 12.5, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}],
        },
    )

    result = office.run("ledger", "undo", "order-1-created", "--yes", code=1)

    assert "is linked to Invoice 1 and is not of this event. Unlink it there first." in result.output
    assert one(office, "Invoice", "1")["TotalAmt"] == 12.5


def test_what_a_person_changed_or_removed_is_left_alone(office: Office) -> None:
    office.deliver(order_event(1))
    office.deliver(order_event(2))
    first, second = one(office, "SalesReceipt", "1"), one(office, "SalesReceipt", "2")
    key = {"Id": first["Id"], "SyncToken": first["SyncToken"], "sparse": True}
    office.write("SalesReceipt", "update", {**key, "TxnDate": "2026-11-02"})
    office.write("SalesReceipt", "delete", {"Id": second["Id"], "SyncToken": second["SyncToken"]})

    changed = office.run("ledger", "undo", "order-1-paid", "--yes", code=1)
    removed = office.run("ledger", "undo", "order-2-paid", "--yes", code=1)

    assert "SalesReceipt 1 was changed in QuickBooks after it was booked." in changed.output
    assert "is deleted or void in QuickBooks already; nothing to undo." in removed.output
    assert one(office, "SalesReceipt", "1")["TotalAmt"] == 12.5


def test_closed_books_stop_the_undo_with_a_sentence(office: Office) -> None:
    office.deliver(order_event(1))
    office.sandbox.switches(office.realm_id, settings={"closed_books_date": "2026-12-31"})

    result = office.run("ledger", "undo", "order-1-paid", "--yes", code=1)

    assert "the books of that date are closed in QuickBooks" in result.output
    assert "Traceback" not in result.output
    office.sandbox.switches(office.realm_id, settings={"closed_books_date": None})
    office.run("ledger", "undo", "order-1-paid", "--yes")
    assert one(office, "SalesReceipt", "1")["TotalAmt"] == 0


def test_events_that_booked_nothing_of_their_own_say_so(office: Office) -> None:
    office.deliver(order_event(1))
    office.deliver(later(order_event(1)))
    office.deliver(order_event(2, action="cancelled", lifecycle="cancelled"))
    contact = {"contact_id": "7", "email": "a@example.com", "first_name": "A", "updated_at": DAY}
    office.set(customers="per_email")
    office.deliver(event("contacts.created", "customer/7", contact, event_id="contact-7", time=DAY))

    def says(event_id: str) -> str:
        return office.run("ledger", "undo", event_id, "--yes", code=1).output

    assert "booked by event order-1-paid. Undo that one." in says("order-1-paid-later")
    assert "booked nothing: it was skipped (cancelled)" in says("order-2-cancelled")
    assert "QuickBooks does not delete those" in says("contact-7")
    assert "Nothing is booked under event nope." in says("nope")


def test_cancelled_sale_and_edited_sale_are_for_the_store_to_change(office: Office) -> None:
    office.deliver(order_event(1))
    office.deliver(later(order_event(1, action="cancelled", lifecycle="cancelled")))
    office.deliver(order_event(2))
    office.deliver(later(order_event(2, action="edited", total="14.00")))

    cancelled = office.run("ledger", "undo", "order-1-cancelled-later", "--yes", code=1)
    edited = office.run("ledger", "undo", "order-2-edited-later", "--yes", code=1)

    assert "restore the order in the store" in cancelled.output
    assert "replaced one document by another" in edited.output


def test_paused_connection_undoes_nothing(office: Office) -> None:
    office.deliver(order_event(1))
    with writing(office.engine) as database:
        change_status(database, NAME, "paused", reason="stock-taking", now=datetime.now(UTC))

    result = office.run("ledger", "undo", "order-1-paid", "--yes", code=1)

    assert 'The connection "acme-woo" is paused: stock-taking. Nothing was undone.' in result.output
    assert one(office, "SalesReceipt", "1")["TotalAmt"] == 12.5


def plan_of(office: Office, event_id: str) -> Undo:
    with reading(office.engine) as database:
        found = booked_event(database, event_id, None)
        return plan_undo(found, known_around(database, found))


def carrier(office: Office, crash: Callable[[str], None] = lambda _point: None, **more: Any) -> Carrier:
    online = open_quickbooks(office.settings, office.engine, Secrets(KEY), Metrics())
    return Carrier(office.engine, online, owner="operator", policy=Policy(), crash=crash, **more)


@pytest.mark.parametrize("point", POINTS)
def test_undo_that_is_killed_anywhere_is_finished_by_the_next_run(office: Office, point: str) -> None:
    office.set(document="invoice")
    office.deliver(order_event(1))
    passed: list[str] = []

    def crash(name: str) -> None:
        passed.append(name)
        if point in (name, f"{name} {passed.count(name)}"):
            raise Died

    with pytest.raises(Died):
        carrier(office, crash).carry_out(plan_of(office, "order-1-paid"))
    carrier(office).carry_out(plan_of(office, "order-1-paid"))

    assert one(office, "Invoice", "1")["TotalAmt"] == 0
    assert [row["TotalAmt"] for row in office.documents("Payment")] == [0]
    assert office.entries()["undo-order-1-paid"] == "booked"
    with reading(office.engine) as database:
        assert database.execute(intents.select()).all() == []


def test_killed_undo_is_taken_up_again_on_the_command_line(office: Office) -> None:
    office.deliver(order_event(1))

    def crash(name: str) -> None:
        if name == "after call":
            raise Died

    with pytest.raises(Died):
        carrier(office, crash).carry_out(plan_of(office, "order-1-paid"))
    with writing(office.engine) as database:  # a dead process's claims end by themselves, later
        database.exec_driver_sql("DELETE FROM claims")
    result = office.run("ledger", "undo", "order-1-paid", "--yes")

    assert "An undo of this event was killed in between; it goes on where it was." in result.output
    assert office.entries()["undo-order-1-paid"] == "booked"


def test_order_that_a_worker_holds_is_waited_for_and_then_left(office: Office) -> None:
    office.deliver(order_event(1))
    with writing(office.engine) as database:
        claim_objects(database, [(NAME, "order/1")], owner="worker", now=datetime.now(UTC))
    clock = iter(range(100))
    waits: list[float] = []
    patient = carrier(office, sleep=waits.append, monotonic=lambda: 5.0 * next(clock))

    with pytest.raises(UndoRefused, match="A worker works on order/1 at this moment"):
        patient.carry_out(plan_of(office, "order-1-paid"))

    assert len(waits) >= 2
    assert one(office, "SalesReceipt", "1")["TotalAmt"] == 12.5


def test_long_event_ids_still_give_an_id_that_the_ledger_takes() -> None:
    assert undo_id_of("e1") == "undo-e1"
    assert len(undo_id_of("x" * 128)) < 128
    assert undo_id_of("x" * 128) != undo_id_of("y" * 128)


def test_show_tells_of_failed_messages_too_and_of_what_it_does_not_know(office: Office) -> None:
    office.deliver(order_event(3, currency="EUR"))

    failed = office.run("ledger", "show", "order-3-paid").output
    unknown = office.run("ledger", "show", "order/77", code=1).output

    assert "order-3-paid is unresolved among the failed messages" in failed
    assert "The ledger has nothing under order/77." in unknown
