"""The error queue and the ledger agree: settled copies go, the rest keeps its order, what is missing comes back."""

from dataclasses import replace

import pytest
from sqlalchemy import delete

from ops.desk.queue_pass import QueueBusy
from ops.desk.watch import QueueState, sweep_is_due
from tests.ops.desk.room import Room, failure, minutes_ago, now, own_headers
from tests.rig.waiting import wait_for
from workers.error_copies import readable
from workers.ledger.engine import writing
from workers.ledger.entries import Entry, record_entries
from workers.ledger.failures import record_failures
from workers.ledger.tables import failed_bodies, failed_messages
from workers.outcomes import Booked

QUEUE = "orders.errors"
broker_test = pytest.mark.broker


def settle(room: Room, status: str, *numbers: int) -> None:
    with writing(room.ledger) as connection:
        connection.execute(
            failed_messages.update()
            .where(failed_messages.c.event_id.in_([f"event-{number}" for number in numbers]))
            .values(status=status)
        )


def wait_depth(room: Room, depth: int) -> None:
    def reached() -> bool:
        assert room.broker.count(QUEUE) == depth
        return True

    wait_for(reached, what=f"{depth} copies are there")


@broker_test
@pytest.mark.parametrize("status", ["retry_issued", "resolved", "ignored"])
def test_copies_of_settled_messages_go_and_the_others_keep_their_order(room: Room, status: str) -> None:
    room.fail(*(failure(number) for number in range(60)))
    settle(room, status, *range(0, 60, 4))

    swept = room.sweeper().sweep("orders")

    wait_depth(room, 45)
    assert (swept.taken_out, swept.kept, swept.disagreed) == (15, 45, False)
    assert room.copies() == [f"event-{number}" for number in range(60) if number % 4]


@broker_test
def test_message_that_failed_again_has_one_copy_the_newer(both: Room) -> None:
    both.fail(failure(1, failed_at=minutes_ago(5)), failure(2))
    settle(both, "retry_issued", 1)
    again = failure(1, message="failed again")
    both.fail(again)

    both.sweeper().sweep("orders")

    wait_depth(both, 2)
    copies = both.broker.peek(QUEUE)
    assert [copy.properties["message_id"] for copy in copies] == ["event-2", "event-1"]
    assert copies[1].headers["copy_id"] == again.copy_id
    assert copies[1].headers["first_failed_at"] < copies[1].headers["failed_at"]


@broker_test
def test_copy_whose_row_is_not_committed_yet_stays(room: Room) -> None:
    first = failure(1, failed_at=minutes_ago(5))
    room.fail(first)
    settle(room, "retry_issued", 1)
    second = failure(1)
    room.publish_copies([second])

    room.sweeper().sweep("orders")
    with writing(room.ledger) as connection:
        record_failures(connection, [second])

    wait_depth(room, 1)
    assert room.broker.peek(QUEUE)[0].headers["copy_id"] == second.copy_id


@broker_test
def test_copy_that_no_worker_ever_committed_goes_after_a_while(room: Room) -> None:
    room.fail(failure(1, failed_at=minutes_ago(60)))
    settle(room, "resolved", 1)
    room.publish_copies([failure(1, failed_at=minutes_ago(30))])

    room.sweeper().sweep("orders")

    wait_depth(room, 0)


@broker_test
def test_purged_copies_come_back(both: Room) -> None:
    both.fail(failure(1), failure(2), failure(3))
    settle(both, "ignored", 3)
    before = both.broker.peek(QUEUE)[:2]
    both.broker.purge(QUEUE)

    swept = both.sweeper().sweep("orders")

    assert swept.copies_put_back == 2
    wait_depth(both, 2)
    after = both.broker.peek(QUEUE)
    assert [(one.body, own_headers(one)) for one in after] == [(one.body, own_headers(one)) for one in before]
    assert both.sweeper().sweep("orders").disagreed is False


@broker_test
def test_lost_rows_are_made_again_from_their_copies(both: Room) -> None:
    both.fail(failure(1, failed_at=minutes_ago(9)), failure(2))
    before = both.row(1)
    with writing(both.ledger) as connection:
        connection.execute(delete(failed_messages))
        connection.execute(delete(failed_bodies))

    swept = both.sweeper().sweep("orders")

    after = both.row(1)
    assert (swept.rows_rebuilt, swept.kept) == (2, 2)
    for name in ("connection_id", "subject", "reason", "group_id", "message", "fix", "copy_id"):
        assert getattr(after, name) == getattr(before, name), name
    assert after.body == readable(before.body)
    assert (after.status, after.failed_at, after.first_failed_at) == (
        "unresolved",
        before.failed_at,
        before.first_failed_at,
    )
    wait_depth(both, 2)


@broker_test
def test_copy_of_a_booked_event_makes_no_row(room: Room) -> None:
    room.publish_copies([failure(1)])
    entry = Entry("acme-woo", "event-1", "orders", "orders.paid", "order/1", now(), Booked(), 1)
    with writing(room.ledger) as connection:
        record_entries(connection, [entry], now())

    room.sweeper().sweep("orders")

    wait_depth(room, 0)
    assert room.row(1) is None


@broker_test
def test_copy_moved_in_twice_by_hand_is_kept_once(room: Room) -> None:
    one = failure(1)
    room.fail(one)
    room.publish_copies([one])

    room.sweeper().sweep("orders")

    wait_depth(room, 1)


@broker_test
def test_message_that_is_none_of_ours_stays_and_is_told(room: Room) -> None:
    room.fail(failure(1))
    room.broker.publish("", QUEUE, "something else")

    swept = room.sweeper().sweep("orders")

    assert (swept.strangers, swept.kept) == (1, 1)
    wait_depth(room, 2)


@broker_test
def test_copies_in_a_persons_hands_are_neither_missed_nor_swept(room: Room) -> None:
    room.fail(failure(1), failure(2), failure(3))
    settle(room, "ignored", 3)

    with room.broker.channel() as channel:
        assert channel.basic_get(QUEUE)[0] is not None
        with pytest.raises(QueueBusy):
            room.sweeper().sweep("orders")
        swept = room.sweeper().sweep("orders", shared=True)

    assert (swept.taken_out, swept.kept, swept.copies_put_back) == (1, 1, 0)
    wait_depth(room, 2)
    assert sorted(room.copies()) == ["event-1", "event-2"]


@broker_test
def test_error_queue_holds_a_person_readable_message(room: Room) -> None:
    room.fail(failure(1))

    (copy,) = room.broker.peek(QUEUE)

    assert copy.json()["subject"] == "order/1"
    assert copy.properties["content_type"] == "application/json"
    assert set(own_headers(copy)) == {
        *("reason", "group", "message", "fix", "fault_code", "attempts"),
        *("failed_at", "first_failed_at", "connection", "event_id", "copy_id"),
    }


@broker_test
def test_peeked_fifty_times_and_swept_fifty_times_it_is_still_there(room: Room) -> None:
    room.fail(failure(1), failure(2))

    for _ in range(50):
        room.broker.peek(QUEUE)
        wait_for(lambda: _swept(room), what="nobody holds the queue")

    wait_depth(room, 2)
    assert sorted(room.copies()) == ["event-1", "event-2"]


def _swept(room: Room) -> bool:
    try:
        room.sweeper().sweep("orders")
    except QueueBusy:
        return False
    return True


STATE = QueueState(swept_at=100.0, pass_seconds=1.0)


@pytest.mark.parametrize(
    ("state", "depth", "unresolved", "at", "due"),
    [
        pytest.param(QueueState(), 5, 5, 0.0, True, id="first-look"),
        pytest.param(STATE, 5, 5, 1000.0, False, id="they-agree"),
        pytest.param(STATE, 6, 5, 103.0, False, id="too-soon-after-a-long-pass"),
        pytest.param(STATE, 6, 3, 103.0, True, id="half-of-the-queue-can-go"),
        pytest.param(STATE, 6, 5, 111.0, True, id="a-copy-too-many"),
        pytest.param(replace(STATE, strangers=1), 6, 5, 111.0, False, id="the-one-too-many-is-a-stranger"),
        pytest.param(STATE, 4, 5, 111.0, False, id="a-copy-is-missing-just-now"),
        pytest.param(replace(STATE, missing_since=101.0), 4, 5, 116.0, True, id="missing-for-15-seconds"),
        pytest.param(replace(STATE, missing_since=101.0), 5, 5, 116.0, False, id="it-came-back"),
    ],
)
def test_pass_is_made_when_it_is_due(
    state: QueueState, depth: int, unresolved: int, at: float, due: bool
) -> None:
    fresh = replace(state)

    assert sweep_is_due(fresh, depth=depth, unresolved=unresolved, last_command_at=0.0, at=at) is due


def test_pause_in_missing_starts_anew_when_the_copy_was_there() -> None:
    state = replace(STATE, missing_since=101.0)

    sweep_is_due(state, depth=5, unresolved=5, last_command_at=0.0, at=110.0)
    due = sweep_is_due(state, depth=4, unresolved=5, last_command_at=0.0, at=120.0)

    assert due is False
    assert state.missing_since == 120.0


def test_pass_waits_for_a_pause_between_commands_but_not_for_ever() -> None:
    state = replace(STATE)

    looks = {
        at: sweep_is_due(state, depth=6, unresolved=5, last_command_at=at - 0.1, at=at)
        for at in (120.0, 125.0, 130.0)
    }

    assert looks == {120.0: False, 125.0: False, 130.0: True}
