"""Every command with every kind of bad input: refused in a sentence that names the field, whatever was sent."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ops.desk.reading import Arrival, NotUnderstood, Understood, read_command
from schemas.commands import CommandShape
from tests.ops.desk.room import Room, failure

GOOD: dict[str, dict[str, Any]] = {
    "retry": {"event_id": "e"},
    "ignore": {"event_id": "e", "reason": "test"},
    "retry_all": {"group": "g", "connection": "acme"},
    "ignore_all": {"group": "g", "connection": "acme", "reason": "test"},
    "restore": {"event_id": "e", "reason": "test"},
    "release": {"connection": "acme"},
    "edit": {"event_id": "e", "event": {"id": "e"}, "reason": "test"},
    "cancel": {"id": "c"},
}
OPTIONAL_NULL = {"id", "by", "group", "connection"}
TEXT_LIMITS = {"event_id": 128, "group": 128, "id": 128, "by": 200, "reason": 1000, "connection": 63}
WRONG_KIND = (7, 1.5, True, [], ["e"], {"a": 1})
BAD_NAMES = ("Acme", "acme woo", "-acme", "acme-", "äcme", "acme\n", "../acme")


def bad_values(command: str) -> Iterator[tuple[str, Any]]:
    """Field and value, each of them wrong by itself."""
    for field in {"id": "c", "by": "anna"} | GOOD[command]:
        if field == "event":
            yield from ((field, value) for value in (None, "{}", [], 7))
            continue
        yield from ((field, value) for value in WRONG_KIND)
        yield field, "x" * (TEXT_LIMITS[field] + 1)
        yield field, "a\x00b"
        if field not in OPTIONAL_NULL or (field in GOOD[command] and command in ("cancel", "release")):
            yield field, None
        if field in ("event_id", "group", "id", "connection"):
            yield field, ""
        if field == "connection":
            yield from ((field, name) for name in BAD_NAMES)


def read(command: str, **changes: Any) -> Understood | NotUnderstood:
    return read_command(Arrival(json.dumps({"command": command, **GOOD[command], **changes}).encode()))


def test_every_command_has_its_good_example() -> None:
    assert len(GOOD) == len(CommandShape.__subclasses__())
    assert all(isinstance(read(command), Understood) for command in GOOD)


@pytest.mark.parametrize("command", GOOD)
def test_wrong_value_is_refused_and_the_field_is_named(command: str) -> None:
    for field, value in bad_values(command):
        found = read(command, **{field: value})

        assert isinstance(found, NotUnderstood), (field, value)
        assert found.why.startswith(f'The field "{field}"'), (field, value, found.why)
        assert len(found.why) < 200 and found.why.endswith("."), found.why


@pytest.mark.parametrize("command", GOOD)
def test_missing_and_unknown_fields_are_named(command: str) -> None:
    optional = {"reason", "group"} | ({"connection"} if command != "release" else set())
    for field in GOOD[command].keys() - optional:
        without = {"command": command} | {
            name: GOOD[command][name] for name in GOOD[command] if name != field
        }
        found = read_command(Arrival(json.dumps(without).encode()))
        assert isinstance(found, NotUnderstood) and found.why == f'The field "{field}" is missing.'

    for field in ("forse", "Event_id", "x" * 500, "", "event_id "):
        found = read(command, **{field: "e"})
        assert isinstance(found, NotUnderstood), field
        assert found.why == f'There is no field "{field[:40]}" in this command.'


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"7",
        b"{",
        b'{"command": "retry", "event_id": "e"} trailing',
        b'{"command": "retry", "event_id": "\\ud800"}',
        b'{"command": "retry", "event_id": "\xff"}',
        b"{'command': 'retry', 'event_id': 'e'}",
        b'{"command": ["retry"], "event_id": "e"}',
        b'{"command": null, "event_id": "e"}',
        b'{"command": "RETRY", "event_id": "e"}',
        b'{"command": "retry ", "event_id": "e"}',
        b'{"Command": "retry", "event_id": "e"}',
        b"[" * 100_000,
        b'{"command": "edit", "event_id": "e", "event": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
    ],
    ids=lambda body: body[:40].decode("ascii", "replace"),
)
def test_what_is_no_command_is_told_so_in_one_sentence(body: bytes) -> None:
    found = read_command(Arrival(body))

    assert isinstance(found, NotUnderstood)
    assert 10 < len(found.why) < 250 and found.why.endswith("."), found.why


@pytest.mark.broker
def test_two_operators_who_press_at_once_retry_each_message_once(room: Room) -> None:
    room.fail(*(failure(number) for number in range(10)))
    together = threading.Barrier(2)

    def press(name: str) -> None:
        together.wait(30)
        for number in range(10):
            room.command({"command": "retry", "event_id": f"event-{number}", "by": name})
        room.command({"command": "retry_all", "by": name})

    operators = [threading.Thread(target=press, args=(name,)) for name in ("anna", "ben")]
    with room.desk():
        for one in operators:
            one.start()
        for one in operators:
            one.join(60)
        answers = room.wait_answers(22)

    of_many = sum(answer["matched"] for answer in answers if answer["command"] == "retry_all")
    assert sum(answer["matched"] for answer in answers) == 10
    assert sum(answer["result"] == "refused" for answer in answers) == 10 + of_many
    assert len(room.taken_from_workflow()) == 10
