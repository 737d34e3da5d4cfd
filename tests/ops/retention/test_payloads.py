"""Payloads of settled messages go after some days, a few at a time; their rows stay."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from ops.metrics import Metrics
from ops.retention.payloads import Payloads
from tests.ops.desk.room import Room, failure, now
from workers.ledger.edits import Edit, store_edit
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.failed_bodies import drop_body, with_body
from workers.ledger.failures import Failure, record_failures
from workers.ledger.retention import START, count_payloads, empty_payloads, old_payloads
from workers.ledger.tables import edited_messages, failed_messages, metadata

DAYS = 90


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = open_ledger(url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Engine]:
    with opened(sqlite_url) as engine:
        yield engine


@pytest.fixture
def both(database_url: str) -> Iterator[Engine]:
    with opened(database_url) as engine:
        yield engine


def settle(ledger: Engine, one: Failure, status: str, *, days_ago: int, **more: Any) -> None:
    """A failed message that got this status so long ago."""
    with writing(ledger) as connection:
        record_failures(connection, [one])
        mine = failed_messages.c.event_id == one.event_id
        values = {"status": status, "changed_at": now() - timedelta(days=days_ago), **more}
        connection.execute(update(failed_messages).where(mine).values(**values))


def bodies(ledger: Engine) -> dict[str, bool]:
    """Which messages have a payload."""
    with reading(ledger) as connection:
        found = connection.execute(with_body(failed_messages.c.event_id))
        return {row.event_id: bool(row.body) for row in found}


def emptied(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("counterfoil_payloads_emptied_total")


def test_old_payloads_of_settled_messages_go_and_everything_else_stays(
    both: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    settle(both, failure(1), "resolved", days_ago=91)
    settle(both, failure(2), "ignored", days_ago=91)
    settle(both, failure(3), "unresolved", days_ago=400)
    settle(both, failure(4), "retry_issued", days_ago=400)
    settle(both, failure(5), "resolved", days_ago=89)
    metrics = Metrics()
    payloads = Payloads(both, metrics, now, DAYS)

    with caplog.at_level(logging.INFO):
        assert not payloads.step()

    assert bodies(both) == {
        "event-1": False,
        "event-2": False,
        "event-3": True,
        "event-4": True,
        "event-5": True,
    }
    assert emptied(metrics) == 2
    (line,) = [record for record in caplog.records if record.message == "payloads emptied"]
    assert vars(line)["messages"] == 2
    with reading(both) as connection:
        row = connection.execute(select(failed_messages).where(failed_messages.c.event_id == "event-2")).one()
    assert (row.reason, row.status, row.subject) == ("tax_code_unmapped", "ignored", "order/2")


def test_a_step_looks_at_so_many_rows_and_the_last_one_ends_the_pass(ledger: Engine) -> None:
    for number in range(1, 6):
        settle(ledger, failure(number), "resolved", days_ago=100)
    payloads = Payloads(ledger, Metrics(), now, DAYS, rows_at_once=2)

    goes_on = [payloads.step() for _ in range(3)]

    assert goes_on == [True, True, False]
    assert not any(bodies(ledger).values())


def test_sentence_keeps_what_is_wrong_and_loses_whom_it_names(ledger: Engine) -> None:
    body = json.dumps({"data": {"buyer": {"first_name": "Ottoline", "email": "otto@shop.example"}}}).encode()
    message = "Order 1: the name Ottoline is taken; write to OTTO@shop.example."
    settle(
        ledger, failure(1, body=body, message=message), "ignored", days_ago=100, ignore_reason="ask Ottoline"
    )

    Payloads(ledger, Metrics(), now, DAYS).step()

    with reading(ledger) as connection:
        row = connection.execute(select(failed_messages)).one()
    assert row.message == "Order 1: the name [erased] is taken; write to [erased]."
    assert row.ignore_reason == "ask [erased]"


def test_message_that_is_restored_while_it_is_emptied_keeps_its_payload(both: Engine) -> None:
    settle(both, failure(1), "ignored", days_ago=100)
    before = now() - timedelta(days=DAYS)
    with reading(both) as connection:
        seen = old_payloads(connection, after=START, before=before, limit=10)
    settle(both, failure(1), "retry_issued", days_ago=0)

    with writing(both) as connection:
        count = empty_payloads(connection, seen.old, before=before)

    assert (len(seen.old), count, bodies(both)) == (1, 0, {"event-1": True})


def test_edits_lose_both_bodies(both: Engine) -> None:
    old = now() - timedelta(days=100)
    with writing(both) as connection:
        store_edit(connection, Edit("orders", "c-1", "acme-woo", "event-1", b"was", b"is", "ann", old))
        store_edit(connection, Edit("orders", "c-2", "acme-woo", "event-2", b"was", b"is", "ann", now()))

    Payloads(both, Metrics(), now, DAYS).step()

    with reading(both) as connection:
        found = connection.execute(select(edited_messages).order_by(edited_messages.c.command_id)).all()
    assert [(row.original, row.edited, row.edited_by) for row in found] == [
        (b"", b"", "ann"),
        (b"was", b"is", "ann"),
    ]


def test_days_zero_keeps_payloads_for_ever(ledger: Engine) -> None:
    settle(ledger, failure(1), "resolved", days_ago=4000)

    assert not Payloads(ledger, Metrics(), now, 0).step()

    assert bodies(ledger) == {"event-1": True}
    with reading(ledger) as connection:
        assert count_payloads(connection, before=now() - timedelta(days=DAYS)) == 1


def empty(room: Room) -> None:
    """Message 1 was ignored long ago."""
    mine = failed_messages.c.event_id == "event-1"
    with writing(room.ledger) as connection:
        connection.execute(update(failed_messages).where(mine).values(status="ignored"))
        drop_body(connection, ("event-1", "orders", failure(1).connection_id))


def test_restore_of_a_message_without_payload_says_so_and_syncs_the_object_again(room: Room) -> None:
    room.fail(failure(1))
    empty(room)
    with room.desk():
        room.command({"command": "restore", "event_id": "event-1", "id": "r-1"})
        (answer,) = room.wait_answers(1)

    assert (answer["result"], answer["matched"]) == ("accepted", 0)
    assert "The payload of event-1 was emptied" in answer["why"]
    assert room.row(1).status == "resolved"
    assert room.taken_from_workflow() == []


def test_restore_replays_what_has_a_payload_and_says_how_many_have_none(room: Room) -> None:
    room.fail(failure(1), failure(2, subject="order/1", object_key="order/1"))
    empty(room)
    with room.desk():
        room.command({"command": "ignore", "event_id": "event-2", "id": "i-1"})
        room.wait_answers(1)
        room.command({"command": "restore", "event_id": "event-2", "id": "r-1"})
        answer = room.wait_answers(2)[-1]

    assert (answer["result"], answer["matched"]) == ("accepted", 1)
    assert "Replayed: 1. Not replayed: 1 older" in answer["why"]
    assert [message.properties["message_id"] for message in room.taken_from_workflow()] == ["event-2"]
