"""One worker at a time on one store object, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from workers.ledger.claims import (
    CLAIM_SECONDS,
    claim_objects,
    claim_owner,
    release_all_claims,
    release_claims,
    release_dead_claims,
    renew_claims,
)
from workers.ledger.engine import open_ledger, writing
from workers.ledger.tables import metadata

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=CLAIM_SECONDS + 1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def claim(engine: Engine, owner: str, *keys: str, now: datetime = NOW) -> set[str]:
    with writing(engine) as database:
        got = claim_objects(database, [("acme", key) for key in keys], owner=owner, now=now)
    return {key for _, key in got}


def test_two_workers_share_what_is_free_and_never_the_same_object(engine: Engine) -> None:
    first = claim(engine, "one", "order/1", "order/2")

    second = claim(engine, "two", "order/2", "order/3")

    assert (first, second) == ({"order/1", "order/2"}, {"order/3"})


def test_a_dead_workers_objects_are_free_again(engine: Engine) -> None:
    claim(engine, "dead", "order/1")

    assert claim(engine, "next", "order/1", now=LATER) == {"order/1"}


def test_a_living_workers_claims_are_kept_by_renewing_them(engine: Engine) -> None:
    claim(engine, "one", "order/1")
    with writing(engine) as database:
        renew_claims(database, [("acme", "order/1")], owner="one", now=LATER)

    assert claim(engine, "two", "order/1", now=LATER) == set()


def test_a_claim_that_was_taken_over_is_not_ours_to_release(engine: Engine) -> None:
    claim(engine, "slow", "order/1", "order/2")
    claim(engine, "quick", "order/1", now=LATER)

    with writing(engine) as database:
        released = release_claims(database, [("acme", "order/1"), ("acme", "order/2")], owner="slow")

    assert released == {("acme", "order/2")}
    assert claim(engine, "third", "order/1", now=LATER) == set()


def test_a_worker_that_stops_gives_everything_back(engine: Engine) -> None:
    claim(engine, "one", "order/1", "order/2")

    with writing(engine) as database:
        release_all_claims(database, owner="one")

    assert claim(engine, "two", "order/1", "order/2") == {"order/1", "order/2"}


def test_a_worker_that_was_killed_on_this_host_keeps_nobody_waiting(engine: Engine) -> None:
    claim(engine, claim_owner("here", 11, "a"), "order/1")
    claim(engine, claim_owner("here", 12, "b"), "order/2")
    claim(engine, claim_owner("elsewhere", 11, "c"), "order/3")

    with writing(engine) as database:
        released = release_dead_claims(database, host="here", is_alive=lambda pid: pid == 12)

    assert released == 1
    assert claim(engine, "next", "order/1", "order/2", "order/3") == {"order/1"}


def test_one_transaction_claims_for_many_connections(engine: Engine) -> None:
    with writing(engine) as database:
        claim_objects(database, [("acme", "order/1")], owner="one", now=NOW)
        got = claim_objects(database, [("acme", "order/1"), ("other", "order/1")], owner="two", now=NOW)

    assert got == {("other", "order/1")}


def test_the_same_worker_may_claim_again(engine: Engine) -> None:
    claim(engine, "one", "order/1")

    assert claim(engine, "one", "order/1") == {"order/1"}


def test_hosts_whose_long_names_differ_at_the_end_are_two(engine: Engine) -> None:
    first, second = (f"counterfoil-worker-5c8d7f9b6d-{tail}" for tail in ("abcde", "fghij"))
    claim(engine, claim_owner(first, 11, "a"), "order/1")

    with writing(engine) as database:
        released = release_dead_claims(database, host=second, is_alive=lambda _pid: False)

    assert released == 0
