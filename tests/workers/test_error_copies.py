"""What a person reads on RabbitMQ's screen: the message itself, a line for each value."""

import json

import pytest

from tests.workers.runtime.messages import delivery
from workers.error_copies import readable


def test_event_has_a_line_for_each_value_and_is_the_same_event() -> None:
    body = delivery("e1").body

    shown = readable(body)

    assert json.loads(shown) == json.loads(body)
    assert all(len(line) < 120 for line in shown.decode().splitlines())


def test_digits_and_letters_stay_as_they_are() -> None:
    body = '{"amount":10.10,"id":123456789012345678901234567890,"tiny":1e-30,"name":"Zoë ☕","nothing":null}'

    assert readable(body.encode()).decode() == (
        '{\n  "amount": 10.10,\n  "id": 123456789012345678901234567890,\n  "tiny": 1e-30,\n'
        '  "name": "Zoë ☕",\n  "nothing": null\n}'
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff not text", b"no JSON", b'{"a":NaN}', b'{"a":1,"a":2}', b'"\\ud800"', b"[" * 100_000],
    ids=["empty", "not text", "no JSON", "NaN", "a key twice", "half a character", "too deep"],
)
def test_what_would_change_is_left_as_it_is(body: bytes) -> None:
    assert readable(body) == body
