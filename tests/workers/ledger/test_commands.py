"""Command rows and the changes that commands make, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from tests.workers.ledger.test_failures import failure, row
from workers.ledger.commands import (
    CommandRow,
    find_command,
    latest_command,
    running_commands,
    store_command,
    update_command,
)
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.failure_changes import (
    START,
    Order,
    Place,
    Target,
    claim_for_retry,
    claimed_places,
    give_back,
    ignore,
    read_bodies,
)
from workers.ledger.failure_views import (
    count_by_reason,
    count_matching,
    list_failed,
    list_groups,
    oldest_unresolved,
)
from workers.ledger.failures import Failure, record_failures
from workers.ledger.tables import metadata

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ORDER = Order("command-1", "anna", NOON + timedelta(minutes=1))
RUNNING = CommandRow("orders", "command-1", "retry_all", {"group": "abc"}, "anna", "running", NOON, matched=7)


@pytest.fixture
def ledger(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def record(ledger: Engine, *failures: Failure) -> None:
    with writing(ledger) as connection:
        record_failures(connection, failures)


def test_command_is_found_as_it_was_written(ledger: Engine) -> None:
    with writing(ledger) as connection:
        store_command(connection, RUNNING)

    with reading(ledger) as connection:
        assert find_command(connection, "orders", "command-1") == RUNNING
        assert find_command(connection, "contacts", "command-1") is None
        assert running_commands(connection, "orders") == [RUNNING]
        assert latest_command(connection, "orders") == RUNNING


def test_progress_is_kept_to_the_place(ledger: Engine) -> None:
    further = replace(RUNNING, done=3, published_to=Place(1_795_000_000_000_000_123, "event-3"))
    with writing(ledger) as connection:
        store_command(connection, RUNNING)
        update_command(connection, further)

    with reading(ledger) as connection:
        assert find_command(connection, "orders", "command-1") == further


def test_done_command_is_not_replaced_by_another_with_its_id_but_a_refused_one_is(ledger: Engine) -> None:
    done = replace(RUNNING, status="done", finished_at=NOON)
    refused = replace(RUNNING, command_id="command-2", status="refused", why="typo")
    with writing(ledger) as connection:
        for one in (done, refused):
            store_command(connection, one)

    with writing(ledger) as connection:
        store_command(connection, replace(done, by="ben"))
        store_command(connection, replace(refused, status="running", why=""))

    with reading(ledger) as connection:
        kept = find_command(connection, "orders", "command-1")
        replaced = find_command(connection, "orders", "command-2")
    assert kept == done
    assert replaced is not None and replaced.status == "running"


def test_latest_command_is_the_one_received_last(ledger: Engine) -> None:
    later = replace(RUNNING, command_id="command-0", received_at=NOON + timedelta(microseconds=1))
    with writing(ledger) as connection:
        for one in (later, RUNNING):
            store_command(connection, one)

    with reading(ledger) as connection:
        assert latest_command(connection, "orders") == later


def test_claim_counts_only_what_is_unresolved_and_a_second_one_gets_nothing(ledger: Engine) -> None:
    record(ledger, *(failure(number) for number in range(3)))

    with writing(ledger) as connection:
        first = claim_for_retry(connection, Target("orders"), ORDER)
        second = claim_for_retry(connection, Target("orders"), replace(ORDER, command_id="command-2"))

    assert (first, second) == (3, 0)
    assert row(ledger, 1).command_id == "command-1"


def test_claimed_messages_come_in_the_order_in_which_they_failed(ledger: Engine) -> None:
    record(ledger, *(failure(number, sequence=100 - number) for number in range(1, 6)))
    with writing(ledger) as connection:
        claim_for_retry(connection, Target("orders"), ORDER)

    with reading(ledger) as connection:
        places = claimed_places(connection, "orders", "command-1", START)
        rest = claimed_places(connection, "orders", "command-1", places[1])
        one = claimed_places(connection, "orders", "command-1", START, only_event="event-4")
        bodies = read_bodies(connection, "orders", [places[1], Place(5, "event-nope")])

    assert [place.event_id for place in places] == ["event-5", "event-4", "event-3", "event-2", "event-1"]
    assert rest == places[2:]
    assert one == [places[1]]
    assert bodies == {places[1]: failure(4).body}


def test_messages_of_one_moment_are_neither_skipped_nor_repeated(ledger: Engine) -> None:
    record(ledger, *(failure(number, sequence=7) for number in range(1, 5)))
    with writing(ledger) as connection:
        claim_for_retry(connection, Target("orders"), ORDER)

    with reading(ledger) as connection:
        places = claimed_places(connection, "orders", "command-1", START)
        rest = claimed_places(connection, "orders", "command-1", places[1])

    assert len(places) == 4
    assert rest == places[2:]


def test_given_back_message_is_unresolved_again_unless_it_moved_on(ledger: Engine) -> None:
    record(ledger, failure(1), failure(2))
    with writing(ledger) as connection:
        claim_for_retry(connection, Target("orders"), ORDER)

    with writing(ledger) as connection:
        give_back(connection, "orders", ["event-1"], "command-1", "unresolved")
        give_back(connection, "orders", ["event-2"], "another-command", "unresolved")

    assert (row(ledger, 1).status, row(ledger, 2).status) == ("unresolved", "retry_issued")


def test_ignore_of_another_workflow_or_group_touches_nothing(ledger: Engine) -> None:
    record(ledger, failure(1))

    with writing(ledger) as connection:
        elsewhere = ignore(connection, Target("contacts"), ORDER, "")
        other_group = ignore(connection, Target("orders", group="abcdefabcdef"), ORDER, "")
        other_shop = ignore(connection, Target("orders", connection_id="other-shop"), ORDER, "")

    assert (elsewhere, other_group, other_shop) == (0, 0, 0)
    assert row(ledger, 1).status == "unresolved"


def test_views_agree_about_groups_counts_and_ages(ledger: Engine) -> None:
    early = NOON - timedelta(hours=2)
    record(
        ledger,
        failure(1, failed_at=early),
        failure(2),
        failure(3, cause="PST"),
        failure(4, workflow="contacts"),
    )
    with writing(ledger) as connection:
        ignore(connection, Target("orders", "event-3"), ORDER, "")

    with reading(ledger) as connection:
        groups = list_groups(connection)
        counts = count_by_reason(connection)
        matching = count_matching(connection, "orders", group=failure(1).group_id)
        oldest = oldest_unresolved(connection)
        listed = list_failed(connection, workflow="orders", limit=1)

    assert [(group.workflow, group.count, group.first_seen) for group in groups] == [
        ("contacts", 1, NOON),
        ("orders", 2, early),
    ]
    assert counts["acme-woo", "orders", "tax_code_unmapped", "unresolved"] == 2
    assert counts["acme-woo", "orders", "tax_code_unmapped", "ignored"] == 1
    assert (matching, oldest) == (2, {"orders": early, "contacts": NOON})
    assert [one.event_id for one in listed] == ["event-1"]
