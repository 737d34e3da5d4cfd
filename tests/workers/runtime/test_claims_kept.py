"""A round's claims: kept while it runs, checked before each call, given back when it fails."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.workers.runtime.messages import delivery
from tests.workers.runtime.rig import START, Rig, book_receipt
from workers.context import Context
from workers.ledger.claims import claim_objects
from workers.ledger.engine import reading, writing
from workers.ledger.failures import Failure, record_failures
from workers.ledger.tables import claims, failed_messages
from workers.runtime.delivery import Delivery
from workers.runtime.requests import ClaimLost
from workers.steps import Steps, StoreKey, recall

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


def test_a_worker_whose_young_claim_was_taken_by_a_host_with_a_fast_clock_does_not_make_its_call(
    rig: Rig,
) -> None:
    def loses_its_claim(context: Context, data: dict[str, Any]) -> Steps:
        outcome = yield from recall([StoreKey("order", "order/1")])
        with writing(rig.engine) as database:
            database.execute(update(claims).values(owner="another"))
        assert outcome == {}
        return (yield from book_receipt(context, data))

    with pytest.raises(ClaimLost):
        rig.run(ONE, steps_for=loses_its_claim)

    assert rig.quickbooks.documents == []
    assert rig.acked == []


def test_a_failure_that_the_desk_notes_while_the_event_is_being_booked_is_resolved_by_the_booking(
    rig: Rig,
) -> None:
    def is_given_up_meanwhile(context: Context, data: dict[str, Any]) -> Steps:
        outcome = yield from book_receipt(context, data)
        with writing(rig.engine) as database:
            record_failures(database, [failure_of(ONE)])
        return outcome

    rig.run(ONE, steps_for=is_given_up_meanwhile)

    with reading(rig.engine) as database:
        assert database.scalars(select(failed_messages.c.status)).all() == ["resolved"]


def failure_of(one: Delivery) -> Failure:
    return Failure(
        event_id=one.event_id, workflow=one.workflow, connection_id=one.connection_id, subject=one.subject,
        object_key=one.object_key, body=one.body, reason="delivery_limit", cause="", message="", fix="",
        fault_code="", attempts=1, copy_id="copy", failed_at=START, sequence=1,
    )  # fmt: skip


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
