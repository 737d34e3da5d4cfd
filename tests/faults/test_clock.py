"""The clock jumps while a round runs, or between two deliveries: everything is booked once."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.workers.runtime.messages import delivery
from tests.workers.runtime.rig import Died, Rig, book_receipt
from workers.context import Context
from workers.ledger.engine import reading
from workers.ledger.tables import claims, intents
from workers.steps import Steps

JUMPS = [
    pytest.param(timedelta(hours=1), id="an-hour-forward"),
    pytest.param(timedelta(hours=-1), id="an-hour-back"),
    pytest.param(timedelta(days=400), id="a-year-forward"),
]


@pytest.fixture
def rig(usual_database_url: str) -> Iterator[Rig]:
    rig = Rig(usual_database_url)
    yield rig
    rig.close()


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_within_a_round_changes_nothing(rig: Rig, jump: timedelta) -> None:
    def jumping(context: Context, data: dict[str, Any]) -> Steps:
        rig.now += jump
        outcome = yield from book_receipt(context, data)
        rig.now -= jump
        return outcome

    words = rig.run(delivery("e1", subject="order/1"), delivery("e2", subject="order/2"), steps_for=jumping)

    assert words == {"e1": "booked", "e2": "booked"}
    assert len(rig.quickbooks.documents) == 2


@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("point", ["after intent 1", "after write 1", "before ack 1"])
def test_a_clock_that_jumps_after_a_death_neither_loses_nor_doubles(
    rig: Rig, jump: timedelta, point: str
) -> None:
    with pytest.raises(Died):
        rig.run(delivery("e1", subject="order/1"), die_at=point)
    rig.now += jump

    words = rig.run(delivery("e1", subject="order/1"))

    assert set(words) == {"e1"}
    assert len(rig.quickbooks.documents) == 1
    with reading(rig.engine) as database:
        left = [*database.execute(select(intents)), *database.execute(select(claims))]
    assert left == []


def test_a_clock_set_back_frees_a_dead_workers_objects_no_later_than_it_was_set_back(rig: Rig) -> None:
    with pytest.raises(Died):
        rig.run(delivery("e1", subject="order/1"), die_at="after intent 1")
    rig.owner = "another"
    rig.now -= timedelta(minutes=5)

    waits = rig.run(delivery("e1", subject="order/1"))
    rig.now += timedelta(minutes=6)
    words = rig.run(delivery("e1", subject="order/1"))

    assert (waits, words) == ({"e1": "delayed_retry"}, {"e1": "booked"})
    assert len(rig.quickbooks.documents) == 1
