"""Permits: no window of time, wherever it begins, sees more than Intuit allows, and little is left unused."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.quickbooks.limits import Limits, Ring, batch_ring, request_ring, supply

START = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)


def run(ring: Ring, *, minutes: float, chance: Random | None = None) -> list[float]:
    """Seconds at which calls go out when somebody always wants to, or at random times."""
    used_at = {name: START - timedelta(days=1) for name in ring.names()}
    now, sent = START, []
    while now < START + timedelta(minutes=minutes):
        found = supply(ring, used_at, now=now)
        if not found.free:
            now += found.wait
        elif chance is not None and chance.random() < 0.5:
            now += timedelta(seconds=chance.uniform(0, 5))
        else:
            used_at[found.free[0]] = now
            sent.append((now - START).total_seconds())
    return sent


def most_in(sent: list[float], seconds: float) -> int:
    """The most calls in any window of this length that begins with a call."""
    return max(bisect_left(sent, start + seconds) - index for index, start in enumerate(sent))


SCALES = [pytest.param(factor, id=f"times-{factor}") for factor in (0.1, 1, 2.5, 7, 10)]


@pytest.mark.parametrize("factor", SCALES)
def test_the_limits_are_kept_and_at_least_97_percent_of_them_used(factor: float) -> None:
    limits = Limits().scaled(factor)

    batches = run(batch_ring(limits), minutes=4)
    requests = run(request_ring(limits), minutes=2)

    assert most_in(batches, 61.0) <= limits.batches_per_minute, "a second of slack"
    assert most_in(requests, 60.0) <= limits.requests_per_minute
    assert most_in(requests, 1.0) <= limits.requests_per_second
    steady = [at for at in batches if at >= 60]
    assert len(steady) >= 0.97 * 3 * limits.batches_per_minute - limits.batches_per_minute * 0.06
    assert len(requests) >= 0.97 * 2 * limits.requests_per_minute


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_the_limits_are_kept_whatever_the_pattern_of_calls(seed: int) -> None:
    sent = run(batch_ring(Limits()), minutes=3, chance=Random(seed))

    assert most_in(sent, 60.0) <= 40


@settings(deadline=None)
@given(st.integers(1, 2000), st.integers(1, 100_000), st.integers(1, 5000))
def test_any_limits_make_rings_that_keep_them(second: int, minute: int, batches: int) -> None:
    limits = Limits(requests_per_second=second, requests_per_minute=minute, batches_per_minute=batches)

    for ring, limit, window in [
        (request_ring(limits), second, 1.0),
        (request_ring(limits), minute, 60.0),
        (batch_ring(limits), batches, 60.0),
    ]:
        uses_of_one = int(window / ring.back_after.total_seconds()) + 1
        assert ring.permits * uses_of_one <= limit
        assert ring.permits <= 40


def test_a_whole_minute_of_batches_may_go_out_at_once_after_a_rest() -> None:
    sent = run(batch_ring(Limits()), minutes=1)

    assert sent == [0.0] * 40


def test_permits_held_back_are_not_given() -> None:
    ring = batch_ring(Limits())
    used_at = {name: START - timedelta(days=1) for name in ring.names()}

    found = supply(ring, used_at, now=START, withheld_percent=75)

    assert len(found.free) == 10


def test_with_permits_held_back_the_wait_is_until_enough_are_back() -> None:
    ring = Ring("batch", 4, timedelta(seconds=60))
    used_at = {name: START - timedelta(seconds=10 * index) for index, name in enumerate(ring.names())}

    found = supply(ring, used_at, now=START, withheld_percent=50)

    assert list(found.free) == []
    assert found.wait == timedelta(seconds=50), "three must be back before one of two is free"


def test_who_wants_two_waits_until_two_are_back() -> None:
    ring = Ring("request", 3, timedelta(seconds=60))
    used_at = {name: START - timedelta(seconds=10 * index) for index, name in enumerate(ring.names())}

    found = supply(ring, used_at, now=START, wanted=2)

    assert list(found.free) == []
    assert found.wait == timedelta(seconds=50)


def test_nobody_waits_for_more_permits_than_there_are() -> None:
    ring = Ring("request", 1, timedelta(seconds=60))

    found = supply(ring, {"request-00": START - timedelta(seconds=60)}, now=START, wanted=2)

    assert (list(found.free), found.wait) == (["request-00"], timedelta(0))
