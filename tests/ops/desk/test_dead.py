"""RabbitMQ's dead letters: each is tried alone; the poison becomes a failed message, its healthy neighbours go back."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pika
import pytest

from events import names
from ops.desk.dead import DeadLetters, decide_fate, failed_its_trial
from ops.desk.reading import Arrival
from ops.desk.trials import TRIAL_LIMIT, Trials
from tests.ops.desk.room import Room, body_of, failure, now, own_headers
from tests.rig.waiting import wait_for
from workers.ledger.connections import change_status
from workers.ledger.engine import reading, writing
from workers.ledger.entries import Entry, record_entries
from workers.ledger.failure_changes import Order, Target, ignore
from workers.ledger.failure_trials import SUSPECT, TRIAL
from workers.ledger.failure_views import find_failed
from workers.outcomes import Booked

broker_test = pytest.mark.broker
PREFETCH = 5


@pytest.mark.parametrize(
    ("facts", "fate"),
    [
        pytest.param(set(), "suspect", id="nothing-is-known-of-it"),
        pytest.param({"failed_its_trial"}, "failed", id="it-was-alone-with-the-workers"),
        pytest.param({"ended", "failed_its_trial"}, "dropped", id="booked-meanwhile"),
        pytest.param({"ignored"}, "dropped", id="ignored"),
    ],
)
def test_fate_of_a_dead_letter(facts: set[str], fate: str) -> None:
    known = ("ended", "ignored", "failed_its_trial")

    assert decide_fate(**{name: name in facts for name in known}) == fate


@broker_test
@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        pytest.param({}, False, id="waits-for-its-trial"),
        pytest.param({"status": "retry_issued", "command_id": f"{TRIAL}1"}, True, id="was-on-trial"),
        pytest.param({"status": "retry_issued", "command_id": "monday"}, False, id="retried-beside-others"),
        pytest.param({"cause": "orders.paid"}, True, id="the-same-dead-letter-again-after-a-crash"),
        pytest.param({"reason": "bug", "cause": "orders.paid"}, False, id="failed-for-another-reason"),
    ],
)
def test_trial_is_failed_only_by_a_message_that_was_alone(
    room: Room, changes: dict[str, Any], failed: bool
) -> None:
    room.fail(failure(1, reason="delivery_limit", cause=SUSPECT))
    with reading(room.ledger) as connection:
        (row,) = find_failed(connection, "event-1")

    assert failed_its_trial(replace(row, **changes)) is failed


@contextmanager
def workers(room: Room, *, poison: str) -> Iterator[list[str]]:
    """Workers one after another: each dies when the poison is among what it holds, else it books what it holds.

    Gives the events on which a worker died, and books everything else.
    """
    died: list[str] = []
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            connection = pika.BlockingConnection(pika.URLParameters(room.broker.url))
            channel = connection.channel()
            held = [channel.basic_get(room.workflow) for _ in range(PREFETCH)]
            taken = [(method, json.loads(body)["id"]) for method, _, body in held if method is not None]
            if any(event_id == poison for _, event_id in taken):
                died.append(poison)
                taken = []
            for method, event_id in taken:
                with writing(room.ledger) as database:
                    entry = Entry("acme-woo", event_id, "orders", "orders.paid", event_id, now(), Booked(), 1)
                    record_entries(database, [entry], now())
                room.book(event_id)
                channel.basic_ack(method.delivery_tag)
            connection.close()  # what is not acked goes back, and has one life less
            ended.wait(0.01)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield died
    finally:
        ended.set()
        thread.join(30)


@broker_test
@pytest.mark.slow
def test_poison_becomes_a_failed_message_and_its_neighbours_are_booked(room: Room) -> None:
    for number in range(10):
        room.broker.publish(names.EVENTS, "orders.paid", body_of(number))

    with room.desk(), workers(room, poison="event-2") as died:
        wait_for(
            lambda: room.row(2) and room.row(2).cause == "orders.paid",
            timeout_seconds=60,
            what="the poison has failed its trial",
        )
        late = room.broker.publish(names.EVENTS, "orders.paid", body_of(11))
        wait_for(
            lambda: room.statuses().get("retry_issued", 0) == 0 and room.statuses()["unresolved"] == 1,
            timeout_seconds=60,
            what="nobody else is unresolved",
        )
        wait_for(lambda: room.broker.count("orders") == 0, timeout_seconds=60, what="all else is booked")

    assert late
    row = room.row(2)
    assert (row.status, row.reason, row.failures) == ("unresolved", "delivery_limit", 2)
    assert 40 <= len(died) <= 44  # twenty lives and the first time, twice
    swept = room.sweeper().sweep("orders")
    assert (swept.kept, swept.disagreed) == (1, False)
    assert {answer["by"] for answer in room.answers()} == {"counterfoil desk"}


@broker_test
def test_dead_letters_are_tried_one_at_a_time_and_the_next_when_one_has_ended(both: Room) -> None:
    for number in range(3):
        take(both, number)
    trials = Trials(both.workbench())

    tried = [trials.step(), trials.step()]
    both.book("event-0")
    tried += [trials.step(), trials.step()]
    fate = take(both, 1)
    tried += [trials.step(), trials.step()]

    assert [one is not None for one in tried] == [True, False, True, False, True, False]
    assert fate == "failed"
    assert both.statuses() == {"resolved": 1, "unresolved": 1, "retry_issued": 1}
    assert both.row(1).cause == "orders.paid"
    assert [message.body for message in both.taken_from_workflow()] == [body_of(n) for n in range(3)]


@broker_test
def test_trial_of_a_paused_connection_and_one_without_end_keep_nobody_waiting(room: Room) -> None:
    for number in range(3):
        take(room, number, connection="other-shop" if number == 0 else "acme-woo")
    with writing(room.ledger) as connection:
        change_status(connection, "other-shop", "paused", reason="", now=now())
    first, later = Trials(room.workbench()), room.workbench()
    later.now = lambda: now() + 2 * TRIAL_LIMIT

    assert first.step() is not None
    assert (room.row(0).status, room.row(1).status) == ("unresolved", "retry_issued")
    assert Trials(room.workbench()).step() is None
    assert Trials(later).step() is not None
    assert room.row(2).status == "retry_issued"


@broker_test
def test_neighbours_of_a_poison_that_an_operator_retried_together_are_tried_too(room: Room) -> None:
    room.fail(failure(1), failure(2))
    room.workbench().handle(Arrival(b'{"command": "retry_all"}'))

    fates = [take(room, 1), take(room, 2)]

    assert fates == ["suspect", "suspect"]
    assert (room.row(1).failures, room.row(1).cause) == (2, SUSPECT)


def take(room: Room, number: int, *, connection: str = "acme-woo") -> str:
    """One dead letter in the desk's hands."""
    dead = DeadLetters("orders", room.ledger, room.publisher, now, lambda: f"copy-{number}")
    return dead.take(body_of(number, connection=connection), {}, f"event-{number}")


def wait_taken(room: Room) -> None:
    """Wait until the desk has no dead letter any more: ours were in front of this one."""
    room.broker.publish("", names.dead("orders"), body_of(999))
    wait_for(lambda: room.row(999) is not None, what="the last dead letter is taken")
    wait_for(lambda: room.broker.count("orders") == 1, what="the last dead letter is tried")
    assert room.taken_from_workflow()[0].body == body_of(999)


@broker_test
def test_dead_letter_is_tried_once_and_the_second_time_a_person_is_asked(both: Room) -> None:
    with both.desk():
        both.broker.publish("", names.dead("orders"), body_of(1), headers={"attempts": 2, "x-death": "old"})
        wait_for(lambda: both.broker.count("orders") == 1, what="it is back in its workflow")
        (back,) = both.taken_from_workflow()
        both.broker.publish("", names.dead("orders"), back.body, headers=own_headers(back))
        wait_for(lambda: both.row(1).status == "unresolved", what="it is a failed message")

    assert (back.body, own_headers(back)) == (body_of(1), {})
    row = both.row(1)
    assert (row.reason, row.cause, row.connection_id, row.failures) == (
        "delivery_limit",
        "orders.paid",
        "acme-woo",
        2,
    )
    copies = both.broker.peek(names.errors("orders"))
    assert (copies[-1].headers["reason"], copies[-1].headers["copy_id"]) == ("delivery_limit", row.copy_id)
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
def test_dead_letter_that_is_no_event_is_tried_too_and_nothing_of_it_is_lost(room: Room) -> None:
    with room.desk():
        room.broker.publish("", names.dead("orders"), b"\xff not json")
        wait_for(lambda: room.broker.count("orders") == 1, what="it is tried")

    (back,) = room.taken_from_workflow()
    assert back.body == b"\xff not json"
    assert room.statuses() == {"retry_issued": 1}


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
        wait_for(lambda: room.broker.count("orders") == 1, timeout_seconds=20, what="it is tried")

    (back,) = room.taken_from_workflow()
    assert back.body == body_of(1)
    assert room.row(1).status == "retry_issued"
