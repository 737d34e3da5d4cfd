"""Retry with what the store says now; a store that cannot be asked stops no retry."""

import json
from collections.abc import Callable

import pytest

from events.stores.api import StoreUnavailable
from ops.desk.anew import Anew
from ops.desk.reading import Arrival
from schemas.envelope import Envelope
from tests.ops.desk.room import Room, body_of, failure

pytestmark = pytest.mark.broker
RETRY = Arrival(b'{"command": "retry_all"}')


def newer(event: Envelope) -> Envelope:
    """The store's object has changed since: another version has another id."""
    time = event.time.replace(year=2027)
    return event.model_copy(update={"id": "newer", "time": time, "data": {"number": 99}})


def retried(room: Room, fetch: Callable[[Envelope], Envelope | None]) -> tuple[list[dict[str, object]], str]:
    """What came back to the workflow, and what the answer says."""
    workbench = room.workbench(anew=lambda: Anew(fetch, at_once=2))
    workbench.handle(RETRY)
    while workbench.busy:
        workbench.work()
    return [message.json() for message in room.taken_from_workflow()], str(room.answers()[-1]["why"])


def test_retry_takes_the_stores_payload_and_time_under_the_same_id(room: Room) -> None:
    room.fail(*(failure(number) for number in range(3)))

    back, why = retried(room, newer)

    assert [one["id"] for one in back] == ["event-0", "event-1", "event-2"]
    assert {json.dumps(one["data"]) for one in back} == {'{"number": 99}'}
    assert {str(one["time"])[:4] for one in back} == {"2027"}
    assert why == "Fetched anew: 3."


def test_store_that_does_not_answer_is_asked_once_and_the_old_events_are_retried(room: Room) -> None:
    room.fail(failure(1), failure(2))
    asked: list[str] = []

    def away(event: Envelope) -> Envelope | None:
        asked.append(event.id)
        raise StoreUnavailable("The store does not answer.")

    back, why = retried(room, away)

    assert back == [json.loads(body_of(1)), json.loads(body_of(2))]
    assert asked == ["event-1"]
    assert why == "Fetched anew: 0. Retried as they were: 2 (The store does not answer)."


def test_object_that_is_gone_is_retried_as_it_was(room: Room) -> None:
    room.fail(failure(1))

    back, why = retried(room, lambda event: None)

    assert back == [json.loads(body_of(1))]
    assert "the store has order/1 no longer" in why


def test_older_state_of_the_store_is_not_taken(room: Room) -> None:
    room.fail(failure(1))

    back, _ = retried(room, lambda event: event.model_copy(update={"time": event.time.replace(year=2020)}))

    assert back == [json.loads(body_of(1))]
