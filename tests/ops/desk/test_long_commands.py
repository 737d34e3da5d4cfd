"""A command about thousands: others are not kept waiting, its progress can be read, and it can be stopped."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from events import names
from ops.desk.carry_out import Workbench
from ops.desk.reading import Arrival
from tests.ops.desk.room import Room, failure
from tests.ops.desk.test_killed import killed_at
from tests.rig.fixtures import StartProcess
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker
MANY = 2500
ALL = {"command": "retry_all", "group": failure(1).group_id, "id": "monday-1", "by": "anna"}
STOP = {"command": "cancel", "id": "monday-1", "by": "ben"}


@pytest.fixture
def full(room: Room) -> Room:
    """Many failures of one cause, and one of another."""
    room.fail(*(failure(number) for number in range(MANY)), failure(9000, cause="PST 7%"))
    return room


def give(workbench: Workbench, body: dict[str, Any], **more: Any) -> str:
    return workbench.handle(Arrival(json.dumps(body).encode(), **more)).result


def by_command(answers: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(answer["command"]): answer for answer in answers}


def test_other_commands_are_answered_while_a_long_one_is_at_work(full: Room) -> None:
    full.command(ALL)
    full.command({"command": "retry", "event_id": "event-9000"})

    with full.desk():
        answers = by_command(full.wait_answers(2))

    assert answers["retry"]["answered_at"] < answers["retry_all"]["answered_at"]
    assert (answers["retry_all"]["matched"], answers["retry_all"]["done"]) == (MANY, MANY)
    assert full.statuses() == {"retry_issued": MANY + 1}
    assert full.broker.count("orders") == MANY + 1


def test_cancelled_command_keeps_what_is_done_and_the_rest_stays_unresolved(full: Room) -> None:
    workbench = full.workbench()

    begun = give(workbench, ALL)
    workbench.work()
    stopped = give(workbench, STOP)

    assert (begun, stopped, workbench.busy) == ("running", "accepted", False)
    answers = by_command(full.answers())
    why = "Cancelled by ben: 1000 went back to orders, 1500 stay unresolved."
    assert (answers["retry_all"]["result"], answers["retry_all"]["done"]) == ("cancelled", 1000)
    assert (answers["cancel"]["matched"], answers["cancel"]["cancels"]) == (1500, "monday-1")
    assert answers["retry_all"]["why"] == answers["cancel"]["why"] == why
    assert full.statuses() == {"retry_issued": 1000, "unresolved": 1501}
    back = [message.properties["message_id"] for message in full.broker.take("orders", MANY)]
    assert back == [f"event-{number}" for number in range(1000)]


def test_cancelled_command_leaves_the_other_copies_in_their_order(full: Room) -> None:
    workbench = full.workbench()
    give(workbench, ALL)
    workbench.work()
    full.sweeper().sweep("orders")  # a pass in the middle takes nothing of what the command works on

    give(workbench, STOP)
    full.sweeper().sweep("orders")

    expected = [*range(1000, MANY), 9000]
    wait_for(
        lambda: full.broker.count(names.errors("orders")) == len(expected), what="settled copies are gone"
    )
    assert full.copies() == [f"event-{number}" for number in expected]


def test_cancel_reaches_a_desk_that_is_at_work(full: Room) -> None:
    full.command(ALL)
    full.command(STOP)

    with full.desk():
        answers = by_command(full.wait_answers(2))

    done = answers["retry_all"]["done"]
    assert answers["retry_all"]["result"] == "cancelled"
    assert (done < MANY, answers["cancel"]["matched"]) == (True, MANY - done)
    assert full.statuses() == {"retry_issued": done, "unresolved": MANY + 1 - done}
    assert full.broker.count("orders") == done


def test_cancel_is_known_again_after_a_crash_before_its_answer(full: Room) -> None:
    workbench = full.workbench()
    give(workbench, ALL)
    give(workbench, STOP)
    before = full.statuses()

    again = give(full.workbench(), STOP, redelivered=True)

    assert (again, full.statuses()) == ("accepted", before)


@pytest.mark.parametrize("ended", ["done", "cancelled", "refused"])
def test_command_that_has_ended_cannot_be_cancelled(room: Room, ended: str) -> None:
    room.fail(failure(1))
    workbench = room.workbench()
    event = "nope" if ended == "refused" else "event-1"
    give(workbench, {"command": "retry", "event_id": event, "id": "monday-1"})
    if ended == "cancelled":
        room.fail(*(failure(number) for number in range(2, 1500)))
        give(workbench, ALL | {"id": "monday-2"})
        give(workbench, STOP | {"id": "monday-2"})

    wanted = "monday-2" if ended == "cancelled" else "monday-1"
    result = give(workbench, STOP | {"id": wanted})

    whys = {
        "done": "Command monday-1 is done: 1 of 1.",
        "cancelled": "Command monday-2 was cancelled already.",
        "refused": "Command monday-1 was refused already.",
    }
    assert (result, room.answers()[-1]["why"]) == ("refused", whys[ended])


def test_progress_of_a_long_command_can_be_read(full: Room) -> None:
    workbench = full.workbench(progress_every=timedelta(0))

    give(workbench, ALL)
    workbench.work()

    (answer,) = full.answers()
    assert (answer["result"], answer["id"]) == ("running", "monday-1")
    assert (answer["done"], answer["matched"]) == (1000, MANY)
    assert workbench.left == MANY - 1000


def test_messages_left_are_a_metric(full: Room) -> None:
    with full.desk():
        full.command(ALL)
        full.wait_answers(1)
        left = full.metrics.registry.get_sample_value

        wait_for(
            lambda: left("counterfoil_command_messages_left", {"workflow": "orders"}) == 0,
            what="nothing is left",
        )


def test_desk_that_is_ended_in_the_middle_goes_on_at_the_next_start(
    full: Room, process: StartProcess
) -> None:
    dying = killed_at("committed", 1, full, process)
    full.command(ALL)
    assert dying.wait_end() == -9
    assert full.broker.count(names.commands("orders")) == 0

    with full.desk():
        (answer,) = full.wait_answers(1)

    assert (answer["result"], answer["done"], answer["by"]) == ("accepted", MANY, "anna")
    assert full.broker.count("orders") == MANY
    assert full.statuses() == {"retry_issued": MANY, "unresolved": 1}


def test_desk_that_was_taken_over_neither_goes_on_nor_answers(full: Room) -> None:
    slow, quick = full.workbench(), full.workbench()
    give(slow, ALL)
    slow.work()
    assert quick.resume() == 1
    give(quick, STOP)
    before = len(full.answers())

    told = slow.work()

    assert (told, slow.busy, len(full.answers())) == (None, False, before)
    assert full.statuses() == {"retry_issued": 1000, "unresolved": 1501}


def test_two_long_commands_share_the_desk(full: Room) -> None:
    full.fail(*(failure(number, cause="PST 7%") for number in range(9001, 11000)))
    workbench = full.workbench()
    give(workbench, ALL)
    give(workbench, {"command": "retry_all", "group": failure(1, cause="PST 7%").group_id})

    ended = [handled for handled in iter(_until_idle(workbench)) if handled is not None]

    assert [handled.matched for handled in ended] == [2000, MANY]
    assert full.statuses() == {"retry_issued": MANY + 2000}


def _until_idle(workbench: Workbench) -> Iterator[Any]:
    while workbench.busy:
        yield workbench.work()
