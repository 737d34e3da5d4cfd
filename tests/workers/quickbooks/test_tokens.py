"""Access tokens: refreshed early, by one at a time, stored before use, and honest when the consent has ended."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from workers.errors import QuickBooksUnavailable, ReconnectNeeded, SyncError
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.tables import metadata, quickbooks_tokens
from workers.ledger.tokens import lease_refresh, read_tokens
from workers.quickbooks.errors import SetupWrong
from workers.quickbooks.oauth import TokenPair
from workers.quickbooks.tokens import TokenSource, forget_tokens, save_tokens
from workers.secrets import Secrets

START = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECRETS = Secrets("a passphrase")


@dataclass
class Clock:
    """Time that moves when it is told to, or when somebody sleeps."""

    now: datetime = START
    on_sleep: Callable[[], None] = lambda: None

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.on_sleep()


@dataclass
class Intuit:
    """The token endpoint: every refresh gives the next pair; ``trouble`` is raised instead."""

    clock: Clock
    count: int = 0
    used: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    trouble: SyncError | None = None
    meanwhile: Callable[[], None] = lambda: None

    def refresh(self, refresh_token: str) -> TokenPair:
        self.used.append(refresh_token)
        self.meanwhile()
        if self.trouble is not None:
            raise self.trouble
        self.count += 1
        return pair(self.clock.now, self.count)

    def revoke(self, refresh_token: str) -> None:
        self.revoked.append(refresh_token)


def pair(now: datetime, number: int = 0) -> TokenPair:
    return TokenPair(f"access-{number}", f"refresh-{number}", now + HOUR, now + 2400 * HOUR)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    metadata.create_all(engine, tables=[quickbooks_tokens])
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def intuit(clock: Clock) -> Intuit:
    return Intuit(clock)


@pytest.fixture
def source(engine: Engine, clock: Clock, intuit: Intuit) -> TokenSource:
    return worker(engine, clock, intuit)


def worker(engine: Engine, clock: Clock, intuit: Intuit, owner: str = "one") -> TokenSource:
    return TokenSource(
        engine=engine,
        secrets=SECRETS,
        oauth=intuit,
        owner=owner,
        clock=clock,
        sleep=clock.sleep,  # type: ignore[arg-type]
    )


def connect(engine: Engine, now: datetime = START, number: int = 0) -> None:
    save_tokens(engine, SECRETS, "9130", pair(now, number), now=now)


def hold_lease(engine: Engine, now: datetime = START) -> None:
    with writing(engine) as connection:
        assert lease_refresh(connection, "9130", owner="other", now=now, until=now + timedelta(seconds=60))


def test_a_good_token_is_used_as_it_is_and_lies_encrypted(
    engine: Engine, source: TokenSource, intuit: Intuit
) -> None:
    connect(engine)

    token = source.access_token("9130")

    assert token == "access-0"
    assert intuit.used == []
    with reading(engine) as connection:
        stored = read_tokens(connection, "9130")
    assert stored is not None
    assert b"access-0" not in stored.sealed


@pytest.mark.parametrize(("minutes", "expected"), [(54, "access-0"), (56, "access-1"), (90, "access-1")])
def test_a_token_is_refreshed_five_minutes_before_its_end(
    engine: Engine, source: TokenSource, clock: Clock, minutes: int, expected: str
) -> None:
    connect(engine)
    source.access_token("9130")

    clock.now += timedelta(minutes=minutes)

    assert source.access_token("9130") == expected


def test_a_short_lived_token_is_not_refreshed_at_every_call(
    engine: Engine, source: TokenSource, clock: Clock, intuit: Intuit
) -> None:
    short = TokenPair("access-0", "refresh-0", START + timedelta(seconds=60), START + HOUR)
    save_tokens(engine, SECRETS, "9130", short, now=START)

    clock.now += timedelta(seconds=50)

    assert source.access_token("9130") == "access-0"
    assert intuit.used == []


def test_the_newest_refresh_token_is_used_next_also_by_another_worker(
    engine: Engine, source: TokenSource, clock: Clock, intuit: Intuit
) -> None:
    connect(engine)
    clock.now += HOUR
    source.access_token("9130")

    clock.now += HOUR
    token = worker(engine, clock, intuit, "two").access_token("9130")

    assert token == "access-2"
    assert intuit.used == ["refresh-0", "refresh-1"]


def test_many_threads_of_many_workers_refresh_once(engine: Engine, clock: Clock, intuit: Intuit) -> None:
    connect(engine)
    clock.now += HOUR
    workers = [worker(engine, clock, intuit, f"worker {n}") for n in range(3)]
    start = threading.Barrier(9)
    got: list[str] = []

    def use(source: TokenSource) -> None:
        start.wait()
        got.append(source.access_token("9130"))

    threads = [threading.Thread(target=use, args=(one,)) for one in workers for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got == ["access-1"] * 9
    assert intuit.used == ["refresh-0"]


def test_while_another_refreshes_the_old_token_still_serves(
    engine: Engine, source: TokenSource, clock: Clock, intuit: Intuit
) -> None:
    connect(engine)
    clock.now += timedelta(minutes=56)
    hold_lease(engine, clock.now)

    token = source.access_token("9130")

    assert token == "access-0"
    assert intuit.used == []


def test_without_a_good_token_a_worker_waits_for_the_one_that_refreshes(
    engine: Engine, source: TokenSource, clock: Clock, intuit: Intuit
) -> None:
    connect(engine)
    clock.now += HOUR
    hold_lease(engine, clock.now)
    clock.on_sleep = lambda: connect(engine, clock.now, number=7)

    token = source.access_token("9130")

    assert token == "access-7"
    assert intuit.used == []


def test_a_worker_that_died_while_refreshing_is_replaced_and_the_old_refresh_token_is_used(
    engine: Engine, source: TokenSource, clock: Clock, intuit: Intuit
) -> None:
    connect(engine)
    clock.now += HOUR
    hold_lease(engine, clock.now)

    token = source.access_token("9130")

    assert token == "access-1"
    assert intuit.used == ["refresh-0"]
    assert clock.now - START - HOUR < timedelta(seconds=65)


def test_a_refused_token_is_replaced_although_it_looks_good(
    engine: Engine, source: TokenSource, intuit: Intuit
) -> None:
    connect(engine)
    first = source.access_token("9130")

    second = source.access_token("9130", refused=first)

    assert second == "access-1"
    assert intuit.used == ["refresh-0"]


def test_a_token_refused_to_many_threads_is_replaced_once(
    engine: Engine, source: TokenSource, intuit: Intuit
) -> None:
    connect(engine)
    first = source.access_token("9130")

    got = {source.access_token("9130", refused=first) for _ in range(5)}

    assert got == {"access-1"}
    assert len(intuit.used) == 1


def test_a_pair_that_another_worker_stored_replaces_a_refused_one_without_a_refresh(
    engine: Engine, source: TokenSource, intuit: Intuit
) -> None:
    connect(engine)
    first = source.access_token("9130")
    connect(engine, number=5)

    assert source.access_token("9130", refused=first) == "access-5"
    assert intuit.used == []


def test_the_end_of_the_consent_is_remembered_and_asks_for_a_person(
    engine: Engine, source: TokenSource, clock: Clock, intuit: Intuit
) -> None:
    connect(engine)
    clock.now += HOUR
    intuit.trouble = ReconnectNeeded("Connect it again.")

    for _ in range(3):
        with pytest.raises(ReconnectNeeded, match="Connect it again"):
            source.access_token("9130")

    assert intuit.used == ["refresh-0"], "Intuit is asked once, not at every event"


def test_a_new_consent_while_the_old_one_is_found_ended_wins(
    engine: Engine, source: TokenSource, clock: Clock, intuit: Intuit
) -> None:
    connect(engine)
    clock.now += HOUR
    intuit.trouble = ReconnectNeeded("Connect it again.")
    intuit.meanwhile = lambda: connect(engine, clock.now, number=9)

    assert source.access_token("9130") == "access-9"


def test_connecting_again_ends_the_revocation(
    engine: Engine, source: TokenSource, clock: Clock, intuit: Intuit
) -> None:
    connect(engine)
    clock.now += HOUR
    intuit.trouble = ReconnectNeeded("Connect it again.")
    with pytest.raises(ReconnectNeeded):
        source.access_token("9130")

    connect(engine, clock.now, number=3)

    assert source.access_token("9130") == "access-3"


def test_while_the_token_endpoint_is_away_the_old_token_serves_to_its_end(
    engine: Engine, source: TokenSource, clock: Clock, intuit: Intuit
) -> None:
    connect(engine)
    clock.now += timedelta(minutes=56)
    intuit.trouble = QuickBooksUnavailable("away")

    tokens = {source.access_token("9130") for _ in range(5)}
    asked = len(intuit.used)
    clock.now += timedelta(minutes=4)

    assert tokens == {"access-0"}
    assert asked == 1, "it is asked again after half a minute, not at every call"
    with pytest.raises(QuickBooksUnavailable):
        source.access_token("9130")


def test_after_a_failed_refresh_the_next_one_may_try_at_once(
    engine: Engine, source: TokenSource, clock: Clock, intuit: Intuit
) -> None:
    connect(engine)
    clock.now += HOUR
    intuit.trouble = QuickBooksUnavailable("away")
    with pytest.raises(QuickBooksUnavailable):
        source.access_token("9130")

    intuit.trouble = None

    assert worker(engine, clock, intuit, "two").access_token("9130") == "access-1"


def test_a_company_that_was_never_connected_says_so(source: TokenSource) -> None:
    with pytest.raises(ReconnectNeeded, match="9130 is not connected"):
        source.access_token("9130")


def test_a_wrong_secret_key_holds_and_ends_nothing(engine: Engine, clock: Clock, intuit: Intuit) -> None:
    save_tokens(engine, Secrets("another key"), "9130", pair(START), now=START)

    with pytest.raises(SetupWrong, match="COUNTERFOIL_SECRET_KEY"):
        worker(engine, clock, intuit).access_token("9130")

    assert intuit.used == []


def test_forgetting_ends_the_consent_at_intuit_too(
    engine: Engine, source: TokenSource, intuit: Intuit
) -> None:
    connect(engine)

    forget_tokens(engine, SECRETS, intuit, "9130")  # type: ignore[arg-type]
    forget_tokens(engine, SECRETS, intuit, "9130")  # type: ignore[arg-type]

    assert intuit.revoked == ["refresh-0"]
    with pytest.raises(ReconnectNeeded):
        source.access_token("9130")
