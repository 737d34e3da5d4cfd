"""What several rounds ask the ledger for at the same moment is one transaction, and one that fails harms no other."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event, select

from tests.workers.runtime.messages import delivery
from tests.workers.runtime.rig import Rig
from workers.ledger.claims import claim_objects
from workers.ledger.engine import reading, writing
from workers.ledger.mappings import Remembered
from workers.ledger.tables import claims, sync_mappings
from workers.runtime.books import Books
from workers.runtime.requests import Changes, ClaimLost, Commit, Look, Open
from workers.steps import StoreKey, SyncMapping


@pytest.fixture
def rig(database_url: str) -> Iterator[Rig]:
    rig = Rig(database_url)
    rig.add_connection("other")
    yield rig
    rig.close()


def remembers(connection_id: str, entity: str | None, *, released: tuple[str, ...] = ()) -> Commit:
    mapping = SyncMapping(StoreKey("order", "1"), entity, "7")  # type: ignore[arg-type]
    changes = Changes(remembered=[Remembered(mapping, "e1")], released=list(released))
    return Commit(connection_id, "orders", changes, frozenset())


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
