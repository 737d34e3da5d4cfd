"""Edit and retry: off by default, another payload only, and both messages are kept."""

import json
from dataclasses import replace
from typing import Any

import pytest

from ops.desk.claiming import EDIT_IS_OFF
from ops.desk.editing import EditRefused, edited
from ops.desk.reading import Arrival
from tests.ops.desk.room import Room, body_of, failure
from workers.ledger.edits import edits_of
from workers.ledger.engine import reading

REMOVED = {"order_id": "1", "deleted_at": "2026-11-24T08:15:00Z"}


def event(**changes: Any) -> dict[str, Any]:
    """A deleted order as an event; its payload is short."""
    return json.loads(body_of(1)) | {"type": "orders.deleted", "data": {"number": 1}} | changes


ORIGINAL = json.dumps(event()).encode()


def valid_data() -> dict[str, Any]:
    """A payload that fits ``orders.deleted``, whatever that asks for."""
    from schemas.event_types import EVENT_TYPES

    fields = EVENT_TYPES["orders.deleted"].model_fields
    return {name: REMOVED.get(name, "1") for name, field in fields.items() if field.is_required()}


def give(room: Room, command: dict[str, Any], *, allow_edit: bool = True) -> dict[str, Any]:
    room.workbench(allow_edit=allow_edit).handle(Arrival(json.dumps(command).encode()))
    return room.answers()[-1]


@pytest.mark.broker
def test_edited_message_is_retried_and_the_original_is_kept(both: Room) -> None:
    both.fail(replace(failure(1), body=ORIGINAL))
    better = event(data=valid_data())

    answer = give(both, {"command": "edit", "event_id": "event-1", "event": better, "by": "anna"})

    assert (answer["result"], answer["matched"], answer["done"]) == ("accepted", 1, 1)
    (message,) = both.taken_from_workflow()
    assert (message.json(), message.properties["message_id"]) == (better, "event-1")
    with reading(both.ledger) as connection:
        (edit,) = edits_of(connection, "orders", "acme-woo", "event-1")
    assert (edit.original, json.loads(edit.edited), edit.edited_by) == (ORIGINAL, better, "anna")
    assert (both.row(1).command_id, both.row(1).body) == (edit.command_id, ORIGINAL)


@pytest.mark.broker
def test_edit_is_off_unless_the_desk_allows_it(room: Room) -> None:
    room.fail(replace(failure(1), body=ORIGINAL))

    answer = give(
        room,
        {"command": "edit", "event_id": "event-1", "event": event(data=valid_data())},
        allow_edit=False,
    )

    assert (answer["result"], answer["why"]) == ("refused", EDIT_IS_OFF)
    assert (room.row(1).status, room.broker.count("orders")) == ("unresolved", 0)


@pytest.mark.broker
def test_edit_that_is_no_good_changes_nothing(room: Room) -> None:
    room.fail(replace(failure(1), body=ORIGINAL))

    answer = give(room, {"command": "edit", "event_id": "event-1", "event": event(data={"x": 1})})
    unknown = give(room, {"command": "edit", "event_id": "nope", "event": event()})

    assert answer["result"] == unknown["result"] == "refused"
    assert answer["why"].startswith('The edited event is not valid: "data.')
    assert unknown["why"] == "There is no failed message nope in orders."
    assert room.row(1).status == "unresolved"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "event-2"),
        ("source", "elsewhere"),
        ("connection", "other-shop"),
        ("subject", "order/2"),
        ("type", "orders.paid"),
        ("time", "2027-01-01T00:00:00Z"),
        ("partitionkey", "order/2"),
    ],
)
def test_what_names_the_event_stays_as_it_was(field: str, value: str) -> None:
    with pytest.raises(EditRefused, match=f'^"{field}" names the event'):
        edited(ORIGINAL, event(data=valid_data()) | {field: value})


def test_unchanged_event_and_message_that_is_no_event_are_refused() -> None:
    with pytest.raises(EditRefused, match="Nothing is changed"):
        edited(ORIGINAL, event())
    with pytest.raises(EditRefused, match="no valid event"):
        edited(b"not json", event())
