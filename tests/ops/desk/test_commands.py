"""Every command, given as an operator gives it in the Management UI: what happens, and what nothing happens to."""

import pytest

from events import names
from ops.desk.claiming import EDIT_IS_OFF
from tests.ops.desk.room import Room, body_of, failure, now, own_headers
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker


def test_retry_puts_the_message_back_as_it_came_and_answers(both: Room) -> None:
    both.fail(failure(1), failure(2))

    with both.desk():
        both.command({"command": "retry", "event_id": "event-1", "by": "anna"})
        (answer,) = both.wait_answers(1)

    (message,) = both.taken_from_workflow()
    assert message.body == body_of(1)
    assert (message.properties["message_id"], own_headers(message)) == ("event-1", {})
    assert (both.row(1).status, both.row(2).status) == ("retry_issued", "unresolved")
    assert (both.row(1).changed_by, both.row(1).command_id) == ("anna", answer["id"])
    assert (answer["result"], answer["command"], answer["event_id"]) == ("accepted", "retry", "event-1")
    assert (answer["matched"], answer["done"], answer["by"]) == (1, 1, "anna")


def test_second_retry_of_the_same_message_is_refused_and_publishes_nothing(room: Room) -> None:
    room.fail(failure(1))

    with room.desk():
        room.command({"command": "retry", "event_id": "event-1", "by": "anna"})
        room.command({"command": "retry", "event_id": "event-1", "by": "ben"})
        first, second = room.wait_answers(2)

    assert (first["result"], second["result"]) == ("accepted", "refused")
    assert "being retried already" in second["why"] and "by anna" in second["why"]
    assert len(room.taken_from_workflow()) == 1


def test_retry_all_takes_the_group_and_leaves_the_others(both: Room) -> None:
    group = [failure(number) for number in range(1, 6)]
    both.fail(*group, failure(6, cause="PST 7%"), failure(7, connection_id="other-shop"))

    with both.desk():
        both.command({"command": "retry_all", "group": group[0].group_id})
        (answer,) = both.wait_answers(1)

    assert (answer["matched"], answer["done"]) == (5, 5)
    back = [message.properties["message_id"] for message in both.taken_from_workflow()]
    assert back == [f"event-{number}" for number in range(1, 6)]
    assert both.statuses() == {"retry_issued": 5, "unresolved": 2}


def test_retry_all_of_a_connection_leaves_other_connections(room: Room) -> None:
    room.fail(failure(1), failure(2, connection_id="other-shop"), failure(3, cause="PST"))

    with room.desk():
        room.command({"command": "retry_all", "connection": "acme-woo"})
        (answer,) = room.wait_answers(1)

    assert answer["matched"] == 2
    assert room.row(2).status == "unresolved"


def test_second_presser_of_retry_all_gets_nothing(both: Room) -> None:
    both.fail(*(failure(number) for number in range(20)))

    with both.desk():
        both.command({"command": "retry_all"})
        both.command({"command": "retry_all"})
        first, second = both.wait_answers(2)

    assert (first["matched"], second["matched"]) == (20, 0)
    assert (second["result"], second["why"]) == ("accepted", "Nothing is unresolved there any more.")
    assert len(both.taken_from_workflow()) == 20


def test_failure_that_arrives_after_the_command_is_not_touched(room: Room) -> None:
    room.fail(failure(1), failure(2, failed_at=now().replace(year=2099)))

    with room.desk():
        room.command({"command": "retry_all"})
        (answer,) = room.wait_answers(1)

    assert answer["matched"] == 1
    assert room.row(2).status == "unresolved"


def test_ignore_drops_the_message_and_keeps_who_and_why(both: Room) -> None:
    both.fail(failure(1), failure(2))

    with both.desk():
        both.command({"command": "ignore", "event_id": "event-1", "reason": "test order", "by": "anna"})
        (answer,) = both.wait_answers(1)

    row = both.row(1)
    assert (row.status, row.ignore_reason, row.changed_by) == ("ignored", "test order", "anna")
    assert (answer["result"], answer["reason"]) == ("accepted", "test order")
    assert both.taken_from_workflow() == []
    assert both.row(2).status == "unresolved"


def test_ignore_all_drops_the_group(room: Room) -> None:
    room.fail(failure(1), failure(2), failure(3, cause="PST 7%"))

    with room.desk():
        room.command({"command": "ignore_all", "group": failure(1).group_id, "reason": "demo shop"})
        (answer,) = room.wait_answers(1)

    assert (answer["matched"], room.statuses()) == (2, {"ignored": 2, "unresolved": 1})


def test_restore_replays_all_that_was_ignored_of_the_same_order(both: Room) -> None:
    refund = failure(3, subject="refund/9", object_key="order/1")
    both.fail(failure(1), failure(2, subject="order/1", object_key="order/1"), refund, failure(4))

    with both.desk():
        both.command({"command": "ignore_all"})
        both.command({"command": "restore", "event_id": "event-1"})
        _, answer = both.wait_answers(2)

    assert (answer["result"], answer["matched"]) == ("accepted", 2)
    back = [message.properties["message_id"] for message in both.taken_from_workflow()]
    assert back == ["event-1", "event-2"]
    assert (both.row(3).status, both.row(4).status) == ("ignored", "ignored")


def test_release_moves_one_connections_events_and_keeps_the_others_in_order(both: Room) -> None:
    for number in range(12):
        connection = "acme-woo" if number % 3 else "other-shop"
        both.broker.publish(
            "",
            names.held("orders"),
            body_of(number, connection=connection),
            headers={"attempts": 2, "connection": connection} if number % 2 else {},
            properties={"message_id": f"event-{number}"},
        )

    with both.desk():
        both.command({"command": "release", "connection": "acme-woo"})
        (answer,) = both.wait_answers(1)

    assert (answer["result"], answer["matched"]) == ("accepted", 8)
    released = both.taken_from_workflow()
    assert [one.properties["message_id"] for one in released] == [
        f"event-{number}" for number in range(12) if number % 3
    ]
    assert own_headers(released[0]) == {"attempts": 2, "connection": "acme-woo"}
    wait_for(lambda: both.broker.count(names.held("orders")) == 4, what="the others are back")
    held = [one.properties["message_id"] for one in both.broker.take(names.held("orders"))]
    assert held == ["event-0", "event-3", "event-6", "event-9"]


def test_command_with_an_id_that_was_carried_out_is_refused_as_a_repeat(room: Room) -> None:
    room.fail(failure(1), failure(2))

    with room.desk():
        room.command({"command": "retry", "event_id": "event-1", "id": "monday-1"})
        room.command({"command": "retry", "event_id": "event-2", "id": "monday-1"})
        first, second = room.wait_answers(2)

    assert (first["result"], second["result"]) == ("accepted", "refused")
    assert second["why"] == "A command with the id monday-1 was carried out already."
    assert room.row(2).status == "unresolved"


def test_id_of_a_refused_command_may_be_used_again(room: Room) -> None:
    room.fail(failure(1))

    with room.desk():
        room.command({"command": "retry", "event_id": "event-77", "id": "monday-1"})
        room.command({"command": "retry", "event_id": "event-1", "id": "monday-1"})
        first, second = room.wait_answers(2)

    assert (first["result"], second["result"]) == ("refused", "accepted")
    (row,) = room.command_rows()
    assert (row.command_id, row.status) == ("monday-1", "done")


ABOUT_NOTHING = [
    ({"command": "retry", "event_id": "nope"}, "There is no failed message nope in orders."),
    ({"command": "ignore", "event_id": "nope"}, "There is no failed message nope in orders."),
    ({"command": "restore", "event_id": "nope"}, "There is no failed message nope in orders."),
    ({"command": "restore", "event_id": "event-1"}, "event-1 is not ignored. Use retry."),
    ({"command": "retry_all", "group": "abc"}, "There is no failure group abc in orders."),
    ({"command": "ignore_all", "group": "abc"}, "There is no failure group abc in orders."),
    ({"command": "release", "connection": "nobody"}, "There is no connection nobody."),
    ({"command": "cancel", "id": "nope"}, "There is no command nope in orders."),
    ({"command": "edit", "event_id": "event-1", "event": {}}, EDIT_IS_OFF),
    (
        {"command": "retry", "event_id": "event-2"},
        "event-2 is a failed message of contacts: publish with routing key contacts.",
    ),
]


def test_well_formed_commands_about_nothing_are_refused_with_a_sentence(room: Room) -> None:
    room.fail(failure(1), failure(2, workflow="contacts"))

    with room.desk():
        for command, _ in ABOUT_NOTHING:
            room.command(command)
        answers = room.wait_answers(len(ABOUT_NOTHING))

    assert [answer["why"] for answer in answers] == [why for _, why in ABOUT_NOTHING]
    assert {(answer["result"], answer["matched"]) for answer in answers} == {("refused", 0)}
    assert room.statuses() == {"unresolved": 2}
    assert room.broker.count(names.COMMANDS_REJECTED) == 0
    assert room.broker.count("orders") == 0


NOT_UNDERSTOOD = [
    (b"retry event-1", "The body is not JSON: expected value at line 1 column 1."),
    (b"", "The body is not JSON: EOF while parsing a value at line 1 column 0."),
    (b"\xff\xfe{}", "The body is not JSON: expected value at line 1 column 1."),
    (b'["retry"]', 'The body must be a JSON object, for example {"command": "retry", "event_id": "…"}.'),
    (b'"retry"', 'The body must be a JSON object, for example {"command": "retry", "event_id": "…"}.'),
    (b"{}", 'The field "command" is missing.'),
    (b'{"command": "retyr", "event_id": "event-1"}', 'There is no command "retyr".'),
    (b'{"command": "retry"}', 'The field "event_id" is missing.'),
    (b'{"command": "retry", "evnt_id": "event-1"}', 'The field "event_id" is missing.'),
    (
        b'{"command": "retry", "event_id": "event-1", "force": true}',
        'There is no field "force" in this command.',
    ),
    (b'{"command": "retry", "event_id": ""}', 'The field "event_id" is wrong: '),
    (b'{"command": "retry", "event_id": 7}', 'The field "event_id" is wrong: Input should be a valid string'),
    (b'{"command": "release", "connection": "A B"}', 'The field "connection" is wrong: '),
    (b'{"command": "retry", "event_id": "\\u0000"}', 'The field "event_id" is wrong: must not hold a NUL'),
    (b'{"command": "edit", "event_id": "event-1"}', 'The field "event" is missing.'),
    (b'{"command": "edit", "event_id": "event-1", "event": "{}"}', 'The field "event" is wrong: '),
    (b'{"command": "cancel"}', 'The field "id" is missing.'),
    (b'{"command": "cancel", "id": null}', 'The field "id" is wrong: '),
    (b'{"command": "restore", "event_id": "event-1", "reason": 5}', 'The field "reason" is wrong: '),
    (
        b'{"command": "retry", "event_id": "' + b"x" * 2_100_000 + b'"}',
        "The body is longer than 2097152 bytes.",
    ),
]


def test_commands_that_are_not_understood_are_set_aside_untouched(room: Room) -> None:
    room.fail(failure(1))

    with room.desk():
        for body, _ in NOT_UNDERSTOOD:
            room.command(body)
        answers = room.wait_answers(len(NOT_UNDERSTOOD))

    rejected = room.broker.peek(names.COMMANDS_REJECTED)
    assert [message.body for message in rejected] == [body for body, _ in NOT_UNDERSTOOD]
    for (_, why), answer, message in zip(NOT_UNDERSTOOD, answers, rejected, strict=True):
        assert answer["result"] == "refused"
        assert answer["why"].startswith(why)
        assert message.headers["reason"].startswith(why)
    assert room.row(1).status == "unresolved"
    assert room.command_rows() == []


def test_user_that_the_broker_checked_wins_over_by(room: Room) -> None:
    room.fail(failure(1))

    with room.desk():
        room.command({"command": "retry", "event_id": "event-1"}, properties={"user_id": "guest"})
        (answer,) = room.wait_answers(1)

    assert (answer["by"], room.row(1).changed_by) == ("guest", "guest")


def test_command_that_claims_another_name_is_refused(room: Room) -> None:
    room.fail(failure(1))

    with room.desk():
        room.command(
            {"command": "retry", "event_id": "event-1", "by": "boss"}, properties={"user_id": "guest"}
        )
        (answer,) = room.wait_answers(1)

    assert (answer["result"], answer["by"]) == ("refused", "guest")
    assert answer["why"] == "It says that it is by boss, but RabbitMQ says that it is by guest."
    assert room.row(1).status == "unresolved"


def test_typo_in_the_routing_key_is_told_by_the_broker_itself(room: Room) -> None:
    routed = room.broker.publish(names.COMMANDS, "order", {"command": "retry_all"})

    assert routed is False


def test_retry_without_the_workflows_queue_gives_the_message_back(room: Room) -> None:
    room.fail(failure(1))
    with room.broker.channel() as channel:
        channel.queue_delete("orders")

    with room.desk():
        room.command({"command": "retry", "event_id": "event-1"})
        (answer,) = room.wait_answers(1)

    assert (answer["matched"], answer["done"]) == (1, 0)
    assert "counterfoil setup" in answer["why"]
    assert room.row(1).status == "unresolved"


def test_commands_are_counted(room: Room) -> None:
    with room.desk():
        room.command({"command": "retry_all"})
        room.command({"command": "retry", "event_id": "nope"})
        room.command("nonsense")
        room.wait_answers(3)
        counted = room.metrics.registry.get_sample_value

        def all_counted() -> bool:
            return (
                counted("counterfoil_commands_total", {"command": "retry_all", "result": "accepted"}) == 1
                and counted("counterfoil_commands_total", {"command": "retry", "result": "refused"}) == 1
                and counted("counterfoil_commands_total", {"command": "not understood", "result": "refused"})
                == 1
            )

        wait_for(all_counted, what="three commands are counted")
