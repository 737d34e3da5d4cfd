"""What several rounds ask the ledger for at the same moment is one transaction, and one that fails harms no other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import OperationalError

from tests.workers.runtime.messages import delivery
from tests.workers.runtime.rig import Rig
from workers.errors import ReconnectNeeded
from workers.ledger.claims import claim_objects
from workers.ledger.engine import reading, writing
from workers.ledger.mappings import Remembered
from workers.ledger.tables import claims, sync_mappings
from workers.runtime import books
from workers.runtime.books import Books
from workers.runtime.requests import Changes, ClaimLost, Commit, Look, Open, Permit
from workers.steps import StoreKey, SyncMapping


@pytest.fixture
def rig(database_url: str) -> Iterator[Rig]:
    rig = Rig(database_url)
    rig.add_connection("other")
    yield rig
    rig.close()


def remembers(
    connection_id: str, entity: str | None, *, released: tuple[str, ...] = (), held: tuple[str, ...] = ()
) -> Commit:
    mapping = SyncMapping(StoreKey("order", "1"), entity, "7")  # type: ignore[arg-type]
    changes = Changes(remembered=[Remembered(mapping, "e1")], released=list(released))
    return Commit(connection_id, "orders", changes, frozenset(held))


def stored(engine: Engine) -> set[str]:
    with reading(engine) as database:
        return set(database.scalars(select(sync_mappings.c.connection_id)))


def commits(engine: Engine) -> list[object]:
    seen: list[object] = []
    event.listen(engine, "commit", seen.append)
    return seen


def test_wishes_of_many_connections_share_a_transaction(rig: Rig) -> None:
    seen = commits(rig.engine)

    answers = Books(rig.services()).carry_out(
        [
            (Open("acme-woo", [delivery("e1")]), Look("acme-woo", frozenset())),
            (Open("other", [delivery("e2", connection="other", subject="order/2")]),),
            (remembers("other", "Invoice"),),
        ]
    )

    assert len(seen) == 1
    assert [answer[0].claimed for answer in answers[:2] if isinstance(answer, tuple)] == [
        {"order/1"},
        {"order/2"},
    ]
    assert stored(rig.engine) == {"other"}


def test_wish_that_the_database_refuses_leaves_the_others_done(rig: Rig) -> None:
    refused, done = Books(rig.services()).carry_out(
        [(remembers("acme-woo", None),), (remembers("other", "Invoice"),)]
    )

    assert isinstance(refused, Exception)
    assert done == (None,)
    assert stored(rig.engine) == {"other"}


def test_what_a_worker_wrote_until_its_claim_was_taken_over_is_seen(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(postgres_url)  # SQLite lets nobody write meanwhile
    began = rig.now
    slow = Books(replace(rig.services(), clock=lambda: began))
    with writing(rig.engine) as database:
        claim_objects(database, [("acme-woo", "order/1")], owner=rig.owner, now=began)
    rig.owner, rig.now = "another", began + timedelta(seconds=60)
    writes = remembers("acme-woo", "Invoice", held=("order/1",))
    taking_over = books.take_over

    def wakes_before_it_is_taken_over(*given: Any, **named: Any) -> set[tuple[str, str]]:
        if named["owner"] == rig.owner:
            assert slow.carry_out([(writes,)]) == [(None,)]
        return taking_over(*given, **named)

    monkeypatch.setattr(books, "take_over", wakes_before_it_is_taken_over)
    key = StoreKey("order", "1")
    ((opening, found),) = Books(rig.services()).carry_out(
        [(Open("acme-woo", [delivery("e2")]), Look("acme-woo", frozenset({key})))]
    )

    rig.close()
    assert opening.claimed == {"order/1"}
    assert set(found) == {key}, "else the order would be booked a second time"


def test_pause_that_was_not_stored_after_all_is_not_remembered(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any, **__: Any) -> list[float]:
        raise OperationalError("", None, Exception("the connection was lost"))

    ledger = Books(rig.services())
    pause = Commit("acme-woo", "orders", Changes(hold=ReconnectNeeded("connect again")), frozenset())
    with monkeypatch.context() as broken:
        broken.setattr(rig.budget, "take_all", lost)
        failed = ledger.carry_out(
            [(Open("acme-woo", [delivery("e1")]),), (pause, Permit("9130", batch=False))]
        )
    ((opening,),) = ledger.carry_out([(Open("acme-woo", [delivery("e1")]),)])

    assert all(isinstance(one, OperationalError) for one in failed)
    assert opening.stored.connection.status == "active"


def test_nobody_waits_for_others_with_a_budget_in_hand(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def note(what: str, answer: Any) -> Any:
        return lambda *_given, **_named: done.append(what) or answer

    monkeypatch.setattr(books, "record_failures", note("failures, which others may change just now", None))
    monkeypatch.setattr(rig.budget, "locking", note("budget", []))
    monkeypatch.setattr(rig.budget, "take_all", note("permit", [0.0]))
    pause = Commit("acme-woo", "orders", Changes(hold=ReconnectNeeded("connect again")), frozenset())

    ((_, seconds),) = Books(rig.services()).carry_out([(pause, Permit("9130", batch=False))])

    assert seconds == 0.0
    assert done == ["failures, which others may change just now", "budget", "permit"]


def test_lost_claim_stops_its_own_round_only(rig: Rig) -> None:
    with writing(rig.engine) as database:
        claim_objects(database, [("acme-woo", "order/1")], owner="another", now=rig.now)

    lost, done = Books(rig.services()).carry_out(
        [(remembers("acme-woo", "Invoice", released=("order/1",)),), (remembers("other", "Invoice"),)]
    )

    assert isinstance(lost, ClaimLost)
    assert done == (None,)
    assert stored(rig.engine) == {"other"}
    with reading(rig.engine) as database:
        assert database.scalar(select(claims.c.owner)) == "another"
