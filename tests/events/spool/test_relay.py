"""The spool empties itself, loses nothing on the way, and is emptied by one process at a time."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from events.outgoing import BrokerAway, NotConfirmed, Outgoing, Refused
from events.spool.file import SpoolFile
from events.spool.relay import BATCH, Relay
from tests.rig.waiting import wait_for

Outcome = Callable[[Outgoing], NotConfirmed | None]


class FakeBroker:
    """A publisher that keeps what it confirms."""

    def __init__(self, outcome: Outcome = lambda message: None) -> None:
        self.connected = True
        self.outcome = outcome
        self.taken: list[int] = []
        self._lock = threading.Lock()

    def publish_all(
        self, messages: Sequence[Outgoing], *, timeout_seconds: float
    ) -> list[NotConfirmed | None]:
        outcomes = [self.outcome(message) for message in messages]
        with self._lock:
            self.taken += [int(m.body) for m, o in zip(messages, outcomes, strict=True) if o is None]
        return outcomes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def spool(path: Path) -> Iterator[SpoolFile]:
    file = SpoolFile(path, limit=100_000)
    yield file
    file.close()


def _fill(spool: SpoolFile, count: int) -> None:
    spool.put([[Outgoing("counterfoil.events", "orders.paid", b"%d" % number)] for number in range(count)])


def _relay(path: Path, broker: FakeBroker) -> Relay:
    relay = Relay(path, broker, on_count=lambda _count: None)
    relay.start()
    return relay


def test_everything_arrives_in_order_and_the_spool_is_empty(path: Path, spool: SpoolFile) -> None:
    _fill(spool, 3 * BATCH + 1)
    broker = FakeBroker()

    relay = _relay(path, broker)

    wait_for(lambda: spool.count() == 0)
    relay.close(5.0)
    assert broker.taken == list(range(3 * BATCH + 1))


def test_nothing_leaves_the_spool_without_a_confirm(path: Path, spool: SpoolFile) -> None:
    _fill(spool, 10)
    tried = threading.Event()

    def away(_message: Outgoing) -> NotConfirmed:
        tried.set()
        return BrokerAway("gone again")

    broker = FakeBroker(away)
    relay = _relay(path, broker)
    assert tried.wait(10.0)
    assert spool.count() == 10

    broker.outcome = lambda _message: None

    wait_for(lambda: spool.count() == 0)
    relay.close(5.0)
    assert broker.taken == list(range(10))


def test_a_message_that_the_broker_refuses_stays_and_does_not_hold_up_the_others(
    path: Path, spool: SpoolFile
) -> None:
    _fill(spool, 2 * BATCH)

    relay = _relay(path, FakeBroker(lambda message: Refused("no") if message.body == b"0" else None))

    wait_for(lambda: spool.count() == 1)
    relay.close(5.0)
    assert spool.oldest(10)[0].message.body == b"0"


def test_two_processes_on_one_file_send_nothing_twice(path: Path, spool: SpoolFile) -> None:
    _fill(spool, 20 * BATCH)
    broker = FakeBroker()

    relays = [_relay(path, broker), _relay(path, broker)]

    wait_for(lambda: spool.count() == 0)
    for relay in relays:
        relay.close(5.0)
    assert broker.taken == list(range(20 * BATCH))


def test_while_the_broker_is_away_nothing_is_tried(path: Path, spool: SpoolFile) -> None:
    _fill(spool, 1)
    looked = threading.Event()
    broker = FakeBroker()
    broker.connected = False
    relay = Relay(path, broker, on_count=lambda _count: looked.set())
    relay.start()

    assert looked.wait(10.0)
    relay.close(5.0)

    assert broker.taken == []
    assert spool.count() == 1
