"""A soak that could not see a doubled document would prove nothing."""

from decimal import Decimal
from typing import Any

from ops.bench.soak.compare import contacts, newest, sales, stock
from ops.bench.soak.draw import draw_events
from ops.bench.soak.plan import KINDS, draw_plan

NOTE = "counterfoil:store-1:order:7"
LEVEL = "counterfoil:store-1:level:SOAK-1/event-9"


def test_order_booked_reversed_and_booked_anew_comes_to_its_last_total() -> None:
    receipts: list[dict[str, Any]] = [
        {"PrivateNote": NOTE, "TotalAmt": 10},
        {"PrivateNote": f"{NOTE}/2", "TotalAmt": "12.50"},
        {"PrivateNote": "by hand", "TotalAmt": 99},
    ]
    refunds = [{"PrivateNote": "counterfoil:store-1:reversal:7/1", "TotalAmt": 10}]

    booked = sales(receipts, refunds)

    assert booked.values == {"7": Decimal("12.50")}
    assert booked.doubled() == []


def test_document_that_is_there_three_times_is_two_too_many() -> None:
    booked = sales([{"PrivateNote": NOTE, "TotalAmt": 10}] * 3, [])

    assert booked.doubled() == [(2, f"{NOTE} is booked 3 times")]


def test_two_customers_of_one_contact_are_one_too_many() -> None:
    customer = {"PrimaryEmailAddr": {"Address": "buyer5@example.com"}}

    booked = contacts([customer, customer | {"PrimaryPhone": {"FreeFormNumber": "1"}}, {}])

    assert booked.values == {"5": "1"}
    assert [copies for copies, _ in booked.doubled()] == [1]


def test_adjustment_that_is_there_twice_is_one_too_many() -> None:
    items: list[dict[str, Any]] = [
        {"Type": "Inventory", "Sku": "SOAK-1", "QtyOnHand": 4},
        {"Type": "Service"},
    ]
    adjustment = {"PrivateNote": f"Counterfoil ({LEVEL})"}

    booked = stock(items, [adjustment, adjustment])

    assert booked.values == {"SOAK-1": Decimal(4)}
    assert [copies for copies, _ in booked.doubled()] == [1]


def test_same_seed_draws_the_same_faults_and_events_and_every_workflow() -> None:
    first, again = (draw_events(5, 2000, ["store-1", "store-2"]) for _ in range(2))

    assert first == again
    assert len({event.event_id for event in first}) == 2000 < len(first)
    assert {event.workflow for event in first} == {"orders", "contacts", "inventory"}
    assert draw_plan(5, 600) == draw_plan(5, 600) != draw_plan(6, 600)
    assert {fault.kind for fault in draw_plan(5, 6000)} == set(KINDS)
    assert newest(first)
