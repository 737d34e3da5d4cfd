"""A round's claims: kept while it runs, checked before each call, given back when it fails."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.workers.runtime.messages import delivery
from tests.workers.runtime.rig import Rig, book_receipt
from workers.context import Context
from workers.ledger.claims import claim_objects
from workers.ledger.engine import reading, writing
from workers.ledger.tables import claims
from workers.runtime.requests import ClaimLost
from workers.steps import Steps

ONE = delivery("e1", subject="order/1")


@pytest.fixture
def rig(database_url: str) -> Iterator[Rig]:
    rig = Rig(database_url)
    yield rig
    rig.close()


def test_a_worker_that_stood_still_before_its_call_does_not_make_it(rig: Rig) -> None:
    def stands_still(context: Context, data: dict[str, Any]) -> Steps:
        rig.now += timedelta(seconds=60)
        with writing(rig.engine) as database:
            claim_objects(database, [("acme-woo", "order/1")], owner="another", now=rig.now)
        return (yield from book_receipt(context, data))

    with pytest.raises(ClaimLost):
        rig.run(ONE, steps_for=stands_still)

    assert rig.quickbooks.documents == []
    assert rig.acked == []


def test_each_commit_of_a_round_renews_its_claims(rig: Rig) -> None:
    seen = []

    def slow(context: Context, data: dict[str, Any]) -> Steps:
        rig.now += timedelta(seconds=14)
        outcome = yield from book_receipt(context, data)
        with reading(rig.engine) as database:
            seen.append(database.execute(select(claims.c.until)).scalar_one())
        return outcome

    rig.run(ONE, steps_for=slow)

    assert seen == [rig.now + timedelta(seconds=15)]
