"""A breaker for each company and one over all: the dead slow nobody, and all are back at once."""

import pytest

from tests.workers.quickbooks.conftest import Time
from workers.quickbooks.breaker import FAILURES, LONGEST_PAUSE_SECONDS
from workers.quickbooks.breakers import TURN_SECONDS, Breakers

DEAD, OTHER, THIRD, HEALTHY = "9001", "9002", "9003", "9100"


@pytest.fixture
def breakers(time: Time) -> Breakers:
    return Breakers(monotonic=time)


def die(breakers: Breakers, *realm_ids: str) -> None:
    for _ in range(FAILURES):
        for realm_id in realm_ids:
            breakers.failed(realm_id)


def probe(breakers: Breakers, time: Time, *realm_ids: str) -> str:
    """Let these ask again and again, each as often as it is told to; the one that may go out."""
    wakes = dict.fromkeys(realm_ids, time.now)
    for _ in range(1000):
        realm_id = min(wakes, key=wakes.__getitem__)
        time.now = max(time.now, wakes[realm_id])
        pause = breakers.delay(realm_id)
        if pause <= 0:
            return realm_id
        wakes[realm_id] = time.now + pause
    raise AssertionError("nobody may go out")


def test_a_dead_company_keeps_no_other_waiting(breakers: Breakers) -> None:
    die(breakers, DEAD)

    assert breakers.delay(DEAD) > 0
    assert [breakers.delay(HEALTHY) for _ in range(10)] == [0.0] * 10
    assert (breakers.is_open(DEAD), breakers.is_open(HEALTHY)) == (True, False)


def test_answers_to_others_do_not_wake_a_dead_company(breakers: Breakers) -> None:
    die(breakers, DEAD)

    for _ in range(20):
        breakers.succeeded(HEALTHY)

    assert breakers.delay(DEAD) > 0
    assert breakers.is_open(DEAD)


def test_a_failure_of_a_healthy_one_beside_dead_ones_keeps_it_going(breakers: Breakers) -> None:
    die(breakers, DEAD, OTHER)

    breakers.failed(HEALTHY)

    assert breakers.delay(HEALTHY) == 0.0


def test_down_for_everyone_sends_one_probe_for_all(breakers: Breakers, time: Time) -> None:
    die(breakers, DEAD, OTHER, THIRD)
    time.now += LONGEST_PAUSE_SECONDS

    delays = [breakers.delay(realm_id) for realm_id in (DEAD, OTHER, THIRD) * 5]

    assert delays.count(0.0) == 1


def test_companies_take_turns_with_the_probe(breakers: Breakers, time: Time) -> None:
    die(breakers, DEAD, OTHER, THIRD)
    probed = []
    for _ in range(9):
        probed.append(probe(breakers, time, DEAD, OTHER, THIRD))
        breakers.failed(probed[-1])

    assert sorted(probed[:3]) == [DEAD, OTHER, THIRD]
    assert probed[:3] == probed[3:6] == probed[6:]


def test_probes_of_all_together_are_as_rare_as_those_of_one(breakers: Breakers, time: Time) -> None:
    realm_ids = [f"{number}" for number in range(20)]
    die(breakers, *realm_ids)
    began = time.now
    probes = 0
    while time.now < began + 300:
        breakers.failed(probe(breakers, time, *realm_ids))
        probes += 1

    assert 300 / (LONGEST_PAUSE_SECONDS + TURN_SECONDS) < probes <= 300 / LONGEST_PAUSE_SECONDS + 5


def test_a_company_with_nothing_to_send_lets_its_turn_pass(breakers: Breakers, time: Time) -> None:
    die(breakers, DEAD, OTHER, THIRD)
    began = time.now

    probed = probe(breakers, time, THIRD)

    assert probed == THIRD
    assert time.now - began < LONGEST_PAUSE_SECONDS + TURN_SECONDS + 1


def test_one_answer_wakes_all(breakers: Breakers, time: Time) -> None:
    die(breakers, DEAD, OTHER, THIRD)

    breakers.succeeded(probe(breakers, time, DEAD, OTHER, THIRD))

    assert [breakers.delay(realm_id) for realm_id in (DEAD, OTHER, THIRD)] == [0.0] * 3


def test_a_company_that_comes_first_in_an_outage_is_its_own_probe(breakers: Breakers, time: Time) -> None:
    die(breakers, DEAD, OTHER)

    assert breakers.delay(HEALTHY) == 0.0
    breakers.succeeded(HEALTHY)
    breakers.failed(probe(breakers, time, DEAD))
    assert breakers.delay(OTHER) == 0.0


def test_a_probe_not_made_lets_another_company_probe(breakers: Breakers, time: Time) -> None:
    die(breakers, DEAD, OTHER)
    first = probe(breakers, time, DEAD, OTHER)

    breakers.unused(first)

    assert probe(breakers, time, DEAD if first == OTHER else OTHER) != first
    assert time.now < 100 + LONGEST_PAUSE_SECONDS


def test_only_an_answer_to_another_since_then_says_that_quickbooks_is_not_down(
    breakers: Breakers, time: Time
) -> None:
    breakers.succeeded(HEALTHY)
    time.now += 1
    die(breakers, DEAD)
    at_first = breakers.others_answered(DEAD)
    time.now += 1
    breakers.succeeded(HEALTHY)
    later = breakers.others_answered(DEAD)
    breakers.succeeded(DEAD)

    assert (at_first, later, breakers.others_answered(DEAD)) == (False, True, False)
