"""Late answers, holds inside a batch, and pauses that cross: nothing newer is overwritten, nothing goes in circles."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from events import names
from tests.workers.runtime.messages import delivery
from tests.workers.runtime.rig import START, Died, Rig
from workers.context import Context
from workers.errors import ReconnectNeeded
from workers.ledger.connections import change_status, read_connection
from workers.ledger.engine import reading, writing
from workers.ledger.mappings import Remembered, recall_mappings, store_mappings
from workers.ledger.tables import entries
from workers.outcomes import Booked, Skipped
from workers.runtime.delivery import WAITING_SINCE
from workers.steps import Steps, StoreKey, SyncMapping, Write, recall, write

BUYER = StoreKey("customer", "5")


@pytest.fixture
def rig(database_url: str) -> Iterator[Rig]:
    rig = Rig(database_url)
    yield rig
    rig.close()


def creates_the_buyer(context: Context, data: dict[str, Any]) -> Steps:
    if BUYER not in (yield from recall([BUYER])):
        yield from write(Write("customer", "Customer", "create", {"DisplayName": "Jane"}, key=BUYER))
    return Booked()


def buyer(rig: Rig) -> SyncMapping:
    with reading(rig.engine) as database:
        return recall_mappings(database, "acme-woo", [BUYER])[BUYER]


def remember(rig: Rig, mapping: SyncMapping) -> None:
    with writing(rig.engine) as database:
        store_mappings(database, "acme-woo", [Remembered(mapping, "e9")], rig.now)


def test_late_answer_does_not_overwrite_what_is_known_of_the_buyer_by_now(rig: Rig) -> None:
    with pytest.raises(Died):
        rig.run(delivery("e1"), steps_for=creates_the_buyer, die_at="after call")
    newer = SyncMapping(BUYER, "Customer", "1", "3", version=START, detail={"fields": {"name": "x"}})
    remember(rig, newer)
    rig.restart()

    rig.run(delivery("e1"), steps_for=creates_the_buyer)

    assert buyer(rig) == newer
    assert len(rig.quickbooks.documents) == 1


def test_order_that_remembers_its_buyer_keeps_the_contacts_version(rig: Rig) -> None:
    remember(rig, SyncMapping(BUYER, "Customer", "1", "3", version=START))

    remember(rig, SyncMapping(BUYER, "Customer", "1", "3"))

    assert buyer(rig).version == START


def test_hold_that_only_one_item_of_a_batch_is_told_pauses_the_connection(rig: Rig) -> None:
    rig.quickbooks.refusals = {"order/2": ReconnectNeeded("connect again")}

    words = rig.run(delivery("e1", subject="order/1"), delivery("e2", subject="order/2"))

    assert words == {"e1": "booked", "e2": "held"}
    with reading(rig.engine) as database:
        stored = read_connection(database, "acme-woo")
    assert stored is not None
    assert stored.connection.status == "paused"


def test_hold_with_an_end_does_not_shorten_a_persons_pause(rig: Rig) -> None:
    rig.quickbooks.troubles = [ReconnectNeeded("token", seconds=60.0)]
    with writing(rig.engine) as database:
        change_status(database, "acme-woo", "paused", until=rig.now, reason="over", now=rig.now)

    def person_pauses(context: Context, data: dict[str, Any]) -> Steps:
        with writing(rig.engine) as database:
            change_status(database, "acme-woo", "paused", reason="stock-taking", now=rig.now)
        return (yield from creates_the_buyer(context, data))

    rig.run(delivery("e1"), steps_for=person_pauses)

    with reading(rig.engine) as database:
        stored = read_connection(database, "acme-woo")
    assert stored is not None
    assert (stored.connection.pause_reason, stored.paused_until) == ("stock-taking", None)


def test_time_in_the_held_queue_is_no_waiting_for_a_sale(rig: Rig) -> None:
    with writing(rig.engine) as database:
        change_status(database, "acme-woo", "paused", reason="stock-taking", now=rig.now)
    since = (rig.now - timedelta(seconds=50)).isoformat()

    rig.run(delivery("e1", headers={WAITING_SINCE: since}))

    (held,) = rig.mail.sent
    assert held.routing_key == names.held("orders")
    assert WAITING_SINCE not in held.headers


def skips(context: Context, data: dict[str, Any]) -> Steps:
    return Skipped("status_not_chosen")
    yield


def test_event_that_was_skipped_is_looked_at_again_when_the_store_tells_it_again(rig: Rig) -> None:
    rig.run(delivery("e1"), steps_for=skips)

    words = [rig.run(delivery("e1")), rig.run(delivery("e1"))]

    assert words == [{"e1": "booked"}, {"e1": "skipped"}]
    with reading(rig.engine) as database:
        (entry,) = database.execute(select(entries))
    assert (entry.status, entry.why) == ("booked", "")
    assert len(rig.quickbooks.documents) == 1
