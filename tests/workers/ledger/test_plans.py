"""PostgreSQL looks a round's rows up by their keys, whatever it believes of the tables and however they have grown."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, insert, text

from ops.migrations.migrate import upgrade
from workers.ledger.engine import open_ledger, writing
from workers.ledger.entries import Entry, applied_events, record_entries
from workers.ledger.mappings import recall_all
from workers.ledger.prepared import rows_of
from workers.ledger.surroundings import looking, surroundings_of
from workers.ledger.tables import entries, sync_mappings
from workers.outcomes import Booked, Document
from workers.steps import StoreKey

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MANY = 3000
ASKED = 30
TWICE_EACH = 2 * ASKED
RUNS_UNTIL_THE_PLAN_IS_KEPT = 8
"""PostgreSQL plans a prepared statement anew five times, then may keep one plan. Source: its manual, PREPARE."""


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    engine = open_ledger(postgres_url, pool_size=1, by_index=True)
    upgrade(engine)
    yield engine
    engine.dispose()


def test_events_are_looked_up_one_by_one_when_nearly_all_are_booked_and_the_tables_known(
    engine: Engine,
) -> None:
    with writing(engine) as database:
        fill(database, range(MANY))
    analyze(engine)
    with writing(engine) as database:
        look_often(database)

    assert rows_read_by_one_look(engine) <= TWICE_EACH


@pytest.mark.parametrize(("few", "known"), [(0, False), (20, False), (20, True)])
def test_plan_made_while_the_tables_were_small_still_looks_up_one_by_one_when_they_are_large(
    engine: Engine, few: int, known: bool
) -> None:
    with writing(engine) as database:
        fill(database, range(few))
    if known:
        analyze(engine)
    with writing(engine) as database:
        look_often(database)
        fill(database, range(few, MANY))

    assert rows_read_by_one_look(engine) <= TWICE_EACH


def test_what_is_looked_up_is_found(engine: Engine) -> None:
    with writing(engine) as database:
        fill(database, range(3))
        events = {("acme", "event-1"), ("acme", "event-9"), ("other", "event-1")}
        parts = looking("postgresql", {"acme"}, events, objects=set(), claimed=set())
        around = surroundings_of(rows_of(database, parts))
        asked = {("acme", StoreKey("order", "2")), ("acme", StoreKey("order", "9"))}

        assert around.applied == {("acme", "event-1")} == applied_events(database, events)
        assert set(recall_all(database, asked)) == {("acme", StoreKey("order", "2"))}


def fill(database: Connection, orders: range) -> None:
    """Orders of one connection that are booked."""
    booked = Booked((Document("Invoice", "1"),))
    ended = [
        Entry("acme", f"event-{n}", "orders", "orders.paid", f"order/{n}", NOW, booked, 1) for n in orders
    ]
    if not ended:
        return
    record_entries(database, ended, NOW)
    mapping = dict.fromkeys(("entity", "sync_token", "document_hash", "event_id"), "x")
    database.execute(
        insert(sync_mappings),
        [
            mapping
            | {"connection_id": "acme", "kind": "order", "store_id": str(n), "quickbooks_id": str(n)}
            | {"removed": 0, "detail": {}, "updated_at": NOW}
            for n in orders
        ],
    )


def analyze(engine: Engine) -> None:
    """Let PostgreSQL learn how large the tables are, as it does by itself now and then."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as database:
        database.execute(text("ANALYZE"))


def look(database: Connection) -> None:
    """What a round of ``ASKED`` orders asks for."""
    names = range(ASKED)
    orders = {("acme", f"order/{n}") for n in names}
    events = {("acme", f"event-{n}") for n in names}
    rows_of(database, looking("postgresql", {"acme"}, events, objects=orders, claimed=orders))
    recall_all(database, {("acme", StoreKey("order", str(n))) for n in names})


def look_often(database: Connection) -> None:
    for _ in range(RUNS_UNTIL_THE_PLAN_IS_KEPT):
        look(database)


def rows_read_by_one_look(engine: Engine) -> int:
    """Rows of the two tables that PostgreSQL fetched, wanted or not."""
    with writing(engine) as database:
        before = _rows_read(database)
        look(database)
        return _rows_read(database) - before


def _rows_read(database: Connection) -> int:
    """By this session, as far as it has not told the server yet."""
    read = text(
        "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
        " WHERE relname IN (:entries, :mappings)"
    ).bindparams(entries=entries.name, mappings=sync_mappings.name)
    return int(database.scalar(read) or 0)
