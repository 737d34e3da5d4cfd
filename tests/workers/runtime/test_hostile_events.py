"""Events that come as nobody expects them: one id for two things, ids that fit nowhere, two connections with one id."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.workers.runtime.messages import delivery
from tests.workers.runtime.rig import START, Rig
from workers.context import Context
from workers.errors import TaxCodeUnmapped
from workers.ledger.engine import reading, writing
from workers.ledger.failed_bodies import with_body
from workers.ledger.failure_changes import START as FROM_THE_START
from workers.ledger.failure_changes import Order, Target, claim_for_retry, claimed_places, ignore, restore
from workers.ledger.tables import failed_messages
from workers.runtime.lanes import Lanes
from workers.steps import Steps

COMMAND = Order("command-1", "anna", START)


@pytest.fixture
def rig(database_url: str) -> Iterator[Rig]:
    rig = Rig(database_url)
    yield rig
    rig.close()


def unmapped(context: Context, data: object) -> Steps:
    raise TaxCodeUnmapped("Order 1: no code.", cause="GST 5%", fix="counterfoil errors fix")
    yield


def rows(rig: Rig) -> dict[tuple[str, str], Any]:
    with reading(rig.engine) as database:
        found = database.execute(with_body(failed_messages))
        return {(row.connection_id, row.event_id): row for row in found}


def test_event_that_is_booked_settles_no_failure_of_another_connection(rig: Rig) -> None:
    rig.run(delivery("1"), steps_for=unmapped)
    rig.add_connection("other-woo")

    rig.run(delivery("1", connection="other-woo"))

    assert rows(rig)["acme-woo", "1"].status == "unresolved"


def test_retried_refund_of_an_ignored_order_comes_back_with_the_order(rig: Rig) -> None:
    refund = delivery("e9", subject="refund/5", partitionkey="order/1")
    rig.run(delivery("e1"), steps_for=unmapped)
    rig.run(refund, steps_for=unmapped)
    with writing(rig.engine) as database:
        ignore(database, Target("orders", "e1"), COMMAND, "")
        claim_for_retry(database, Target("orders", "e9"), COMMAND)
    rig.run(refund)
    rig.now += timedelta(seconds=1)

    with writing(rig.engine) as database:
        restore(database, "orders", "e1", Order("command-2", "anna", rig.now))
        back = [p.event_id for p in claimed_places(database, "orders", "command-2", FROM_THE_START)]

    assert back == ["e1", "e9"]


def test_event_that_made_its_rounds_fail_goes_to_the_error_queue(rig: Rig) -> None:
    words = rig.run(delivery("e1"), blamed=True)

    assert words == {"e1": "dead_letter"}
    assert (rows(rig)["acme-woo", "e1"].reason, rig.quickbooks.documents) == ("bug", [])


def test_two_events_under_one_id_never_share_a_round() -> None:
    lanes = Lanes()
    lanes.add(delivery("e1", subject="order/1"), 0.0)
    lanes.add(delivery("e1", subject="order/2"), 0.0)

    first, second = lanes.next_round(0.0), lanes.next_round(0.0)

    assert [[one.subject for one in taken] for taken in (first, second)] == [["order/1"], ["order/2"]]


def test_events_of_a_round_that_failed_by_one_of_them_run_apart() -> None:
    lanes = Lanes()
    for number in range(3):
        lanes.add(delivery(f"e{number}", subject=f"order/{number}"), 0.0)
    taken = lanes.next_round(0.0)

    lanes.postpone(taken, taken, until=1.0, apart=True)

    assert [len(lanes.next_round(1.0)) for _ in range(4)] == [1, 1, 1, 0]


def test_one_id_in_two_connections_is_two_failed_messages(rig: Rig) -> None:
    rig.run(delivery("1"), steps_for=unmapped)
    rig.add_connection("other-woo")

    rig.run(delivery("1", connection="other-woo"), steps_for=unmapped)

    assert set(rows(rig)) == {("acme-woo", "1"), ("other-woo", "1")}


def test_failure_under_an_id_that_another_connection_ignores_is_kept(rig: Rig) -> None:
    rig.run(delivery("1"), steps_for=unmapped)
    with writing(rig.engine) as database:
        ignore(database, Target("orders", "1"), COMMAND, "")
    rig.add_connection("other-woo")

    rig.run(delivery("1", connection="other-woo"), steps_for=unmapped)

    assert rows(rig)["other-woo", "1"].status == "unresolved"
