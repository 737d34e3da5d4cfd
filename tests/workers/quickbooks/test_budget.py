"""The budget: what all workers together may send to one company."""

import threading
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event

from workers.ledger.engine import open_ledger
from workers.ledger.tables import budgets, metadata
from workers.quickbooks.budget import Budget
from workers.quickbooks.limits import Limits
from workers.quickbooks.reads import ReadMeter

START = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)


@dataclass
class Time:
    """One worker's clocks, ``skew_seconds`` ahead of the others'."""

    seconds: float = 0.0
    skew_seconds: float = 0.0

    def clock(self) -> datetime:
        return START + timedelta(seconds=self.seconds + self.skew_seconds)

    def monotonic(self) -> float:
        return 1000 + self.seconds


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Engine]:
    engine = open_ledger(sqlite_url)
    metadata.create_all(engine, tables=[budgets])
    yield engine
    engine.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    metadata.create_all(engine, tables=[budgets])
    yield engine
    engine.dispose()


def worker(engine: Engine, time: Time, limits: Limits | None = None) -> Budget:
    return Budget(engine=engine, app="app", clock=time.clock, monotonic=time.monotonic, limits=limits)


def most_in(sent: list[float], seconds: float) -> int:
    return max(bisect_left(sent, start + seconds) - index for index, start in enumerate(sent))


def test_two_workers_with_a_backlog_use_97_percent_of_the_batches_and_never_more(sqlite: Engine) -> None:
    times = [Time(), Time(skew_seconds=1.0)]
    workers = [worker(sqlite, time) for time in times]
    sent: list[float] = []

    while times[0].seconds < 130:
        waits = [one.take("9130", batch=True) for one in workers]
        sent += [times[0].seconds for wait in waits if wait == 0.0]
        for time in times:
            time.seconds += min(waits)

    assert most_in(sent, 60.0) <= 40
    assert most_in(sent, 1.0) <= 10
    steady = sum(61.2 <= at < 122.4 for at in sent)
    assert steady / 61.2 * 60 >= 0.97 * 40


def test_single_calls_of_two_workers_stay_below_ten_a_second(sqlite: Engine) -> None:
    time = Time()
    workers = [worker(sqlite, time), worker(sqlite, time)]
    sent: list[float] = []

    while time.seconds < 15:
        waits = [one.take("9130", batch=False) for one in workers]
        sent += [time.seconds for wait in waits if wait == 0.0]
        time.seconds += max(0.01, min(waits))

    assert most_in(sent, 1.0) <= 10
    assert len(sent) >= 100


def test_a_company_that_used_its_budget_delays_no_other(sqlite: Engine) -> None:
    time = Time()
    one = worker(sqlite, time)
    while one.take("9130", batch=True) == 0.0:
        pass

    wait = one.take("9131", batch=True)

    assert wait == 0.0


def test_single_calls_in_quick_succession_ask_the_ledger_once_for_three(sqlite: Engine) -> None:
    time = Time()
    one = worker(sqlite, time)
    commits: list[str] = []
    one.take("9130", batch=False)
    event.listen(sqlite, "commit", lambda connection: commits.append("x"))

    for _ in range(6):
        time.seconds += 0.05
        assert one.take("9130", batch=False) == 0.0

    assert len(commits) == 2


def test_what_is_left_of_a_slice_is_gone_after_a_quarter_of_a_second(sqlite: Engine) -> None:
    time = Time()
    one, other = worker(sqlite, time), worker(sqlite, time)
    one.take("9130", batch=False)
    one.take("9130", batch=False)

    time.seconds = 0.3
    taken = [budget.take("9130", batch=False) for budget in [other] * 8]

    assert taken.count(0.0) == 6, "4 of 10 permits are used, 2 of them by nobody"


def test_after_a_429_no_worker_calls_the_company_until_the_pause_is_over(engine: Engine) -> None:
    time = Time()
    one, other = worker(engine, time), worker(engine, time)
    one.take("9130", batch=False)

    one.throttled("9130", 60.0)

    waits = [budget.take("9130", batch=batch) for budget in (one, other) for batch in (True, False)]
    assert all(55 < wait <= 60 for wait in waits)
    assert other.take("9131", batch=True) == 0.0


def test_a_shorter_pause_does_not_end_a_longer_one(sqlite: Engine) -> None:
    time = Time()
    one = worker(sqlite, time)
    one.throttled("9130", 300.0)

    one.throttled("9130", 10.0)

    assert worker(sqlite, time).take("9130", batch=True) == 300.0


def test_repeated_429s_hold_back_a_part_of_the_budget_and_give_it_back(sqlite: Engine) -> None:
    limits = Limits(requests_per_second=40, requests_per_minute=2400, batches_per_minute=20)
    time = Time()
    one = worker(sqlite, time, limits)

    def batches_in_a_row() -> int:
        time.seconds += 70
        return next(count for count in range(100) if one.take("9130", batch=True) > 0)

    one.throttled("9130", 1.0)
    after_the_first = batches_in_a_row()
    one.throttled("9130", 1.0)
    one.throttled("9130", 1.0)
    after_the_second = batches_in_a_row()
    time.seconds += 600

    assert after_the_first == 20
    assert after_the_second == 16, (
        "a quarter less, and 5 % of it back after a minute; three threads saw one 429"
    )
    assert batches_in_a_row() == 20


def test_a_clock_that_is_set_back_stops_nobody_for_long(sqlite: Engine) -> None:
    time = Time()
    one = worker(sqlite, time)
    while one.take("9130", batch=True) == 0.0:
        pass

    time.skew_seconds = -3600
    first = one.take("9130", batch=True)
    time.seconds += 62

    assert first <= 62
    assert one.take("9130", batch=True) == 0.0


def test_many_threads_of_three_workers_get_no_more_than_there_is(engine: Engine) -> None:
    limits = Limits(requests_per_second=40, requests_per_minute=2400, batches_per_minute=20)
    workers = [worker(engine, Time(), limits) for _ in range(3)]
    start = threading.Barrier(6)
    granted: list[float] = []

    def use(budget: Budget) -> None:
        start.wait()
        granted.extend(wait for wait in (budget.take("9130", batch=True) for _ in range(8)) if wait == 0.0)

    threads = [threading.Thread(target=use, args=(budget,)) for budget in workers for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(granted) == 20


@pytest.mark.postgres
def test_on_postgresql_the_clocks_of_the_workers_do_not_matter(postgres_url: str) -> None:
    engine = open_ledger(postgres_url)
    metadata.create_all(engine, tables=[budgets])
    limits = Limits(requests_per_second=3, requests_per_minute=180, batches_per_minute=20)
    ahead, behind = (
        worker(engine, Time(skew_seconds=90), limits),
        worker(engine, Time(skew_seconds=-90), limits),
    )

    waits = [budget.take("9130", batch=False) for budget in (behind, ahead, behind, ahead, behind)]

    assert sum(wait == 0.0 for wait in waits) == 3
    engine.dispose()


def test_what_is_left_is_told_for_the_dashboard(engine: Engine) -> None:
    one = worker(engine, Time())

    one.take("9130", batch=True)

    assert one.batches_left("9130") == 39


def test_reads_are_written_together_and_the_rest_at_the_end(engine: Engine) -> None:
    time = Time()
    one = ReadMeter(engine=engine, app="app", clock=time.clock)
    other = ReadMeter(engine=engine, app="app", clock=time.clock)

    for _ in range(25):
        one.count_reads("9130", 1)
    other.count_reads("9131", 4)
    before = one.this_month()
    one.flush()
    other.flush()

    assert before == 20
    assert one.this_month() == 29


@pytest.mark.parametrize(("reads", "used_up"), [(97, False), (98, True)])
def test_the_quota_counts_as_used_up_a_little_early(sqlite: Engine, reads: int, used_up: bool) -> None:
    meter = ReadMeter(engine=sqlite, app="app", clock=Time().clock, quota=100)

    meter.count_reads("9130", reads)

    assert meter.used_up() is used_up


def test_a_company_rests_an_hour_at_most(sqlite: Engine) -> None:
    one = worker(sqlite, Time())

    one.throttled("9130", 86_400.0)

    assert one.take("9130", batch=True) == 3600.0


def test_a_new_month_begins_in_intuits_zone(sqlite: Engine) -> None:
    time = Time(skew_seconds=(datetime(2026, 12, 1, 7, 59, tzinfo=UTC) - START).total_seconds())
    meter = ReadMeter(engine=sqlite, app="app", clock=time.clock)
    meter.count_reads("9130", 20)

    before = meter.this_month()
    time.skew_seconds += 120

    assert (before, meter.this_month()) == (20, 0)
