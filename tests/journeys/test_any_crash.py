"""Failures, commands and crashes in any order, with real desks and workers: what must hold when all is quiet again."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from events import names
from events.broker.publisher import Publisher
from ops.cli.main import cli
from ops.desk.queue_pass import QueueBusy
from ops.desk.sweep import Sweeper
from ops.processes.programs import environment
from ops.sandbox.testing import SandboxServer
from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.proxy import TcpProxy
from tests.rig.stack import ROOT, SETTLE_SECONDS, Stack, order_event
from tests.rig.waiting import wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(300)]

EXAMPLES = 4
ENTITIES = {"SalesReceipt": 1, "RefundReceipt": -1}
ORDERS = range(3)
DESK_STEPS = ("received", "claimed", "published", "committed", "answered")
WORKER_STEPS = ("after claim", "after intent", "after write", "after publish", "after commit", "before ack")

Step = tuple[str, int, str]
REST = ("rest", 0, "")

sale = st.tuples(st.just("sell"), st.sampled_from(ORDERS), st.sampled_from(["USD", "USD", "EUR"]))
step = st.one_of(
    sale,
    st.tuples(st.sampled_from(["retry", "retry", "ignore", "restore"]), st.integers(0, 5), st.just("")),
    st.tuples(st.sampled_from(["retry_all", "retry_all", "ignore_all"]), st.just(0), st.just("")),
    st.tuples(st.just("desk dies"), st.just(0), st.sampled_from(DESK_STEPS)),
    st.tuples(st.just("worker dies"), st.just(0), st.sampled_from(WORKER_STEPS)),
    st.tuples(st.sampled_from(["cut", "rest", "rest"]), st.just(0), st.just("")),
)
steps_of_a_day = st.tuples(
    st.lists(sale, min_size=3, max_size=4),
    st.lists(step, min_size=4, max_size=7),
    st.lists(step, min_size=4, max_size=7),
)


@dataclass
class Town:
    """The running product behind a proxy to the broker, and what earlier examples left."""

    stack: Stack
    proxy: TcpProxy
    armed: dict[str, Path]
    sweeper: Sweeper
    days: int = 0
    before: dict[str, Any] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Every document and every failed message, by its name: what must not change any more."""
        documents = {
            f"{entity} {one['Id']}": (one["DocNumber"], one["TotalAmt"], one["SyncToken"])
            for entity in ENTITIES
            for one in self.stack.documents(entity)
        }
        rows = {row.event_id: (row.status, row.reason, row.failures) for row in self.stack.failures()}
        return documents | rows


@dataclass
class Day:
    """One example: a store of its own that sells orders of its own, and an operator."""

    town: Town
    number: int
    sold: list[dict[str, Any]] = field(default_factory=list)

    @property
    def shop(self) -> str:
        return f"shop-{self.number}"

    def step(self, name: str, number: int, how: str) -> None:
        match name:
            case "sell":
                self._sell(number, how)
            case "desk dies" | "worker dies":
                self.town.armed[name.split()[0]].write_text(how)
            case "cut":
                self.town.proxy.reset()
            case "rest":
                self._rest()
            case "retry_all" | "ignore_all":
                self._command({"command": name, "connection": self.shop})
            case _ if self.sold:
                self._command({"command": name, "event_id": self.sold[number % len(self.sold)]["id"]})

    def _rest(self) -> None:
        stack = self.town.stack

        def all_were_tried() -> bool:
            tried = stack.entries().keys() | {row.event_id for row in stack.failures()}
            return {event["id"] for event in self.sold} <= tried

        wait_for(all_were_tried, timeout_seconds=SETTLE_SECONDS, what="each event has ended or failed once")

    def order(self, number: int) -> int:
        """Numbers of one's own: the examples share a company."""
        return 100 * self.number + number

    def _sell(self, number: int, currency: str) -> None:
        """The next version of an order; nothing can book it before the fix, and in euros never."""
        version = len(self.sold)
        event = order_event(
            self.order(number),
            action="updated",
            connection=self.shop,
            moment=f"2026-11-20T10:{version:02}:00Z",
            total=f"{10 + version}.00",
            currency=currency,
        )
        self.sold.append(event | {"id": f"day-{self.number}-{version}"})
        self.town.stack.publish(self.sold[-1])

    def _command(self, command: dict[str, str]) -> None:
        assert self.town.stack.broker.publish(names.COMMANDS, "orders", command)


def connections(town: Town, *words: str) -> None:
    done = CliRunner().invoke(cli, ["connections", *words], obj=town.stack.settings)
    assert done.exit_code == 0, done.output


@pytest.fixture
def town(
    broker: Broker,
    sandbox: SandboxServer,
    usual_database_url: str,
    process: StartProcess,
    proxy: Callable[[str], TcpProxy],
    tmp_path: Path,
) -> Iterator[Town]:
    stack = Stack(broker=broker, database_url=usual_database_url, sandbox=sandbox, start=process)
    bad = proxy(broker.url)
    armed = {who: tmp_path / f"{who}-dies-at" for who in ("desk", "worker")}
    behind = stack.settings.model_copy(
        update={"broker_url": bad.url(broker.url), "metrics_listen": "127.0.0.1:0"}
    )
    for who, file in armed.items():
        words = (sys.executable, "-m", "tests.ops.desk.revived", who, str(file))
        process(*words, environment=environment(behind, {}), folder=ROOT)
    publisher = Publisher(broker.url)
    publisher.start()
    # Later: the copy of a failure that no worker committed is kept for a while.
    later = Sweeper(broker.url, stack.engine, publisher, lambda: datetime.now(UTC) + timedelta(minutes=10))
    yield Town(stack, bad, armed, later)
    publisher.close(5)
    stack.close()


@settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(steps=steps_of_a_day)
def test_every_failed_message_ends_booked_once_ignored_or_unresolved(
    town: Town, steps: tuple[list[Step], list[Step], list[Step]]
) -> None:
    day = opened(town)
    morning, until_the_fix, afterwards = steps

    for one in (*morning, REST, *until_the_fix):
        day.step(*one)
    fallback = town.stack.book_settings()["items"]["fallback"]
    connections(town, "set", day.shop, f"items.fallback={fallback}")
    for one in afterwards:
        day.step(*one)
    wait_quiet(day)

    entries, rows = town.stack.entries(), {row.event_id: row for row in town.stack.failures()}
    for event in day.sold:
        ended, row = entries.get(event["id"]), rows.get(event["id"])
        assert (ended is None) == (row is not None and row.status in ("unresolved", "ignored")), event["id"]
    for number in ORDERS:
        assert in_books(day, number) == newest_booked(day, number, entries)
    copies = Counter(one.headers["event_id"] for one in wait_swept(town))
    assert copies == Counter(row.event_id for row in rows.values() if row.status == "unresolved")
    facts = town.facts()
    assert {name: facts.get(name) for name in town.before} == town.before
    town.before = facts


def opened(town: Town) -> Day:
    """A new store that lacks a setting."""
    town.days += 1
    day = Day(town, town.days)
    items = {name: item for name, item in town.stack.book_settings()["items"].items() if name != "fallback"}
    token = town.stack.sandbox.mint_token(town.stack.realm_id)
    town.stack.connect(day.shop, refresh_token=token, items=items)
    return day


def wait_quiet(day: Day) -> None:
    """Everybody lives, every command is answered, nothing is on its way."""
    town, stack = day.town, day.town.stack
    for file in town.armed.values():
        file.unlink(missing_ok=True)
    last = {"command": "retry_all", "group": f"none-{day.number}"}
    assert stack.broker.publish(names.COMMANDS, "orders", last)

    def is_quiet() -> bool:
        answers = [message.json() for message in stack.broker.peek(names.COMMANDS_LOG, 1000)]
        assert any(answer.get("group") == last["group"] for answer in answers), "the last command is answered"
        rows = {row.event_id: row.status for row in stack.failures()}
        ended = stack.entries().keys() | {
            name for name, status in rows.items() if status in ("unresolved", "ignored")
        }
        assert {event["id"] for event in day.sold} <= ended, rows
        assert "retry_issued" not in rows.values(), rows
        return True

    wait_for(is_quiet, timeout_seconds=SETTLE_SECONDS, what="all is quiet")
    stack.assert_quiet()


def wait_swept(town: Town) -> list[Any]:
    """The error queue once it holds as many copies as there are unresolved rows."""

    def agrees() -> bool:
        try:
            town.sweeper.sweep("orders")
        except QueueBusy:
            return False
        unresolved = sum(row.status == "unresolved" for row in town.stack.failures())
        return town.stack.broker.count(names.errors("orders")) == unresolved

    wait_for(agrees, timeout_seconds=SETTLE_SECONDS, what="row and queue agree")
    found: list[Any] = []

    def seen() -> bool:
        found[:] = town.stack.broker.peek(names.errors("orders"), 1000)
        return len(found) == sum(row.status == "unresolved" for row in town.stack.failures())

    wait_for(seen, timeout_seconds=SETTLE_SECONDS, what="nobody holds a copy")
    return found


def in_books(day: Day, number: int) -> tuple[int, float]:
    """How many sales of an order stand, and for how much: an edited one was taken back, and booked anew."""
    stands, total = 0, 0.0
    for entity, sign in ENTITIES.items():
        for document in day.town.stack.documents(entity):
            if str(document["DocNumber"]).startswith(str(day.order(number))):
                stands, total = stands + sign, total + sign * float(document["TotalAmt"])
    return stands, total


def newest_booked(day: Day, number: int, entries: dict[str, str]) -> tuple[int, float]:
    """What the books must hold of an order: its newest version that was booked, once."""
    versions = [event for event in day.sold if event["subject"] == f"order/{day.order(number)}"]
    booked = [event for event in versions if entries.get(event["id"]) == "booked"]
    return (1, float(booked[-1]["data"]["total"])) if booked else (0, 0.0)
