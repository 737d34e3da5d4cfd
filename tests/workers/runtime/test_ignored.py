"""An ignored store object: what comes later waits with it, and Restore brings all of it back. On both databases."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.workers.runtime.messages import delivery
from tests.workers.runtime.rig import START, Rig, book_receipt
from workers.context import Context
from workers.errors import TaxCodeUnmapped
from workers.ledger.engine import reading, writing
from workers.ledger.failed_bodies import with_body
from workers.ledger.failure_changes import START as FROM_THE_START
from workers.ledger.failure_changes import Order, Target, claimed_places, ignore, restore
from workers.ledger.tables import entries, failed_messages
from workers.runtime.requests import ClaimLost
from workers.steps import Steps

FIRST = delivery("e1", subject="order/1")
EDITED = delivery("e2", subject="order/1")
PAID = delivery("e3", subject="order/1")
OTHER = delivery("e4", subject="order/2")
COMMAND = Order("command-1", "anna", START)


@pytest.fixture
def rig(database_url: str) -> Iterator[Rig]:
    rig = Rig(database_url)
    yield rig
    rig.close()


def unmapped(context: Context, data: object) -> Steps:
    raise TaxCodeUnmapped("Order 1: no code.", cause="GST 5%", fix="counterfoil errors fix")
    yield


def ignore_first(rig: Rig) -> None:
    rig.run(FIRST, steps_for=unmapped)
    with writing(rig.engine) as database:
        assert ignore(database, Target("orders", "e1"), COMMAND, "test order") == 1


def restore_event(rig: Rig, event_id: str) -> list[str]:
    with writing(rig.engine) as database:
        restore(database, "orders", event_id, COMMAND)
        places = claimed_places(database, "orders", COMMAND.command_id, FROM_THE_START)
    return [place.event_id for place in places]


def rows(rig: Rig) -> dict[str, Any]:
    with reading(rig.engine) as database:
        return {row.event_id: row for row in database.execute(with_body(failed_messages))}


def test_later_event_of_an_ignored_object_is_kept_and_not_booked(rig: Rig) -> None:
    ignore_first(rig)
    rig.mail.sent.clear()

    words = rig.run(EDITED, OTHER)

    assert words == {"e2": "skipped", "e4": "booked"}
    kept = rows(rig)["e2"]
    assert (kept.status, kept.reason, kept.body) == ("ignored", "ignored_object", EDITED.body)
    assert kept.fix == "counterfoil errors restore e2"
    assert rig.mail.sent == []
    assert [document["DocNumber"] for document in rig.quickbooks.documents] == ["order/2"]


@pytest.mark.parametrize("named", ["e1", "e3"], ids=["the-ignored-event", "a-later-one"])
def test_restore_brings_back_all_of_the_object_oldest_first(rig: Rig, named: str) -> None:
    ignore_first(rig)
    for later in (EDITED, PAID):
        rig.now += timedelta(seconds=1)
        rig.run(later)

    brought_back = restore_event(rig, named)

    assert brought_back == ["e1", "e2", "e3"]
    assert rig.run(FIRST) == {"e1": "booked"}
    assert {row.status for row in rows(rig).values()} == {"retry_issued", "resolved"}


def test_refund_of_an_ignored_order_comes_back_with_the_order(rig: Rig) -> None:
    ignore_first(rig)
    rig.run(delivery("e9", subject="refund/5", partitionkey="order/1"))
    assert rows(rig)["e9"].status == "ignored"

    brought_back = restore_event(rig, "e1")

    assert brought_back == ["e1", "e9"]


def test_kept_event_that_comes_twice_is_one_row(rig: Rig) -> None:
    ignore_first(rig)
    rig.run(EDITED)

    rig.run(EDITED)

    assert (rows(rig)["e2"].status, rows(rig)["e2"].failures) == ("ignored", 1)
    with reading(rig.engine) as database:
        assert database.execute(select(entries)).all() == []


def test_retried_event_whose_object_is_ignored_meanwhile_waits_with_it(rig: Rig) -> None:
    rig.run(EDITED, steps_for=unmapped)
    ignore_first(rig)

    rig.run(EDITED)

    assert (rows(rig)["e2"].status, rows(rig)["e2"].reason) == ("ignored", "ignored_object")


def test_event_whose_object_is_restored_while_it_runs_is_not_kept_back(rig: Rig) -> None:
    ignore_first(rig)

    def restore_now(context: Context, data: dict[str, Any]) -> Steps:
        restore_event(rig, "e1")
        return book_receipt(context, data)

    with pytest.raises(ClaimLost, match="restored"):
        rig.run(EDITED, OTHER, steps_for=restore_now)

    assert "e2" not in rows(rig)
    assert rig.run(EDITED) == {"e2": "booked"}
