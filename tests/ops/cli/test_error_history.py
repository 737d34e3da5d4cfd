"""``counterfoil errors show`` says what was done about a failed message, by whom, and what came of it."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ops.cli.error_history import changes
from ops.desk.reading import Arrival
from tests.ops.cli.test_errors import printed, run
from tests.ops.desk.room import Room, failure, now, open_room
from tests.ops.desk.test_editing import ORIGINAL, event, valid_data
from tests.rig.broker import Broker
from workers.ledger.edits import Edit


@pytest.fixture
def room(broker: Broker, sqlite_url: str) -> Iterator[Room]:
    with open_room(broker, sqlite_url) as room:
        yield room


@pytest.mark.broker
def test_show_tells_each_command_about_the_message_and_no_other(room: Room) -> None:
    room.fail(replace(failure(1), body=ORIGINAL), failure(2))
    workbench = room.workbench(allow_edit=True)
    group = failure(1).group_id
    for command in (
        {"command": "restore", "event_id": "event-1", "by": "ben"},
        {"command": "ignore", "event_id": "event-2", "reason": "another one", "by": "ben"},
        {"command": "retry_all", "group": group, "by": "anna"},
    ):
        workbench.handle(Arrival(json.dumps(command).encode()))
    room.fail(replace(failure(1), body=ORIGINAL))
    edit = {"command": "edit", "event_id": "event-1", "event": event(data=valid_data()), "by": "anna"}
    workbench.handle(Arrival(json.dumps(edit | {"reason": "typing error"}).encode()))

    shown = printed(room, "show", "event-1")
    text = run(room, "show", "event-1").output

    told = [(one["command"], one["by"], one["result"]) for one in shown["history"]]
    assert told == [
        ("restore", "ben", "refused"),
        ("retry_all", "anna", "accepted"),
        ("edit", "anna", "accepted"),
    ]
    assert shown["history"][0]["why"] == "event-1 is not ignored. Use retry."
    assert shown["history"][2]["edited"]["data.number"] == {"was": 1, "is": None}
    assert 'edit by anna: accepted ("typing error")' in text
    assert "data.number: 1 -> null" in text
    assert "another one" not in text


@pytest.mark.broker
def test_show_of_a_fresh_failure_has_no_history(room: Room) -> None:
    room.fail(failure(1))

    assert printed(room, "show", "event-1")["history"] == []
    assert "history" not in run(room, "show", "event-1").output


def test_change_of_an_edit_is_told_by_its_place_in_the_payload() -> None:
    was = {"data": {"lines": [{"total": "12"}, {"total": "5"}], "note": None, "same": {}}}
    edited = {"data": {"lines": [{"total": "13"}], "same": {}, "more": True}}
    edit = Edit(
        "orders", "c", "acme", "e", json.dumps(was).encode(), json.dumps(edited).encode(), "anna", now()
    )

    assert changes(edit) == {
        "data.lines.0.total": {"was": "12", "is": "13"},
        "data.lines.1.total": {"was": "5", "is": None},
        "data.note": {"was": None, "is": None},
        "data.more": {"was": None, "is": True},
    }
