"""A desk that is killed between any two steps of a command: after a restart the command has happened once."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from events import names
from tests.ops.desk.room import Room, body_of, failure
from tests.rig.fixtures import StartProcess
from tests.rig.processes import Process
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker
ROOT = Path(__file__).resolve().parents[3]
STEPS = ("received", "claimed", "published", "committed", "answered")
LAST = {"command": "retry_all", "group": "no-such-group"}


def killed_at(step: str, times: int, room: Room, process: StartProcess) -> Process:
    """Start a desk that dies at a step."""
    return process(
        sys.executable,
        *("-m", "tests.ops.desk.killed_desk", step, str(times)),
        environment={
            "COUNTERFOIL_BROKER_URL": room.broker.url,
            "COUNTERFOIL_DATABASE_URL": room.ledger.url.render_as_string(hide_password=False),
            "COUNTERFOIL_METRICS_LISTEN": "127.0.0.1:0",
        },
        folder=ROOT,
    )


def restart_and_finish(room: Room) -> list[dict[str, object]]:
    """Start a desk, wait until everything before ``LAST`` is done, and give the answers before that one."""

    def last_is_answered() -> bool:
        return "no-such-group" in str(room.answers()[-1:])

    with room.desk():
        room.command(LAST)
        wait_for(last_is_answered, timeout_seconds=30, what="the last command is answered")
    assert room.broker.count(names.commands("orders")) == 0
    return room.answers()[:-1]


@pytest.mark.parametrize(
    ("step", "named"),
    [*((step, False) for step in STEPS), ("claimed", True), ("answered", True)],
    ids=[*(f"{step}-as-in-the-ui" for step in STEPS), "claimed-with-an-id", "answered-with-an-id"],
)
def test_retry_happens_once_when_the_desk_is_killed(
    room: Room, process: StartProcess, step: str, named: bool
) -> None:
    room.fail(failure(1), failure(2))
    dying = killed_at(step, 1, room, process)
    room.command({"command": "retry", "event_id": "event-1"} | ({"id": "monday-1"} if named else {}))
    assert dying.wait_end() == -9

    answers = restart_and_finish(room)

    back = [message.properties["message_id"] for message in room.taken_from_workflow()]
    assert back == ["event-1"] * (2 if step == "published" else 1)
    assert (room.row(1).status, room.row(2).status) == ("retry_issued", "unresolved")
    assert [(answer["result"], answer["matched"]) for answer in answers] == [("accepted", 1)] * (
        2 if step == "answered" else 1
    )
    assert len({answer["id"] for answer in answers}) == 1
    assert [row.status for row in room.command_rows()] == ["done", "refused"]


@pytest.mark.parametrize("step", ["received", "claimed", "answered"])
def test_ignore_happens_once_when_the_desk_is_killed(room: Room, process: StartProcess, step: str) -> None:
    room.fail(failure(1))
    dying = killed_at(step, 1, room, process)
    room.command({"command": "ignore", "event_id": "event-1", "reason": "test"})
    assert dying.wait_end() == -9

    answers = restart_and_finish(room)

    assert room.row(1).status == "ignored"
    assert {answer["result"] for answer in answers} == {"accepted"}
    assert [row.status for row in room.command_rows()] == ["done", "refused"]


def test_retry_all_killed_half_way_goes_on_where_it_stopped(room: Room, process: StartProcess) -> None:
    room.fail(*(failure(number) for number in range(3500)))
    dying = killed_at("published", 2, room, process)
    room.command({"command": "retry_all"})
    assert dying.wait_end() == -9
    room.fail(failure(9000))

    with room.desk():
        (answer,) = room.wait_answers(1)

    assert (answer["result"], answer["matched"], answer["done"]) == ("accepted", 3500, 3500)
    back = Counter(message.properties["message_id"] for message in room.broker.take("orders", 5000))
    assert set(back) == {f"event-{number}" for number in range(3500)}
    assert back.total() == 4500  # the chunk whose commit was missing went out twice; workers absorb that
    assert room.statuses() == {"retry_issued": 3500, "unresolved": 1}


def test_command_whose_message_was_purged_half_way_is_finished(room: Room, process: StartProcess) -> None:
    room.fail(*(failure(number) for number in range(10)))
    dying = killed_at("claimed", 1, room, process)
    room.command({"command": "retry_all"})
    assert dying.wait_end() == -9
    wait_for(lambda: room.broker.count(names.commands("orders")) == 1, what="the command is back")
    room.broker.purge(names.commands("orders"))

    with room.desk():
        (answer,) = room.wait_answers(1)

    assert (answer["result"], answer["done"]) == ("accepted", 10)
    assert len(room.taken_from_workflow()) == 10


def test_release_killed_before_the_acks_loses_nothing(room: Room, process: StartProcess) -> None:
    for number in range(10):
        room.broker.publish("", names.held("orders"), body_of(number))
    dying = killed_at("published", 1, room, process)
    room.command({"command": "release", "connection": "acme-woo"})
    assert dying.wait_end() == -9

    restart_and_finish(room)

    assert room.broker.count(names.held("orders")) == 0
    released = {message.body for message in room.taken_from_workflow()}
    assert released == {body_of(number) for number in range(10)}


def test_desk_ends_cleanly_on_sigterm(room: Room, process: StartProcess) -> None:
    room.fail(failure(1))
    desk = killed_at("never", 1, room, process)
    room.command({"command": "retry", "event_id": "event-1"})
    room.wait_answers(1)

    code = desk.terminate()

    assert code == 0
    assert "Traceback" not in desk.output
    assert room.broker.count(names.commands("orders")) == 0


def test_two_desks_by_mistake_carry_out_each_command_once(room: Room, process: StartProcess) -> None:
    room.fail(*(failure(number) for number in range(40)))
    first = killed_at("never", 1, room, process)
    with room.desk():
        for number in range(40):
            room.command({"command": "retry", "event_id": f"event-{number}"})
            room.command({"command": "retry", "event_id": f"event-{number}"})
        answers = room.wait_answers(80)
    first.terminate()

    assert Counter(answer["result"] for answer in answers) == {"accepted": 40, "refused": 40}
    assert len(room.taken_from_workflow()) == 40
