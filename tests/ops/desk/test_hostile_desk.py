"""Two stores that use one event id: neither's failure may vanish behind the other's, whatever is commanded."""

import pytest

from ops.desk.dead import DeadLetters
from ops.desk.reading import Arrival
from tests.ops.desk.room import Room, body_of, failure, now
from workers.ledger.engine import reading, writing
from workers.ledger.entries import Entry, record_entries
from workers.ledger.failure_views import find_failed
from workers.outcomes import Booked

pytestmark = pytest.mark.broker


def statuses(room: Room) -> dict[str, str]:
    with reading(room.ledger) as connection:
        return {one.connection_id: one.status for one in find_failed(connection, "event-1")}


def two_of_one_id(room: Room) -> None:
    room.fail(
        failure(1, body=b'{"of": "acme"}'), failure(1, connection_id="other-shop", body=b'{"of": "other"}')
    )


def test_both_copies_stay(room: Room) -> None:
    two_of_one_id(room)

    swept = room.sweeper().sweep("orders")

    assert (swept.kept, swept.taken_out, swept.disagreed) == (2, 0, False)


def test_purged_queue_gets_each_copy_back_once(room: Room) -> None:
    two_of_one_id(room)
    room.broker.take("orders.errors")

    swept = room.sweeper().sweep("orders")

    assert swept.copies_put_back == 2
    assert len(room.copies()) == 2


def test_retry_replays_each_with_its_own_body(both: Room) -> None:
    two_of_one_id(both)

    handled = both.workbench().handle(Arrival(b'{"command": "retry", "event_id": "event-1"}'))

    assert (handled.result, handled.matched) == ("accepted", 2)
    assert {message.body for message in both.taken_from_workflow()} == {b'{"of": "acme"}', b'{"of": "other"}'}


def test_ignore_of_one_id_in_two_stores_changes_nothing_and_says_what_to_do(room: Room) -> None:
    two_of_one_id(room)

    handled = room.workbench().handle(Arrival(b'{"command": "ignore", "event_id": "event-1"}'))

    assert handled.result == "refused"
    assert "Several connections" in room.answers()[0]["why"]
    assert set(statuses(room).values()) == {"unresolved"}


def test_restore_brings_back_both(room: Room) -> None:
    two_of_one_id(room)
    room.workbench().handle(Arrival(b'{"command": "ignore_all"}'))

    handled = room.workbench().handle(Arrival(b'{"command": "restore", "event_id": "event-1"}'))

    assert (handled.result, handled.matched) == ("accepted", 2)
    assert set(statuses(room).values()) == {"retry_issued"}


def test_dead_letter_of_a_retried_event_that_was_booked_before_ends_its_retry(room: Room) -> None:
    room.fail(failure(1))
    room.workbench().handle(Arrival(b'{"command": "retry", "event_id": "event-1"}'))
    with writing(room.ledger) as connection:
        entry = Entry("acme-woo", "event-1", "orders", "orders.paid", "order/1", now(), Booked(), 1)
        record_entries(connection, [entry], now())
    dead = DeadLetters("orders", room.ledger, room.publisher, now, lambda: "copy-2")

    fate = dead.take(body_of(1), {}, "event-1")

    assert fate == "dropped"
    assert statuses(room) == {"acme-woo": "resolved"}
