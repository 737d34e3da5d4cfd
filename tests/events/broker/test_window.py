"""Which confirm belongs to which message."""

from events.broker.tickets import Batch
from events.broker.window import WINDOW_BYTES, Window
from events.outgoing import BrokerAway, ConfirmTimeout, NotConfirmed, Outgoing, Refused, Unroutable


def _message(body: bytes, *, key: str = "orders.held", exchange: str = "") -> Outgoing:
    return Outgoing(exchange, key, body)


def _sent(window: Window, messages: list[Outgoing]) -> Batch:
    batch = Batch(messages)
    while (taken := batch.take(0.0)) is not None:
        window.add(batch, *taken, now=0.0)
    return batch


def _kinds(batch: Batch) -> list[type[NotConfirmed] | None]:
    return [None if outcome is None else type(outcome) for outcome in batch.wait(0.0)]


def test_a_confirm_is_for_its_own_message_alone() -> None:
    window = Window(10)
    batch = _sent(window, [_message(b"1"), _message(b"2"), _message(b"3")])

    window.confirmed(2, multiple=False)

    assert _kinds(batch) == [ConfirmTimeout, None, ConfirmTimeout]
    assert not window.is_empty


def test_a_multiple_confirm_is_for_everything_up_to_its_tag_that_is_still_open() -> None:
    window = Window(10)
    batch = _sent(window, [_message(b"1"), _message(b"2"), _message(b"3"), _message(b"4")])
    window.refused(2, multiple=False)

    window.confirmed(3, multiple=True)
    window.confirmed(4, multiple=True)

    assert _kinds(batch) == [None, Refused, None, None]


def test_a_repeated_or_unknown_confirm_changes_nothing() -> None:
    window = Window(10)
    batch = _sent(window, [_message(b"1"), _message(b"2")])
    window.confirmed(1, multiple=False)

    window.confirmed(1, multiple=False)
    window.confirmed(7, multiple=False)

    assert _kinds(batch) == [None, ConfirmTimeout]


def test_a_returned_message_is_unroutable_although_it_is_confirmed() -> None:
    window = Window(10)
    batch = _sent(window, [_message(b"1"), _message(b"1", key="nowhere"), _message(b"1", key="nowhere")])

    window.returned(exchange="", routing_key="nowhere", message_id=None, body=b"1", why="NO_ROUTE")
    window.confirmed(3, multiple=True)

    assert _kinds(batch) == [None, Unroutable, None]


def test_after_a_lost_channel_nothing_in_flight_is_confirmed() -> None:
    window = Window(10)
    batch = _sent(window, [_message(b"1"), _message(b"2", exchange="wrong")])

    window.abandon(BrokerAway("gone"), culprit=Unroutable("no exchange"), exchange="wrong")
    window.confirmed(2, multiple=True)

    assert _kinds(batch) == [BrokerAway, Unroutable]
    assert window.is_empty


def test_a_window_is_full_by_number_or_by_bytes_and_confirms_make_room() -> None:
    by_number, by_bytes = Window(2), Window(100)
    _sent(by_number, [_message(b"1"), _message(b"2")])
    _sent(by_bytes, [_message(b"x" * (WINDOW_BYTES // 2)), _message(b"x" * (WINDOW_BYTES // 2))])
    assert (by_number.has_room, by_bytes.has_room) == (False, False)

    by_number.confirmed(2, multiple=True)
    by_bytes.confirmed(1, multiple=False)

    assert (by_number.has_room, by_bytes.has_room) == (True, True)
