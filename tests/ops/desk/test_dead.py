"""RabbitMQ's dead letters: the poison one becomes a failed message, its healthy neighbours go back."""

import pika
import pytest

from events import names
from ops.desk.dead import REQUEUED, decide_fate
from tests.ops.desk.room import Room, body_of, failure, now, own_headers
from tests.rig.waiting import wait_for
from workers.ledger.engine import writing
from workers.ledger.entries import Entry, record_entries
from workers.ledger.failure_changes import Order, Target, ignore
from workers.outcomes import Booked

broker_test = pytest.mark.broker


@pytest.mark.parametrize(
    ("facts", "fate"),
    [
        pytest.param(set(), "requeued", id="no-trace-of-an-attempt"),
        pytest.param({"requeued_before"}, "failed", id="it-is-here-for-the-second-time"),
        pytest.param({"began"}, "failed", id="a-write-had-begun"),
        pytest.param({"failed_before"}, "failed", id="it-failed-before"),
        pytest.param({"ended", "requeued_before"}, "dropped", id="booked-meanwhile"),
        pytest.param({"ignored", "began"}, "dropped", id="ignored"),
    ],
)
def test_fate_of_a_dead_letter(facts: set[str], fate: str) -> None:
    known = ("ended", "ignored", "began", "failed_before", "requeued_before")

    assert decide_fate(**{name: name in facts for name in known}) == fate


def wait_taken(room: Room) -> None:
    """Wait until the desk has no dead letter any more: ours were in front of this one."""
    room.broker.publish("", names.dead("orders"), body_of(999))
    wait_for(lambda: room.broker.count("orders") == 1, what="the last dead letter is taken")
    assert room.taken_from_workflow()[0].body == body_of(999)


@broker_test
def test_dead_letter_goes_back_once_and_becomes_a_failed_message_the_second_time(both: Room) -> None:
    with both.desk():
        both.broker.publish("", names.dead("orders"), body_of(1), headers={"attempts": 2, "x-death": "old"})
        wait_for(lambda: both.broker.count("orders") == 1, what="it is back in its workflow")
        (back,) = both.taken_from_workflow()
        both.broker.publish("", names.dead("orders"), back.body, headers=own_headers(back))
        wait_for(lambda: both.row(1), what="it is a failed message")

    assert own_headers(back) == {"attempts": 2, REQUEUED: 1}
    assert (both.row(1).reason, both.row(1).status, both.row(1).connection_id) == (
        "delivery_limit",
        "unresolved",
        "acme-woo",
    )
    (copy,) = both.broker.peek(names.errors("orders"))
    assert (copy.headers["reason"], copy.headers["copy_id"]) == ("delivery_limit", both.row(1).copy_id)
    assert both.broker.count("orders") == 0


@broker_test
def test_dead_letter_of_an_event_that_ended_is_dropped(room: Room) -> None:
    with writing(room.ledger) as connection:
        entry = Entry("acme-woo", "event-1", "orders", "orders.paid", "order/1", now(), Booked(), 1)
        record_entries(connection, [entry], now())
    room.broker.publish("", names.dead("orders"), body_of(1))

    with room.desk():
        wait_taken(room)

    assert room.broker.count("orders") == 0
    assert room.row(1) is None


@broker_test
def test_dead_letter_of_an_ignored_message_is_dropped(room: Room) -> None:
    room.fail(failure(1))
    with writing(room.ledger) as connection:
        ignore(connection, Target("orders", "event-1"), Order("c", "anna", now()), "")
    room.broker.publish("", names.dead("orders"), body_of(1))

    with room.desk():
        wait_taken(room)

    assert (room.broker.count("orders"), room.row(1).status) == (0, "ignored")


@broker_test
def test_dead_letter_that_is_no_event_becomes_a_failed_message_and_loses_nothing(room: Room) -> None:
    with room.desk():
        room.broker.publish("", names.dead("orders"), b"\xff not json", headers={REQUEUED: 1})
        wait_for(lambda: room.statuses() == {"unresolved": 1}, what="it is a failed message")

    (copy,) = room.broker.peek(names.errors("orders"))
    assert copy.body == b"\xff not json"


@broker_test
def test_message_that_kills_its_worker_twenty_times_arrives_at_the_desk_by_itself(room: Room) -> None:
    room.broker.publish(names.EVENTS, "orders.paid", body_of(1))
    with room.broker.channel() as channel:
        for _ in range(40):
            method, _, _ = channel.basic_get("orders")
            if method is None:
                break
            assert isinstance(method, pika.spec.Basic.GetOk)
            channel.basic_nack(method.delivery_tag, requeue=True)

    with room.desk():
        wait_for(lambda: room.broker.count("orders") == 1, timeout_seconds=20, what="it is back once")

    (back,) = room.taken_from_workflow()
    assert (back.body, own_headers(back)) == (body_of(1), {REQUEUED: 1})
