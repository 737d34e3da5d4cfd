"""``counterfoil errors`` as an operator uses it, with a desk that answers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ops.cli import commanding
from ops.cli.commanding import release_held
from ops.cli.errors import errors
from ops.desk.reading import Arrival
from ops.fixes.way import setting_fix
from ops.settings import Settings
from tests.ops.desk.room import Room, body_of, failure, open_room
from tests.rig.broker import Broker
from workers.ledger.connections import read_connection
from workers.ledger.engine import reading

broker_test = pytest.mark.broker


@pytest.fixture
def room(broker: Broker, sqlite_url: str) -> Iterator[Room]:
    with open_room(broker, sqlite_url) as room:
        yield room


def run(room: Room, *words: str, answer: str | None = None) -> Result:
    settings = Settings(
        broker_url=room.broker.url,
        database_url=room.ledger.url.render_as_string(hide_password=False),
    )
    return CliRunner().invoke(errors, words, obj=settings, input=answer)


def printed(room: Room, *words: str) -> Any:
    result = run(room, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@broker_test
def test_list_and_show_say_what_is_wrong_and_how_to_fix_it(room: Room) -> None:
    room.fail(failure(1), failure(2, cause="PST", workflow="orders"))

    listed = printed(room, "list", "--group", failure(1).group_id)
    shown = printed(room, "show", "event-1")

    assert [one["event_id"] for one in listed] == ["event-1"]
    assert (shown["reason"], shown["fix"]) == ("tax_code_unmapped", failure(1).fix)
    assert shown["runbook"] == "ops/runbooks/tax_code_unmapped.md"
    assert shown["body"] == json.loads(body_of(1))
    text = run(room, "show", "event-1").output
    assert "runbook" in text and '"subject": "order/1"' in text
    assert "GST 5%" in run(room, "list").output
    assert run(room, "list", "--status", "ignored").output == "There are none.\n"


@broker_test
def test_list_says_when_there_are_more(room: Room) -> None:
    room.fail(*(failure(number) for number in range(5)))

    assert "more than these 3" in run(room, "list", "--limit", "3").output
    assert len(printed(room, "list", "--limit", "3")) == 3


@broker_test
def test_retry_ignore_and_restore_wait_for_the_desk(room: Room) -> None:
    room.fail(failure(1), failure(2))

    with room.desk():
        retried = run(room, "retry", "event-1", "--by", "anna")
        ignored = printed(room, "ignore", "event-2", "--reason", "test order")
        restored = run(room, "restore", "event-2")

    assert (retried.exit_code, retried.output) == (0, "Retried: 1 failed message.\n")
    assert (ignored["result"], ignored["reason"], ignored["matched"]) == ("accepted", "test order", 1)
    assert restored.output == "Restored: 1 failed message.\n"
    assert (room.row(1).changed_by, room.row(2).status) == ("anna", "retry_issued")
    assert len(room.taken_from_workflow()) == 2


@broker_test
def test_retry_all_and_ignore_all_take_a_group_or_a_workflow_and_ask_first(room: Room) -> None:
    room.fail(*(failure(number) for number in range(4)), failure(9, cause="PST 7%"))
    group = failure(1).group_id

    with room.desk():
        refused = run(room, "retry-all", group, answer="n\n")
        retried = run(room, "retry-all", group, answer="y\n")
        ignored = printed(room, "ignore-all", "orders", "--yes", "--reason", "demo")
        nothing = run(room, "retry-all", "orders", "--yes")

    assert refused.exit_code == 1
    assert "Retry 4 failed messages of orders?" in retried.output
    assert retried.output.endswith("Retried: 4 failed messages.\n")
    assert (ignored["matched"], room.row(9).ignore_reason) == (1, "demo")
    assert (nothing.exit_code, nothing.output) == (0, "Nothing is unresolved there any more.\n")


@broker_test
def test_running_command_is_cancelled_by_its_id(room: Room) -> None:
    room.fail(*(failure(number) for number in range(1500)))
    room.workbench().handle(Arrival(b'{"command": "retry_all", "id": "monday-1"}'))
    room.command({"command": "cancel", "id": "monday-1"})  # there before the desk goes on with the other

    with room.desk():
        room.wait_answers(2)
    result = run(room, "cancel", "nope")
    with room.desk():
        again = run(room, "cancel", "monday-1")

    assert room.statuses() == {"unresolved": 1500}
    assert (result.exit_code, again.exit_code) == (1, 0)
    assert "There is no command nope." in result.output
    assert "1500 stay unresolved" in again.output


@broker_test
def test_edit_takes_a_file_and_refuses_what_is_no_json(room: Room, tmp_path: Path) -> None:
    room.fail(failure(1))
    file = tmp_path / "event.json"
    file.write_text("{")
    broken = run(room, "edit", "event-1", "--file", str(file))
    file.write_text(body_of(1).decode())

    with room.desk(allow_edit=True):
        unchanged = run(room, "edit", "event-1", "--file", str(file))
    with room.desk():
        off = run(room, "edit", "event-1", "--file", str(file))

    assert [one.exit_code for one in (broken, unchanged, off)] == [1, 1, 1]
    assert "The edited event is not JSON" in broken.output
    assert "Nothing is changed. Use retry." in unchanged.output
    assert "COUNTERFOIL_ALLOW_EDIT=true" in off.output
    assert room.statuses() == {"unresolved": 1}


@broker_test
def test_refused_command_ends_with_one_and_the_desks_sentence(room: Room) -> None:
    room.fail(failure(1))

    with room.desk():
        run(room, "retry", "event-1")
        result = run(room, "retry", "event-1")

    assert result.exit_code == 1
    assert result.output.startswith("Error: event-1 is being retried already, since ")


@broker_test
def test_without_a_desk_the_command_waits_and_the_operator_is_told(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.fail(failure(1))
    monkeypatch.setattr(commanding, "ANSWER_SECONDS", 0.3)

    waiting = run(room, "retry", "event-1")
    published = printed(room, "retry", "event-1", "--no-wait")

    assert waiting.exit_code == 1
    assert "is `counterfoil desk` running?" in waiting.output
    assert published["result"] == "published"
    assert room.broker.count("orders.commands") == 2


@broker_test
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["retry", "nope"], 1, "There is no failed message nope."),
        (["show", "nope"], 1, "There is no failed message nope."),
        (["retry-all", "nope", "--yes"], 1, "nope is neither a failure group nor a workflow."),
        (["fix", "nope"], 1, "Nothing is unresolved under nope."),
        (["retry"], 2, "Missing argument"),
        (["list", "--workflow", "order"], 2, "Invalid value for '--workflow'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_words_get_one_sentence(room: Room, words: list[str], code: int, sentence: str) -> None:
    result = run(room, *words)

    assert result.exit_code == code
    assert sentence in result.output
    assert "Traceback" not in result.output


@broker_test
def test_fix_maps_the_tax_code_and_retries_the_group(room: Room) -> None:
    room.fail(failure(1), failure(2))

    with room.desk():
        result = run(room, "fix", failure(1).group_id, "--to", "12", "--retry")

    assert result.exit_code == 0, result.output
    assert result.output == "Changed: taxes.GST 5% = 12\nRetried: 2 failed messages.\n"
    with reading(room.ledger) as connection:
        stored = read_connection(connection, "acme-woo")
    assert stored is not None
    assert stored.connection.settings.taxes == {"GST 5%": "12"}
    assert room.statuses() == {"retry_issued": 2}


@broker_test
def test_fix_asks_for_the_value_and_whether_to_retry(room: Room) -> None:
    room.fail(failure(1))

    result = run(room, "fix", "event-1", answer="7\nn\n")

    assert result.exit_code == 0, result.output
    assert 'store tax "GST 5%" has no QuickBooks tax code' in result.output
    assert "Retry the group (1 failed messages)?" in result.output
    assert room.statuses() == {"unresolved": 1}


@broker_test
def test_fix_refuses_a_value_that_the_settings_refuse(room: Room) -> None:
    room.fail(failure(1))

    result = run(room, "fix", "event-1", "--to", "no such id", "--retry")

    assert result.exit_code == 1
    assert "taxes.GST 5%" in result.output
    assert room.statuses() == {"unresolved": 1}


@broker_test
def test_fix_shows_what_to_do_where_no_setting_helps(room: Room) -> None:
    room.fail(failure(1, reason="order_too_long", cause="lines", fix="Book it by hand."))

    result = run(room, "fix", "event-1")
    changed = run(room, "fix", "event-1", "--to", "1")

    assert result.exit_code == 0
    assert "Fix:     Book it by hand." in result.output
    assert "ops/runbooks/order_too_long.md" in result.output
    assert (changed.exit_code, "No setting repairs this group." in changed.output) == (1, True)


@broker_test
def test_fix_accepts_that_a_document_is_gone_and_the_group_is_ignored(room: Room) -> None:
    gone = {"reason": "removed_in_quickbooks", "cause": "Invoice 5", "fix": "counterfoil errors fix EVENT"}
    room.fail(failure(1, **gone), failure(2))

    with room.desk():
        result = run(room, "fix", "event-1", "--way", "accept")

    assert result.output == "Ignored: 1 failed messages.\n"
    assert room.statuses() == {"ignored": 1, "unresolved": 1}


@broker_test
def test_release_goes_to_every_workflow(room: Room) -> None:
    settings = Settings(broker_url=room.broker.url)

    release_held(settings, "acme-woo")

    for workflow in ("orders", "inventory", "contacts"):
        with room.broker.channel() as channel:
            _, _, body = next(channel.consume(f"{workflow}.commands", inactivity_timeout=10))
        command = json.loads(body)
        assert (command["command"], command["connection"]) == ("release", "acme-woo")


@pytest.mark.parametrize(
    ("text", "path", "proposal"),
    [
        ('counterfoil connections set acme taxes."GST 5%"=ID', ("taxes", "GST 5%"), ""),
        ("counterfoil connections set acme 'taxes.\"GST 5%\"=ID'", ("taxes", "GST 5%"), ""),
        ("counterfoil connections set acme items.rounding=ID", ("items", "rounding"), ""),
        ("counterfoil connections set acme unknown_customer=create", ("unknown_customer",), "create"),
    ],
)
def test_fix_text_is_read_as_a_setting(text: str, path: tuple[str, ...], proposal: str) -> None:
    read = setting_fix(text)

    assert read is not None
    assert (read.connection_id, read.path, read.proposal) == ("acme", path, proposal)


def test_other_fix_texts_are_no_settings() -> None:
    assert setting_fix("QuickBooks: Taxes, Set up sales tax") is None
