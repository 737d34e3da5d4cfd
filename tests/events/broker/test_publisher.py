"""The publisher against a real broker: what is confirmed is there, and nothing hangs."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from kombu.connection import Connection

from events import names
from events.broker import topology
from events.broker.publisher import Publisher
from events.outgoing import BrokerAway, ConfirmTimeout, NotConfirmed, Outgoing, Refused, Unroutable
from ops.node.node import PrivateNode
from tests.rig.broker import Broker
from tests.rig.proxy import TcpProxy
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker
QUEUE = names.held("orders")
MakePublisher = Callable[..., Publisher]
MakeProxy = Callable[[str], TcpProxy]


@pytest.fixture
def make_publisher() -> Iterator[MakePublisher]:
    """Publishers that are connected, and closed after the test."""
    made: list[Publisher] = []

    def make(url: str, **settings: float) -> Publisher:
        publisher = Publisher(url, jitter=lambda: 0.0, **settings)  # type: ignore[arg-type]
        made.append(publisher)
        publisher.start()
        assert publisher.wait_connected(10.0)
        return publisher

    yield make
    for publisher in made:
        publisher.close(2.0)


def _declare(broker: Broker) -> None:
    with Connection(broker.url) as connection:
        topology.declare(connection)


def _message(number: int, *, key: str = QUEUE, exchange: str = "") -> Outgoing:
    return Outgoing(exchange, key, b'{"n": %d}' % number, message_id=str(number))


def _kinds(outcomes: list[NotConfirmed | None]) -> list[type[NotConfirmed] | None]:
    return [None if outcome is None else type(outcome) for outcome in outcomes]


def test_a_confirmed_message_is_in_its_queue_persistent_and_with_its_headers(
    broker: Broker, make_publisher: MakePublisher
) -> None:
    _declare(broker)
    publisher = make_publisher(broker.url)
    message = Outgoing(names.EVENTS, "orders.paid", b'{"n": 1}', message_id="5f1c", headers={"attempts": 2})

    publisher.publish(message).result(5.0)

    found = broker.take("orders")[0]
    assert found.body == b'{"n": 1}'
    assert found.headers["attempts"] == 2
    assert found.properties["message_id"] == "5f1c"
    assert found.properties["delivery_mode"] == 2
    assert found.properties["content_type"] == "application/json"


def test_a_batch_larger_than_the_window_arrives_whole_and_in_order(
    broker: Broker, make_publisher: MakePublisher
) -> None:
    _declare(broker)
    publisher = make_publisher(broker.url, window=20)

    outcomes = publisher.publish_all([_message(n) for n in range(500)], timeout_seconds=30.0)

    assert outcomes == [None] * 500
    assert [found.json()["n"] for found in broker.take(QUEUE)] == list(range(500))


def test_large_messages_do_not_keep_each_other_from_being_confirmed_in_time(
    broker: Broker, make_publisher: MakePublisher
) -> None:
    _declare(broker)
    publisher = make_publisher(broker.url, confirm_timeout_seconds=5.0)
    large = Outgoing("", QUEUE, b"x" * 1_000_000)

    outcomes = publisher.publish_all([large] * 30, timeout_seconds=60.0)

    assert outcomes == [None] * 30


def test_a_long_batch_does_not_hold_up_a_single_message(
    broker: Broker, make_publisher: MakePublisher
) -> None:
    _declare(broker)
    publisher = make_publisher(broker.url, window=50)
    batch = [_message(n) for n in range(10_000)]
    caller = threading.Thread(target=lambda: publisher.publish_all(batch, timeout_seconds=60.0))
    caller.start()
    wait_for(lambda: broker.count(QUEUE) > 0)

    publisher.publish(_message(-1)).result(5.0)

    assert caller.is_alive()
    caller.join(60.0)


def test_every_thread_gets_the_outcome_of_its_own_messages(
    broker: Broker, make_publisher: MakePublisher
) -> None:
    _declare(broker)
    publisher = make_publisher(broker.url)
    outcomes: dict[int, list[type[NotConfirmed] | None]] = {}

    def publish(thread: int) -> None:
        keys = [QUEUE if (n + thread) % 3 else "nowhere" for n in range(60)]
        batch = [_message(n, key=key) for n, key in enumerate(keys)]
        outcomes[thread] = _kinds(publisher.publish_all(batch, timeout_seconds=20.0))

    threads = [threading.Thread(target=publish, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    expected = {t: [None if (n + t) % 3 else Unroutable for n in range(60)] for t in range(8)}
    assert outcomes == expected


def test_a_message_that_no_queue_takes_is_unroutable_and_its_neighbours_are_confirmed(
    broker: Broker, make_publisher: MakePublisher
) -> None:
    _declare(broker)
    publisher = make_publisher(broker.url)

    batch = [_message(1), _message(2, key="nowhere"), _message(3)]

    assert _kinds(publisher.publish_all(batch, timeout_seconds=5.0)) == [None, Unroutable, None]


def test_a_missing_exchange_is_named_and_the_publisher_works_on(
    broker: Broker, make_publisher: MakePublisher
) -> None:
    _declare(broker)
    publisher = make_publisher(broker.url)

    wrong = publisher.publish_all([_message(1, exchange="counterfoil.evnets")], timeout_seconds=5.0)

    assert _kinds(wrong) == [Unroutable]
    assert "counterfoil.evnets" in str(wrong[0])
    wait_for(lambda: publisher.publish(_message(2)).exception(5.0) is None)


def test_a_full_queue_refuses_and_says_so(broker: Broker, make_publisher: MakePublisher) -> None:
    with broker.channel() as channel:
        bounded = {"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}
        channel.queue_declare("full", durable=True, arguments=bounded)
    publisher = make_publisher(broker.url)

    def refused() -> bool:
        return isinstance(publisher.publish(_message(1, key="full")).exception(5.0), Refused)

    wait_for(refused)  # a quorum queue lets a few more in before it says no


def test_channel_opened_just_after_a_leaders_death_is_not_refused_for_ever(
    node: PrivateNode, broker: Broker, make_publisher: MakePublisher
) -> None:
    """RabbitMQ 3.10 goes by the queue's record, which names the dead leader for a moment more."""
    _declare(broker)
    alive = node.ctl("eval", "node().")
    _write_leader(node, broker.vhost, "'dead@localhost'")
    publisher = make_publisher(broker.url)
    first = publisher.publish(_message(1)).exception(5.0)
    _write_leader(node, broker.vhost, alive)

    wait_for(lambda: publisher.publish(_message(2)).exception(5.0) is None, timeout_seconds=5.0)

    assert first is None or isinstance(first, Refused)
    assert publisher.publish_all([_message(n) for n in range(500)], timeout_seconds=10.0) == [None] * 500


def _write_leader(node: PrivateNode, vhost: str, name: str) -> None:
    node.ctl(
        "eval",
        f'Queue = rabbit_misc:r(<<"{vhost}">>, queue, <<"{QUEUE}">>), '
        "Change = fun(Record) -> {Process, _} = amqqueue:get_pid(Record), "
        f"amqqueue:set_pid(Record, {{Process, {name}}}) end, "
        "case erlang:function_exported(rabbit_db_queue, update, 2) of "
        "true -> rabbit_db_queue:update(Queue, Change); "
        "false -> rabbit_misc:execute_mnesia_transaction(fun() -> rabbit_amqqueue:update(Queue, Change) end) end.",
    )


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(Outgoing("", "k" * 256, b"{}"), id="routing-key-over-255-bytes"),
        pytest.param(
            Outgoing("", QUEUE, b"{}", headers={"message": "x" * 140_000}), id="headers-over-a-frame"
        ),
    ],
)
def test_a_message_that_amqp_cannot_carry_is_refused_alone(
    broker: Broker, make_publisher: MakePublisher, message: Outgoing
) -> None:
    _declare(broker)
    publisher = make_publisher(broker.url)

    outcomes = publisher.publish_all([_message(1), message, _message(2)], timeout_seconds=5.0)

    assert _kinds(outcomes) == [None, Refused, None]


def test_without_a_broker_a_message_ends_at_once_and_after_its_return_it_is_sent(
    broker: Broker, make_publisher: MakePublisher, proxy: MakeProxy
) -> None:
    _declare(broker)
    between = proxy(broker.url)
    publisher = make_publisher(between.url(broker.url))
    between.refuse()
    wait_for(lambda: not publisher.connected)

    started = time.monotonic()
    outcome = publisher.publish(_message(1)).exception(5.0)

    assert isinstance(outcome, BrokerAway)
    assert time.monotonic() - started < 1.0
    between.pass_on()
    assert publisher.wait_connected(10.0)
    assert publisher.publish(_message(2)).exception(5.0) is None
    assert [found.json()["n"] for found in broker.take(QUEUE)] == [2]


def test_started_before_the_broker_it_connects_by_itself(broker: Broker, proxy: MakeProxy) -> None:
    _declare(broker)
    between = proxy(broker.url)
    between.refuse()
    publisher = Publisher(between.url(broker.url), jitter=lambda: 0.0)
    publisher.start()

    early = publisher.publish(_message(1)).exception(10.0)
    between.pass_on()

    assert isinstance(early, BrokerAway)
    assert publisher.wait_connected(10.0)
    assert publisher.publish(_message(2)).exception(5.0) is None
    publisher.close(2.0)


def test_a_confirm_that_comes_too_late_confirms_nothing(
    broker: Broker, make_publisher: MakePublisher, proxy: MakeProxy
) -> None:
    """The messages arrive, their confirms are held back, then let loose on the next messages."""
    _declare(broker)
    between = proxy(broker.url)
    publisher = make_publisher(between.url(broker.url), confirm_timeout_seconds=0.5)
    between.stall_replies()
    late = publisher.publish_all([_message(n) for n in range(3)], timeout_seconds=10.0)
    refused_meanwhile = publisher.publish(_message(10)).exception(5.0)
    between.pass_on()
    assert publisher.wait_connected(10.0)

    outcomes = publisher.publish_all([_message(4), _message(5, key="nowhere")], timeout_seconds=5.0)

    assert _kinds(late) == [ConfirmTimeout] * 3
    assert isinstance(refused_meanwhile, NotConfirmed)
    assert _kinds(outcomes) == [None, Unroutable]


def test_a_reset_connection_leaves_every_message_with_an_outcome(
    broker: Broker, make_publisher: MakePublisher, proxy: MakeProxy
) -> None:
    _declare(broker)
    between = proxy(broker.url)
    publisher = make_publisher(between.url(broker.url), window=50)
    between.trickle(40_000)
    batch = [_message(n) for n in range(2_000)]
    result: list[NotConfirmed | None] = []
    caller = threading.Thread(
        target=lambda: result.extend(publisher.publish_all(batch, timeout_seconds=30.0))
    )
    caller.start()
    wait_for(lambda: broker.count(QUEUE) > 0)

    between.reset()
    caller.join(30.0)

    between.pass_on()
    present = {found.json()["n"] for found in broker.take(QUEUE, 2_000)}
    confirmed = {n for n, outcome in enumerate(result) if outcome is None}
    assert len(result) == 2_000
    assert set(_kinds(result)) == {None, BrokerAway}
    assert confirmed <= present


def test_close_waits_for_what_was_taken(broker: Broker, make_publisher: MakePublisher) -> None:
    _declare(broker)
    publisher = make_publisher(broker.url)
    futures = [publisher.publish(_message(n)) for n in range(300)]

    publisher.close(10.0)

    assert [future.exception(0.0) for future in futures] == [None] * 300
    assert isinstance(publisher.publish(_message(1)).exception(0.0), BrokerAway)


def test_a_closing_publisher_does_not_wait_for_a_broker_that_is_silent(
    broker: Broker, make_publisher: MakePublisher, proxy: MakeProxy
) -> None:
    between = proxy(broker.url)
    publisher = make_publisher(between.url(broker.url), confirm_timeout_seconds=30.0)
    between.stall()
    future = publisher.publish(_message(1))

    publisher.close(0.3)

    assert isinstance(future.exception(0.0), BrokerAway)


def test_killed_broker_keeps_every_confirmed_message(own_node: PrivateNode, own_broker: Broker) -> None:
    _declare(own_broker)
    publisher = Publisher(own_broker.url, window=50, jitter=lambda: 0.0)
    publisher.start()
    batch = [_message(n) for n in range(30_000)]
    result: list[NotConfirmed | None] = []
    caller = threading.Thread(
        target=lambda: result.extend(publisher.publish_all(batch, timeout_seconds=60.0))
    )
    caller.start()
    wait_for(lambda: own_broker.count(QUEUE) > 100)

    own_node.kill()
    caller.join(60.0)

    own_node.start()
    assert publisher.wait_connected(30.0)
    confirmed = {n for n, outcome in enumerate(result) if outcome is None}
    present: set[int] = set()
    while found := own_broker.take(QUEUE, 5_000):
        present |= {message.json()["n"] for message in found}
    assert 100 < len(confirmed) < 30_000
    assert confirmed <= present
    publisher.close(2.0)


def test_a_memory_alarm_is_an_outcome_and_not_a_hang(own_node: PrivateNode, own_broker: Broker) -> None:
    _declare(own_broker)
    publisher = Publisher(own_broker.url, confirm_timeout_seconds=1.0, jitter=lambda: 0.0)
    publisher.start()
    assert publisher.wait_connected(10.0)
    own_node.ctl("set_vm_memory_high_watermark", "0.000001")

    started = time.monotonic()
    blocked = publisher.publish(_message(1)).exception(10.0)
    next_one = publisher.publish(_message(2)).exception(10.0)

    assert isinstance(blocked, NotConfirmed)
    assert isinstance(next_one, NotConfirmed)
    assert time.monotonic() - started < 5.0
    own_node.ctl("set_vm_memory_high_watermark", "0.6")
    assert publisher.wait_connected(20.0)
    assert publisher.publish(_message(3)).exception(5.0) is None
    publisher.close(2.0)
