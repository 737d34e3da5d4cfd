"""The breaker: nobody storms a QuickBooks that is down, and everyone is back when it is."""

import pytest

from tests.workers.quickbooks.conftest import Time
from workers.quickbooks.breaker import FAILURES, PROBE_SECONDS, Breaker


@pytest.fixture
def breaker(time: Time) -> Breaker:
    return Breaker(monotonic=time)


def fail(breaker: Breaker, times: int = FAILURES) -> None:
    for _ in range(times):
        breaker.failed()


def test_some_failures_change_nothing(breaker: Breaker) -> None:
    fail(breaker, FAILURES - 1)

    assert not breaker.open
    assert [breaker.delay() for _ in range(10)] == [0.0] * 10


def test_a_success_in_between_starts_the_count_again(breaker: Breaker) -> None:
    fail(breaker, FAILURES - 1)
    breaker.succeeded()
    fail(breaker, FAILURES - 1)

    assert not breaker.open


def test_after_failures_in_a_row_everyone_waits(breaker: Breaker) -> None:
    fail(breaker)

    assert breaker.open
    assert breaker.delay() > 0


def test_one_probe_at_a_time_goes_out(breaker: Breaker, time: Time) -> None:
    fail(breaker)
    time.now += breaker.delay()

    delays = [breaker.delay() for _ in range(5)]

    assert delays[0] == 0.0
    assert all(delay > 0 for delay in delays[1:])


def test_a_probe_that_fails_is_followed_by_one_a_little_later(breaker: Breaker, time: Time) -> None:
    fail(breaker)
    pauses = []
    for _ in range(6):
        pause = breaker.delay()
        pauses.append(pause)
        time.now += pause
        assert breaker.delay() == 0.0
        breaker.failed()

    assert pauses == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_one_success_lets_everyone_go_at_once(breaker: Breaker, time: Time) -> None:
    fail(breaker)
    time.now += breaker.delay()
    breaker.delay()

    breaker.succeeded()

    assert not breaker.open
    assert [breaker.delay() for _ in range(3)] == [0.0] * 3


def test_a_probe_that_never_reports_is_replaced(breaker: Breaker, time: Time) -> None:
    fail(breaker)
    time.now += breaker.delay()
    breaker.delay()

    time.now += PROBE_SECONDS

    assert breaker.delay() == 0.0


def test_a_probe_that_is_not_made_lets_another_company_probe(breaker: Breaker, time: Time) -> None:
    fail(breaker)
    time.now += breaker.delay()
    breaker.delay()

    breaker.unused()

    assert breaker.delay() == 0.0


def test_a_call_not_made_shortens_no_pause_of_a_closed_breaker(breaker: Breaker) -> None:
    breaker.unused()

    assert breaker.delay() == 0.0
    assert not breaker.open
