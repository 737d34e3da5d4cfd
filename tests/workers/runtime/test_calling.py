"""Calls whose outcome is unknown: how often they go out again, how long they rest, when they cost an attempt."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tests.workers.runtime.rig import Rig
from workers.errors import QuickBooksUnavailable, ReconnectNeeded
from workers.runtime.calling import LONGEST_REST_SECONDS, REPEATS, SILENCE, Caller
from workers.runtime.requests import Apart, Pause


@pytest.fixture
def rig(sqlite_url: str) -> Iterator[Rig]:
    rig = Rig(sqlite_url)
    yield rig
    rig.close()


def call(rig: Rig, action: Callable[[], str]) -> object:
    """Make one call as a round does; rests pass at once and are noted in ``rig.pauses``."""
    asking = Caller(rig.services()).attempt(action)
    answer: object = None
    problem: Exception | None = None
    while True:
        try:
            request = asking.send(answer) if problem is None else asking.throw(problem)
        except StopIteration as end:
            return end.value
        answer = problem = None
        if isinstance(request, Pause):
            rig.pauses.append(request.seconds)
            rig.now += timedelta(seconds=request.seconds)
        else:
            assert isinstance(request, Apart)
            try:
                answer = request.action()
            except Exception as error:
                problem = error


def silent(times: int) -> Callable[[], str]:
    """No answer so often, then one."""
    left = iter(range(times))

    def action() -> str:
        if next(left, None) is None:
            return "booked"
        raise QuickBooksUnavailable("no answer")

    return action


def test_a_call_that_fails_while_others_of_its_company_succeed_costs_an_attempt(rig: Rig) -> None:
    outcome = call(rig, silent(REPEATS))

    assert isinstance(outcome, QuickBooksUnavailable)


def test_in_an_outage_of_a_day_no_call_costs_an_attempt_and_none_rests_long(rig: Rig) -> None:
    rig.breaker.is_silent = True

    outcome = call(rig, silent(17_000))

    assert outcome == "booked"
    assert sum(rig.pauses) > 80_000
    assert max(rig.pauses) <= LONGEST_REST_SECONDS


def test_a_company_silent_for_minutes_while_others_get_answers_costs_an_attempt(rig: Rig) -> None:
    rig.breaker.is_silent = rig.breaker.answers_others = True

    outcome = call(rig, silent(17_000))

    assert isinstance(outcome, QuickBooksUnavailable)
    assert SILENCE.total_seconds() <= sum(rig.pauses) <= SILENCE.total_seconds() + 2 * LONGEST_REST_SECONDS


def test_what_is_known_without_asking_does_not_pass_for_an_answer(rig: Rig) -> None:
    rig.breaker.failures = 3

    def not_connected() -> str:
        raise ReconnectNeeded("Run: counterfoil connections connect")

    outcome = call(rig, not_connected)

    assert isinstance(outcome, ReconnectNeeded)
    assert rig.breaker.failures == 3
