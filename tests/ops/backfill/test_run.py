"""One run against a shop on this machine and a real ledger: what is lacking is published, from where it stopped."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine

from events.fetching.http import StoreHttp
from events.fetching.registry import APIS
from events.fetching.store import StoreClient
from events.outgoing import BrokerAway, NotConfirmed, Outgoing, Unroutable
from events.stores.api import Kind, StoreAccess, StoreUnavailable
from events.stores.registry import PLATFORMS
from ops.backfill.run import OVERLAP, TRIES, Backfiller, CannotBackfill, Report, Wanted
from ops.migrations.migrate import upgrade
from schemas.envelope import Envelope
from tests.events.fetching.test_woocommerce import START, order
from tests.events.stores.deliveries import webhook
from tests.rig.stores.server import Said
from tests.rig.stores.woocommerce import KEY, SECRET, WooCommerceShop
from workers.ledger.backfills import read_backfill
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.entries import Entry, record_entries
from workers.ledger.failures import Failure, record_failures
from workers.outcomes import Booked, Outcome, Skipped

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class Post:
    """A broker that confirms; ``trouble`` are the outcomes of the next messages instead."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.trouble: list[NotConfirmed] = []
        self.dies_after = -1

    def publish_all(
        self, messages: Sequence[Outgoing], *, timeout_seconds: float
    ) -> list[NotConfirmed | None]:
        outcomes: list[NotConfirmed | None] = []
        for message in messages:
            outcomes.append(self.trouble.pop(0) if self.trouble else None)
            if outcomes[-1] is None:
                self.got.append(orjson.loads(message.body)["subject"])
        if self.dies_after >= 0 and len(self.got) > self.dies_after:
            raise KeyboardInterrupt
        return outcomes


both_databases = pytest.mark.parametrize(
    "engine", ["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.postgres)], indirect=True
)
"""Where the ledger's own statements matter."""


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine = open_ledger(request.getfixturevalue(getattr(request, "param", "sqlite_url")))
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def post() -> Post:
    return Post()


Run = Callable[..., Report]


@pytest.fixture
def run(engine: Engine, woo: WooCommerceShop, post: Post) -> Run:
    ids = iter(range(1, 1000))

    def go(kind: Kind = "orders", *, dry: bool = False, now: datetime = NOW, **wanted: Any) -> Report:
        api = APIS["woocommerce"]
        access = StoreAccess(woo.url, key=KEY, secret=SECRET)
        http = StoreHttp(api.address(access), sleep=lambda _: None, attempts=2)
        with StoreClient(
            "acme", api=api, platform=PLATFORMS["woocommerce"], access=access, clock=lambda: now, http=http
        ) as store:
            backfiller = Backfiller(
                engine,
                store,
                None if dry else post,
                lambda: now,
                lambda: f"run{next(ids)}",
                lambda _: None,
                lambda _: None,
            )
            return backfiller.run(kind, Wanted(**wanted))

    return go


def events_of(woo: WooCommerceShop, *numbers: int) -> list[Envelope]:
    """The events that the webhooks of these orders make."""
    bodies = (orjson.dumps(woo.orders[number]) for number in numbers)
    events = [PLATFORMS["woocommerce"].read(webhook("woocommerce", "order.updated", body)) for body in bodies]
    return [event for found in events for event in found]


def settle(engine: Engine, event: Envelope, outcome: Outcome | None = None) -> None:
    """The worker is done with an event."""
    entry = Entry(
        "acme", event.id, event.workflow, event.type, event.subject, event.time, outcome or Booked(), 1
    )
    with writing(engine) as database:
        record_entries(database, [entry], NOW)


def fail(engine: Engine, event: Envelope) -> None:
    """An event waits for a person."""
    failure = Failure(
        event.id, "orders", "acme", event.subject, event.object_key, b"{}", "bug", "", "", "", "", 1, "c", NOW, 1
    )  # fmt: skip
    with writing(engine) as database:
        record_failures(database, [failure])


@both_databases
def test_only_what_the_ledger_lacks_is_published(
    engine: Engine, woo: WooCommerceShop, post: Post, run: Run
) -> None:
    for number in range(1, 7):
        woo.orders[number] = order(number, START + timedelta(minutes=number))
    booked, skipped, failed, old = events_of(woo, 1, 2, 3, 4)
    settle(engine, booked)
    settle(engine, skipped, Skipped("cancelled"))
    fail(engine, failed)
    settle(engine, old.model_copy(update={"id": "newer", "time": old.time + timedelta(seconds=1)}))

    report = run(since=SINCE)

    assert post.got == ["order/2", "order/5", "order/6"]
    assert (report.objects, report.events, report.published) == (6, 6, 3)


def test_second_run_publishes_nothing_new_once_all_is_booked(
    engine: Engine, woo: WooCommerceShop, post: Post, run: Run
) -> None:
    for number in range(1, 4):
        woo.orders[number] = order(number)
    run(since=SINCE)
    for event in events_of(woo, 1, 2, 3):
        settle(engine, event)

    again = run(since=SINCE)

    assert (again.objects, again.published, len(post.got)) == (3, 0, 3)


def test_two_changes_within_one_second_are_two_events(
    engine: Engine, woo: WooCommerceShop, post: Post, run: Run
) -> None:
    woo.orders[1] = order(1)
    (first,) = events_of(woo, 1)
    settle(engine, first)
    woo.orders[1] = order(1, total="11.00")

    run(since=SINCE)

    assert post.got == ["order/1"]


def test_run_without_since_goes_on_a_little_before_the_last_one(
    woo: WooCommerceShop, post: Post, run: Run
) -> None:
    run(since=SINCE, now=NOW - timedelta(days=1))
    woo.orders[1] = order(1, NOW - timedelta(days=1) - OVERLAP - timedelta(seconds=1))
    woo.orders[2] = order(2, NOW - timedelta(days=1) - OVERLAP)

    report = run()

    assert (report.since, post.got) == (NOW - timedelta(days=1) - OVERLAP, ["order/2"])


def test_first_run_must_be_told_where_to_begin(run: Run) -> None:
    with pytest.raises(CannotBackfill, match="--since"):
        run()


def test_run_up_to_a_moment_covers_nothing_later(woo: WooCommerceShop, post: Post, run: Run) -> None:
    woo.orders[1] = order(1, START)
    woo.orders[2] = order(2, START + timedelta(days=1))
    run(since=SINCE, until=START + timedelta(hours=1))

    with pytest.raises(CannotBackfill):
        run()

    assert post.got == ["order/1"]


def test_run_that_begins_behind_a_gap_does_not_cover_it(run: Run) -> None:
    run(since=SINCE, now=NOW - timedelta(days=5))
    run(since=NOW - timedelta(days=1))

    assert run().since == NOW - timedelta(days=5) - OVERLAP


@both_databases
def test_killed_after_a_page_was_published_the_next_run_misses_nothing(
    engine: Engine, woo: WooCommerceShop, post: Post, run: Run
) -> None:
    for number in range(1, 351):
        woo.orders[number] = order(number, START + timedelta(minutes=number))
    post.dies_after = 150

    with pytest.raises(KeyboardInterrupt):
        run(since=SINCE)
    post.dies_after = -1
    died_with = len(post.got)
    report = run()

    assert report.resumed
    assert set(post.got) == {f"order/{number}" for number in range(1, 351)}
    assert len(post.got) - died_with < 350, "it began where it was, not at the beginning"
    with reading(engine) as database:
        last = read_backfill(database, "acme", "orders")
    assert last is not None and (last.finished_at, last.cursor) == (NOW, "")


def test_store_that_goes_away_leaves_the_place_to_resume_at(
    woo: WooCommerceShop, post: Post, run: Run
) -> None:
    for number in range(1, 251):
        woo.orders[number] = order(number, START + timedelta(minutes=number))
    woo.on_request = lambda asked: woo.fail(Said({}, 500)) if len(woo.asked) > 1 else None

    with pytest.raises(StoreUnavailable):
        run(since=SINCE)
    woo.on_request = lambda _asked: None
    report = run(since=SINCE)

    assert report.resumed
    assert set(post.got) == {f"order/{number}" for number in range(1, 251)}
    assert len(post.got) == 251, "only the one at the border comes twice"


def test_run_with_other_words_begins_anew(woo: WooCommerceShop, post: Post, run: Run) -> None:
    woo.orders[1] = order(1)
    woo.fail(Said({}, 500), Said({}, 500))
    with pytest.raises(StoreUnavailable):
        run(since=SINCE)

    report = run(since=SINCE - timedelta(days=1))

    assert (report.resumed, post.got) == (False, ["order/1"])


def test_of_two_runs_the_later_goes_on(woo: WooCommerceShop, post: Post, run: Run) -> None:
    for number in range(1, 251):
        woo.orders[number] = order(number, START + timedelta(minutes=number))
    second: list[Report] = []

    def meanwhile(_asked: object) -> None:
        woo.on_request = lambda _: None
        second.append(run(since=SINCE))

    woo.on_request = meanwhile

    with pytest.raises(CannotBackfill, match="has begun meanwhile"):
        run(since=SINCE)

    assert second[0].objects >= 250


def test_message_without_a_confirm_is_sent_again_alone(woo: WooCommerceShop, post: Post, run: Run) -> None:
    for number in range(1, 4):
        woo.orders[number] = order(number, START + timedelta(minutes=number))
    post.trouble = [BrokerAway("away"), BrokerAway("away")]

    run(since=SINCE)

    assert post.got == ["order/3", "order/1", "order/2"]


@pytest.mark.parametrize(
    ("trouble", "kind"), [(BrokerAway("away"), BrokerAway), (Unroutable("no queue"), CannotBackfill)]
)
def test_broker_that_does_not_take_it_ends_the_run_and_the_place_is_kept(
    woo: WooCommerceShop, post: Post, run: Run, trouble: NotConfirmed, kind: type[Exception]
) -> None:
    woo.orders[1] = order(1)
    post.trouble = [trouble] * TRIES

    with pytest.raises(kind):
        run(since=SINCE)
    post.trouble = []
    report = run()

    assert (report.resumed, post.got) == (True, ["order/1"])


def test_dry_run_publishes_and_remembers_nothing(
    engine: Engine, woo: WooCommerceShop, post: Post, run: Run
) -> None:
    woo.orders[1] = order(1, refunds=[{"id": 9, "total": "-1.00"}])

    report = run(since=SINCE, dry=True)

    assert report.subjects == ("orders.updated order/1", "orders.refunded refund/9")
    with reading(engine) as database:
        assert read_backfill(database, "acme", "orders") is None
    assert post.got == []


@both_databases
def test_first_stock_level_of_a_thing_is_left_to_a_person(
    engine: Engine, woo: WooCommerceShop, post: Post, run: Run
) -> None:
    """Rule A79: nothing moves in stock before somebody has agreed. Later levels are a safety net like all else."""
    body = {"name": "Mug", "type": "simple", "manage_stock": True, "stock_quantity": 5, "status": "publish"}
    for number in (7, 8):
        woo.products[number] = {"id": number, "sku": f"M{number}", "date_modified_gmt": "2026-11-05T10:00:00"}
        woo.products[number] |= body
    level = Envelope(
        specversion="1.0", id="level", source="x", type="inventory.level_changed", subject="level/shop/7",
        time=START, connection="acme",
    )  # fmt: skip
    settle(engine, level)

    run("products", since=SINCE)

    assert post.got == ["product/7", "level/shop/7", "product/8"]
