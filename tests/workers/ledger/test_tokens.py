"""Tokens in the ledger: one lease at a time, and the newest pair wins."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from workers.ledger.engine import open_ledger, writing
from workers.ledger.tables import metadata, quickbooks_tokens
from workers.ledger.tokens import (
    StoredTokens,
    delete_tokens,
    lease_refresh,
    mark_revoked,
    put_tokens,
    read_tokens,
    release_refresh,
    store_refreshed,
)

NOW = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    metadata.create_all(engine, tables=[quickbooks_tokens])
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Iterator[Connection]:
    with writing(engine) as connection:
        yield connection


def put(ledger: Connection, sealed: bytes = b"first") -> StoredTokens:
    put_tokens(
        ledger,
        "9130",
        sealed=sealed,
        access_expires_at=NOW + HOUR,
        refresh_expires_at=NOW + 100 * HOUR,
        now=NOW,
    )
    stored = read_tokens(ledger, "9130")
    assert stored is not None
    return stored


def lease(ledger: Connection, owner: str, now: datetime = NOW) -> StoredTokens | None:
    return lease_refresh(ledger, "9130", owner=owner, now=now, until=now + MINUTE)


def refreshed(ledger: Connection, seen: StoredTokens, sealed: bytes = b"second") -> bool:
    later = NOW + 2 * HOUR
    return store_refreshed(
        ledger, seen, sealed=sealed, access_expires_at=later, refresh_expires_at=later, now=NOW + HOUR
    )


def test_a_company_that_was_never_connected_has_no_tokens(ledger: Connection) -> None:
    assert read_tokens(ledger, "9130") is None
    assert lease(ledger, "one") is None


def test_what_is_stored_comes_back(ledger: Connection) -> None:
    stored = put(ledger)

    assert stored == StoredTokens("9130", b"first", NOW + HOUR, NOW + 100 * HOUR, 1, "", NOW)


def test_only_one_refreshes_at_a_time(ledger: Connection) -> None:
    put(ledger)

    first, second = lease(ledger, "one"), lease(ledger, "two")

    assert first is not None
    assert second is None


def test_the_lease_of_a_dead_worker_ends_by_itself(ledger: Connection) -> None:
    put(ledger)
    lease(ledger, "one")

    later = lease(ledger, "two", NOW + 2 * MINUTE)

    assert later is not None


def test_a_lease_given_back_is_free_at_once_and_nobody_gives_back_anothers(ledger: Connection) -> None:
    put(ledger)
    lease(ledger, "one")

    release_refresh(ledger, "9130", owner="two")
    still_held = lease(ledger, "two")
    release_refresh(ledger, "9130", owner="one")
    free = lease(ledger, "two")

    assert still_held is None
    assert free is not None


def test_new_tokens_replace_the_old_ones_and_end_the_lease(ledger: Connection) -> None:
    put(ledger)
    seen = lease(ledger, "one")
    assert seen is not None

    done = refreshed(ledger, seen)

    stored = lease(ledger, "two")
    assert done
    assert stored is not None
    assert (stored.sealed, stored.version, stored.stored_at) == (b"second", 2, NOW + HOUR)


def test_a_late_refresh_never_overwrites_a_newer_pair(ledger: Connection) -> None:
    seen = put(ledger)
    refreshed(ledger, seen, b"second")

    late = refreshed(ledger, seen, b"late")

    stored = read_tokens(ledger, "9130")
    assert not late
    assert stored is not None
    assert stored.sealed == b"second"


def test_a_revoked_pair_is_not_refreshed_again(ledger: Connection) -> None:
    seen = put(ledger)

    marked = mark_revoked(ledger, seen, why="x" * 500)

    stored = read_tokens(ledger, "9130")
    assert marked
    assert stored is not None
    assert stored.revoked == "x" * 200
    assert lease(ledger, "one") is None


def test_a_new_consent_ends_revocation_and_lease_and_a_late_revocation_misses_it(ledger: Connection) -> None:
    seen = put(ledger)
    lease(ledger, "one")
    mark_revoked(ledger, seen, why="gone")

    stored = put(ledger, b"new consent")
    late = mark_revoked(ledger, seen, why="late")

    assert not late
    assert (stored.sealed, stored.revoked, stored.version) == (b"new consent", "", 2)
    assert lease(ledger, "two") is not None


def test_forgotten_tokens_are_gone(ledger: Connection) -> None:
    put(ledger)

    delete_tokens(ledger, "9130")

    assert read_tokens(ledger, "9130") is None
