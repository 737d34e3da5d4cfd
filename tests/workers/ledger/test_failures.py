"""What workers write about failed messages, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.failed_bodies import with_body
from workers.ledger.failures import (
    Failure,
    first_failed,
    header_values,
    ignored_objects,
    record_failures,
    resolve_failures,
)
from workers.ledger.tables import failed_messages, metadata

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def ledger(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def failure(number: int = 1, **changes: Any) -> Failure:
    plain = Failure(
        event_id=f"event-{number}",
        workflow="orders",
        connection_id="acme-woo",
        subject=f"order/{number}",
        object_key=f"order/{number}",
        body=b'{"id": "x"}',
        reason="tax_code_unmapped",
        cause="GST 5%",
        message=f"Order {number}: tax GST 5% has no QuickBooks tax code.",
        fix="counterfoil errors fix",
        fault_code="",
        attempts=1,
        copy_id=f"copy-{number}",
        failed_at=NOON,
        sequence=number,
    )
    return replace(plain, **changes)


def record(ledger: Engine, *failures: Failure) -> None:
    with writing(ledger) as connection:
        record_failures(connection, failures)


def row(ledger: Engine, number: int = 1) -> Any:
    with reading(ledger) as connection:
        return connection.execute(
            with_body(failed_messages).where(failed_messages.c.event_id == f"event-{number}")
        ).one()


def set_status(ledger: Engine, status: str, number: int = 1) -> None:
    with writing(ledger) as connection:
        connection.execute(
            update(failed_messages)
            .where(failed_messages.c.event_id == f"event-{number}")
            .values(status=status)
        )


def test_new_failure_is_unresolved_and_counted_once(ledger: Engine) -> None:
    new = failure()

    record(ledger, new)

    found = row(ledger)
    assert (found.status, found.failures, found.first_failed_at) == ("unresolved", 1, NOON)
    assert (found.body, found.group_id, found.copy_id) == (new.body, new.group_id, "copy-1")


def test_retried_message_comes_back_with_its_count_and_its_first_time(ledger: Engine) -> None:
    record(ledger, failure())
    set_status(ledger, "retry_issued")

    record(ledger, failure(failed_at=LATER, copy_id="copy-b", cause="PST", message="Tax PST has no code."))

    found = row(ledger)
    assert (found.status, found.failures) == ("unresolved", 2)
    assert (found.first_failed_at, found.failed_at) == (NOON, LATER)
    assert (found.copy_id, found.message) == ("copy-b", "Tax PST has no code.")
    assert found.group_id == failure(cause="PST").group_id


def test_same_failure_delivered_twice_is_counted_once_and_owns_the_newer_copy(ledger: Engine) -> None:
    record(ledger, failure())

    record(ledger, failure(failed_at=LATER, copy_id="copy-b"))

    found = row(ledger)
    assert (found.status, found.failures, found.copy_id) == ("unresolved", 1, "copy-b")


def test_failure_that_used_more_attempts_is_counted(ledger: Engine) -> None:
    record(ledger, failure())

    record(ledger, failure(attempts=5))

    assert row(ledger).failures == 2


def test_ignored_message_stays_ignored_when_a_late_failure_arrives(ledger: Engine) -> None:
    record(ledger, failure())
    set_status(ledger, "ignored")

    record(ledger, failure(copy_id="copy-b", body=b'{"id": "other"}'))

    found = row(ledger)
    assert (found.status, found.copy_id, found.body) == ("ignored", "copy-1", failure().body)


def test_one_call_with_the_same_event_twice_keeps_the_later_failure(ledger: Engine) -> None:
    record(ledger, failure(), failure(2), failure(message="second", copy_id="copy-b"))

    assert (row(ledger).message, row(ledger).failures) == ("second", 1)
    assert row(ledger, 2).copy_id == "copy-2"


def test_thousand_failures_in_one_call_are_all_there(ledger: Engine) -> None:
    many = [failure(number) for number in range(1000)]

    record(ledger, *many)

    with reading(ledger) as connection:
        assert len(connection.execute(select(failed_messages.c.event_id)).all()) == 1000


def test_text_that_no_database_holds_is_stored_with_a_mark(ledger: Engine) -> None:
    odd = failure(message="name \x00 and \ud83d", subject="order/" + "9" * 300)

    record(ledger, odd)

    assert row(ledger).message == "name \ufffd and ?"
    assert len(row(ledger).subject) == 200


@pytest.mark.parametrize("status", ["unresolved", "retry_issued"])
def test_booked_event_is_resolved(ledger: Engine, status: str) -> None:
    record(ledger, failure(), failure(2))
    set_status(ledger, status)

    with writing(ledger) as connection:
        ended = [("acme-woo", "event-1"), ("acme-woo", "event-that-never-failed")]
        resolved = resolve_failures(connection, [("orders", event) for event in ended], LATER)

    assert resolved == 1
    assert (row(ledger).status, row(ledger, 2).status) == ("resolved", "unresolved")


def test_ignored_message_is_not_resolved_behind_the_operators_back(ledger: Engine) -> None:
    record(ledger, failure())
    set_status(ledger, "ignored")

    with writing(ledger) as connection:
        resolve_failures(connection, [("orders", ("acme-woo", "event-1"))], LATER)

    assert row(ledger).status == "ignored"


def test_ignored_order_stops_its_refund_but_an_ignored_refund_stops_no_order(ledger: Engine) -> None:
    refund = failure(2, subject="refund/7", object_key="order/2")
    record(ledger, failure(1), refund, failure(3))
    set_status(ledger, "ignored", 1)
    set_status(ledger, "ignored", 2)

    with reading(ledger) as connection:
        asked = [("acme-woo", key) for key in ("order/1", "refund/1", "refund/7", "order/2", "")]
        found = ignored_objects(connection, [*asked, ("other-shop", "order/1")])

    assert found == {("acme-woo", "order/1"), ("acme-woo", "refund/7")}


def test_first_failure_is_known_for_those_that_failed_before(ledger: Engine) -> None:
    record(ledger, failure())

    with reading(ledger) as connection:
        found = first_failed(connection, "orders", ["event-1", "event-2"])
        other = first_failed(connection, "contacts", ["event-1"])

    assert found == {"event-1": NOON}
    assert other == {}


def test_headers_say_everything_in_text_and_fit_one_frame() -> None:
    wordy = failure(message="é" * 100_000, fix="x" * 100_000)

    headers = header_values(wordy.headers(NOON - timedelta(days=1)))

    assert headers["first_failed_at"] == "2026-11-23T12:00:00Z"
    assert headers["failed_at"] == "2026-11-24T12:00:00Z"
    assert (headers["event_id"], headers["attempts"]) == ("event-1", 1)
    assert sum(len(str(value).encode()) for value in headers.values()) < 65_536
