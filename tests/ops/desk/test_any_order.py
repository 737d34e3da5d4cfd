"""Whatever happens in whatever order: each failed message ends booked, ignored, unresolved or on its way."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from events import names
from events.broker.tickets import Ticket
from events.outgoing import BrokerAway, NotConfirmed, Outgoing
from ops.desk.reading import Arrival
from tests.ops.desk.room import Room, failure, now
from tests.rig.waiting import wait_for
from workers.ledger.engine import writing
from workers.ledger.tables import commands, failed_bodies, failed_messages

pytestmark = pytest.mark.broker
EVENTS = range(4)
CRASHES = ("none", "before", "after")

one_event = st.sampled_from(EVENTS)
crash = st.sampled_from(CRASHES)
step = st.one_of(
    st.tuples(st.just("fail"), one_event, crash),
    st.tuples(st.just("fail"), one_event, crash),
    st.tuples(st.sampled_from(["retry", "ignore", "restore"]), one_event, crash),
    st.tuples(st.sampled_from(["retry_all", "ignore_all"]), st.just(0), crash),
    st.tuples(st.just("work"), st.integers(0, 15), crash),
    st.tuples(st.just("sweep"), st.just(0), crash),
)


@dataclass
class DyingPublisher:
    """The real publisher, which loses its connection when it is told to: before the messages go, or after."""

    room: Room
    dies: str = "none"

    def publish_all(
        self, messages: Sequence[Outgoing], *, timeout_seconds: float
    ) -> list[NotConfirmed | None]:
        dies, self.dies = self.dies, "none"
        if dies == "before":
            return [BrokerAway("cut before")] * len(messages)
        outcomes = self.room.publisher.publish_all(messages, timeout_seconds=timeout_seconds)
        return [BrokerAway("cut after")] * len(messages) if dies == "after" else outcomes

    def submit(self, ticket: Ticket) -> None:
        dies, self.dies = self.dies, "none"
        if dies == "before":
            ticket.give_up("cut before")
        else:
            self.room.publisher.submit(Unheard(ticket) if dies == "after" else ticket)


@dataclass
class Unheard:
    """Its messages go, and nobody hears what became of them."""

    ticket: Ticket

    def take(self, now: float) -> tuple[int, Outgoing] | None:
        return self.ticket.take(now)

    def settle(self, place: int, outcome: NotConfirmed | None) -> None:
        self.ticket.settle(place, outcome or BrokerAway("cut after"))

    def give_up(self, why: str) -> None:
        self.ticket.give_up(why)


@dataclass
class Model:
    """What must be true, without broker and database."""

    status: dict[int, str] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)

    def fail(self, number: int) -> None:
        if self.status.get(number) != "ignored":
            self.status[number] = "unresolved"
            self.order = [one for one in self.order if one != number] + [number]

    def change(self, name: str, number: int) -> None:
        wanted = "ignored" if name == "restore" else "unresolved"
        becomes = "ignored" if name.startswith("ignore") else "retry_issued"
        numbers = list(self.status) if name.endswith("_all") else [number]
        for one in numbers:
            if self.status.get(one) == wanted:
                self.status[one] = becomes

    def unresolved(self) -> list[int]:
        return [one for one in self.order if self.status[one] == "unresolved"]


@dataclass
class Play:
    """Does each step for real, and tells the model."""

    room: Room
    model: Model = field(default_factory=Model)

    def step(self, name: str, number: int, crash: str) -> None:
        match name:
            case "fail":
                self._fail(number, twice=crash == "after")
            case "work":
                self._work(number)
            case "sweep":
                self.room.sweeper().sweep("orders")
            case _:
                self._command(name, number, crash)

    def _fail(self, number: int, *, twice: bool) -> None:
        if self.model.status.get(number) == "retry_issued":
            return  # it lies in its workflow's queue; only the worker can fail it
        one = failure(number)
        self.room.fail(one)
        if twice:  # the worker died before its ack and fails the same delivery again
            self.room.fail(failure(number, attempts=one.attempts))
        self.model.fail(number)

    def _work(self, booked: int) -> None:
        """A worker empties the workflow's queue; the bits of ``booked`` say which events go well."""
        for event_id in {message.properties["message_id"] for message in self.room.taken_from_workflow()}:
            number = int(event_id.removeprefix("event-"))
            assert self.model.status[number] != "ignored", "an ignored message was replayed"
            if booked >> number & 1:
                self.room.book(event_id)
                self.model.status[number] = "resolved"
            elif self.model.status[number] == "retry_issued":
                self.room.fail(failure(number))
                self.model.fail(number)

    def _command(self, name: str, number: int, crash: str) -> None:
        wish = (
            {"command": name} if name.endswith("_all") else {"command": name, "event_id": f"event-{number}"}
        )
        body = json.dumps(wish).encode()
        publisher = DyingPublisher(self.room, crash)
        try:
            self.room.workbench(publisher).handle(Arrival(body))
        except NotConfirmed:
            self.room.workbench(publisher).handle(Arrival(body, redelivered=True))
        self.model.change(name, number)


@pytest.fixture
def play(room: Room) -> Iterator[Play]:
    yield Play(room)


@settings(
    max_examples=15,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(steps=st.lists(step, min_size=5, max_size=18))
def test_any_sequence_ends_as_the_model_says(play: Play, steps: list[tuple[str, int, str]]) -> None:
    room = clean(play)

    for name, number, how in steps:
        play.step(name, number, how)
    swept(room)

    assert {number: room.row(number).status for number in EVENTS if room.row(number)} == play.model.status
    on_their_way = {message.properties["message_id"] for message in room.taken_from_workflow()}
    retried = {f"event-{n}" for n, status in play.model.status.items() if status == "retry_issued"}
    assert retried <= on_their_way
    assert not on_their_way & {f"event-{n}" for n, status in play.model.status.items() if status == "ignored"}
    assert room.copies() == [f"event-{number}" for number in play.model.unresolved()]


def clean(play: Play) -> Room:
    """An empty room for the next example."""
    room, play.model = play.room, Model()
    for queue in ("orders", names.errors("orders"), names.COMMANDS_LOG):
        room.broker.purge(queue)
    with writing(room.ledger) as connection:
        connection.execute(delete(failed_messages))
        connection.execute(delete(failed_bodies))
        connection.execute(delete(commands))
    return room


def swept(room: Room) -> None:
    """Sweep until the queue holds just what is unresolved; acks shortly before a close may be forgotten.

    Ten minutes later, since the copy of a failure that no worker committed is kept for a while.
    """
    later = replace(room.sweeper(), now=lambda: now() + timedelta(minutes=10))

    def agrees() -> bool:
        later.sweep("orders")
        return room.broker.count(names.errors("orders")) == room.statuses().get("unresolved", 0)

    wait_for(agrees, what="row and queue agree")
