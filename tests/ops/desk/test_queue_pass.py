"""One pass over a queue: what stays keeps its order, what arrives meanwhile is not touched."""

from collections.abc import Iterator

import pytest
from kombu.connection import Connection

from events.broker.publisher import Publisher
from events.broker.topology import declare
from events.outgoing import Outgoing
from ops.desk import queue_pass
from ops.desk.queue_pass import QueueBusy, QueuePass
from tests.rig.broker import Broker
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker
QUEUE = "orders.errors"


@pytest.fixture
def publisher(broker: Broker) -> Iterator[Publisher]:
    with Connection(broker.url) as connection:
        declare(connection)
    publisher = Publisher(broker.url)
    publisher.start()
    yield publisher
    publisher.close(5)


def put(publisher: Publisher, numbers: range) -> None:
    messages = [Outgoing("", QUEUE, str(number).encode(), str(number)) for number in numbers]
    assert publisher.publish_all(messages, timeout_seconds=60) == [None] * len(messages)


def numbers_in(broker: Broker, count: int) -> list[int]:
    def is_back() -> bool:
        assert broker.count(QUEUE) == count
        return True

    wait_for(is_back, timeout_seconds=20, what="all messages are back")
    with broker.channel() as channel:
        got: list[int] = []
        for _method, _properties, body in channel.consume(QUEUE, auto_ack=True, inactivity_timeout=2):
            if body is not None:
                got.append(int(body))
            if len(got) == count or body is None:
                break
        return got


def free_pass(broker: Broker) -> QueuePass | None:
    """A look in the UI counts as a consumer for a moment."""
    try:
        return QueuePass(broker.url, QUEUE)
    except QueueBusy:
        return None


def test_every_third_goes_and_the_rest_keeps_its_order_over_several_channels(
    broker: Broker, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_pass, "HELD_BY_ONE_CHANNEL", 2000)
    put(publisher, range(5500))

    taken = -1
    while taken:  # acks that come shortly before a channel closes may be forgotten
        with wait_for(lambda: free_pass(broker), timeout_seconds=20, what="the last pass is over") as walk:
            gone = [one.spot for chunk in walk.chunks() for one in chunk if int(one.body) % 3 == 0]
            taken = walk.take_out(gone)

    assert numbers_in(broker, 5500 - 1834) == [number for number in range(5500) if number % 3]


def test_fifty_passes_keep_every_message_and_their_order(broker: Broker, publisher: Publisher) -> None:
    put(publisher, range(300))

    for _ in range(50):
        with wait_for(lambda: free_pass(broker), timeout_seconds=20, what="the last pass is over") as walk:
            walk.take_out([one.spot for chunk in walk.chunks() for one in chunk if one.body == b"none"])
        wait_for(lambda: broker.count(QUEUE) == 300, timeout_seconds=20, what="all messages are back")

    assert numbers_in(broker, 300) == list(range(300))


def test_messages_that_arrive_during_the_pass_are_not_seen_and_stay_behind_the_others(
    broker: Broker, publisher: Publisher
) -> None:
    put(publisher, range(50))

    with QueuePass(broker.url, QUEUE) as walk:
        seen = [one for chunk in walk.chunks() for one in chunk]
        put(publisher, range(50, 60))
        walk.take_out([one.spot for one in seen[:10]])

    assert len(seen) == 50
    assert numbers_in(broker, 50) == list(range(10, 60))


def test_second_pass_at_the_same_time_is_refused(broker: Broker, publisher: Publisher) -> None:
    put(publisher, range(5))

    with QueuePass(broker.url, QUEUE) as walk:
        next(walk.chunks())
        with pytest.raises(QueueBusy):
            QueuePass(broker.url, QUEUE)

    assert numbers_in(broker, 5) == list(range(5))


def test_empty_queue_is_passed_at_once(broker: Broker, publisher: Publisher) -> None:
    with QueuePass(broker.url, QUEUE) as walk:
        assert list(walk.chunks()) == []
        assert walk.take_out([]) == 0
