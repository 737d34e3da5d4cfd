"""One event that makes its round fail does not hold up the others of its company, and ends where a person sees it."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kombu.connection import Connection
from sqlalchemy import select

from events.broker.publisher import Publisher
from events.broker.topology import declare
from events.outgoing import Outgoing
from tests.rig.broker import Broker
from tests.workers.runtime.messages import event_body
from tests.workers.runtime.rig import Counts, FakeBreaker, FreeBudget, Rig, book_receipt
from workers.context import Context
from workers.ledger.engine import reading
from workers.ledger.tables import entries, failed_messages
from workers.runtime.services import Services
from workers.runtime.settle import Policy
from workers.runtime.worker import Worker
from workers.steps import Remember, Steps, StoreKey, SyncMapping

WAIT_SECONDS = 60.0


@pytest.fixture
def rig(sqlite_url: str) -> Iterator[Rig]:
    rig = Rig(sqlite_url)
    yield rig
    rig.close()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        threading.Event().wait(0.05)


def ids(rig: Rig, table: Any) -> set[str]:
    with reading(rig.engine) as database:
        return set(database.execute(select(table.c.event_id)).scalars())


def books_what_no_ledger_keeps(context: Context, data: dict[str, Any]) -> Steps:
    """Order 2 leaves a mapping that the database refuses, as a bug of ours might."""
    if context.envelope.subject == "order/2":
        yield Remember(SyncMapping(StoreKey("order", "2"), None, "1"))  # type: ignore[arg-type]
    return (yield from book_receipt(context, data))


def test_event_that_no_ledger_keeps_ends_as_a_failure_and_its_neighbours_are_booked(
    rig: Rig, broker: Broker
) -> None:
    with Connection(broker.url) as connection:
        declare(connection)
    publisher = Publisher(broker.url)
    publisher.start()
    numbers = itertools.count(1)
    services = Services(
        engine=rig.engine,
        quickbooks=rig.quickbooks,  # type: ignore[arg-type]
        budget=FreeBudget(),
        breaker=FakeBreaker(),
        mail=publisher,
        steps_for=books_what_no_ledger_keeps,
        observer=Counts(),
        policy=Policy(),
        owner="worker-1",
        clock=lambda: rig.now,
        new_id=lambda: f"request-{next(numbers)}",
    )
    worker = Worker(services, broker_url=broker.url, workflows=["orders"])
    bodies = [event_body(f"e{number}", subject=f"order/{number}") for number in (1, 2, 3)]
    publisher.publish_all([Outgoing("", "orders", body) for body in bodies], timeout_seconds=30)

    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        until(lambda: bool(ids(rig, failed_messages)) and len(ids(rig, entries)) == 2)
    finally:
        worker.stop()
        thread.join(30)
        publisher.close(5)

    assert ids(rig, failed_messages) == {"e2"}
    assert ids(rig, entries) == {"e1", "e3"}
    assert sorted(document["DocNumber"] for document in rig.quickbooks.documents) == ["order/1", "order/3"]
