"""Statements that travel to PostgreSQL together behave as SQLAlchemy's do one after another, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Integer, String, bindparam, delete, func, insert, select, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from tests.rig.waiting import wait_for
from workers.ledger.claims import claim_objects, releasing, renewing
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.prepared import Part, rows_by_name, rows_of, run_in_turn
from workers.ledger.tables import claims, intents, metadata

ALL = Part(select(claims.c.object_key), {})
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ADD = insert(claims).values({column.name: bindparam(column.name, type_=column.type) for column in claims.c})


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def on_postgresql(postgres_url: str) -> Iterator[Engine]:
    engine = open_ledger(postgres_url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def adding(key: str) -> Part:
    return Part(ADD, {"connection_id": "acme", "object_key": key, "owner": "me", "until": NOW})


def add(database: Connection, key: str) -> list[tuple[Any, ...]]:
    return rows_of(database, [adding(key)])


def keys(engine: Engine) -> set[str]:
    with reading(engine) as database:
        return {key for (key,) in rows_of(database, [ALL])}


def test_what_the_database_refuses_is_sqlalchemys_error_and_the_next_transaction_works(
    engine: Engine,
) -> None:
    with writing(engine) as database:
        assert add(database, "order/1") == []

    with pytest.raises(IntegrityError), writing(engine) as database:
        add(database, "order/2")
        add(database, "order/1")

    with writing(engine) as database:
        add(database, "order/3")
    assert keys(engine) == {"order/1", "order/3"}


def test_connection_that_the_server_ended_is_sqlalchemys_error_and_the_next_transaction_works(
    postgres_url: str,
) -> None:
    engine, other = open_ledger(postgres_url, pool_size=1), open_ledger(postgres_url)
    metadata.create_all(engine)

    with pytest.raises(OperationalError), writing(engine) as database:
        pid = database.scalar(text("SELECT pg_backend_pid()"))
        with writing(other) as elsewhere:
            elsewhere.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        add(database, "order/1")

    with writing(engine) as database:
        add(database, "order/2")
    assert keys(engine) == {"order/2"}
    engine.dispose()
    other.dispose()


def test_connection_that_is_lost_in_the_middle_of_a_trip_is_replaced_and_nothing_of_the_trip_stays(
    postgres_url: str,
) -> None:
    engine, other = open_ledger(postgres_url, pool_size=1), open_ledger(postgres_url)
    metadata.create_all(engine)
    sleep = Part(select(func.pg_sleep(bindparam("seconds", type_=Integer))), {"seconds": 30})

    ended = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE wait_event = 'PgSleep' AND datname = current_database()"
    )

    def end_the_sleeper() -> bool:
        with reading(other) as elsewhere:
            return bool(elsewhere.execute(ended).all())

    ending = Thread(target=lambda: wait_for(end_the_sleeper, what="somebody sleeps"))
    ending.start()
    with pytest.raises(OperationalError), writing(engine) as database:
        run_in_turn(database, [adding("order/1"), sleep, adding("order/2")], ends=True)
    ending.join()

    with writing(engine) as database:
        run_in_turn(database, [adding("order/3"), ALL], ends=True)
    assert keys(engine) == {"order/3"}
    engine.dispose()
    other.dispose()


def test_in_with_a_list_is_refused_before_it_reaches_postgresql(on_postgresql: Engine) -> None:
    with pytest.raises(AssertionError, match="IN with a list"), writing(on_postgresql) as database:
        rows_of(database, [Part(delete(claims).where(claims.c.owner.in_(("a", "b"))), {})])


def test_parts_run_in_turn_and_each_tells_its_rows(engine: Engine) -> None:
    with writing(engine) as database:
        wanted = [("acme", f"order/{number}") for number in (1, 2, 3)]
        assert claim_objects(database, wanted, owner="me", now=NOW) == set(wanted)
        dialect = database.dialect.name

        rows = rows_by_name(
            database,
            {
                "nothing": [],
                "silent": [Part(delete(intents), {})],
                "released": releasing(dialect, wanted[:1], owner="me"),
                "kept": renewing(dialect, [*wanted[1:], ("acme", "order/4")], owner="me", now=NOW),
                "left": [ALL],
            },
        )

    assert rows["released"] == wanted[:1]
    assert sorted(rows["kept"]) == wanted[1:]
    assert sorted(rows["left"]) == [("order/2",), ("order/3",)], "a part sees what those before it did"
    assert rows["nothing"] == rows["silent"] == []


def test_when_one_part_is_refused_none_stays_and_all_of_them_work_the_next_time(engine: Engine) -> None:
    again = Part(select(claims.c.owner).where(claims.c.object_key == bindparam("key")), {"key": "order/1"})
    parts = [adding("order/1"), adding("order/2"), again]
    with writing(engine) as database:
        add(database, "order/2")

    with pytest.raises(IntegrityError), writing(engine) as database:
        run_in_turn(database, parts)
    assert keys(engine) == {"order/2"}

    with writing(engine) as database:
        rows_of(database, [Part(delete(claims), {})])
        assert run_in_turn(database, parts) == [[], [], [("me",)]]


def test_statement_that_could_not_be_prepared_works_the_next_time(on_postgresql: Engine) -> None:
    new = Part(select(func.count().label("never_asked_before")).select_from(claims), {})
    with pytest.raises(DBAPIError, match="transaction is aborted"), writing(on_postgresql) as database:
        with pytest.raises(IntegrityError):
            run_in_turn(database, [adding("order/1"), adding("order/1")])
        rows_of(database, [new])

    with writing(on_postgresql) as database:
        assert rows_of(database, [new]) == [(0,)]


def test_end_of_a_transaction_travels_along_and_another_may_follow(engine: Engine) -> None:
    with writing(engine) as database:
        run_in_turn(database, [adding("order/1")], ends=True)
    with writing(engine) as database:
        add(database, "order/2")

    assert keys(engine) == {"order/1", "order/2"}


def test_transaction_whose_last_part_is_refused_is_not_committed_though_its_end_travelled_along(
    engine: Engine,
) -> None:
    with pytest.raises(IntegrityError), writing(engine) as database:
        run_in_turn(database, [adding("order/1"), adding("order/1")], ends=True)

    assert keys(engine) == set()


def test_much_may_travel_both_ways_at_once(on_postgresql: Engine) -> None:
    much = 4_000_000  # more than the buffers of a socket hold
    echo = select(bindparam("text", type_=String))
    parts = [Part(echo, {"text": letter * much}) for letter in "abc"]

    with writing(on_postgresql) as database:
        found = run_in_turn(database, parts)

    assert [len(rows[0][0]) for rows in found] == [much] * 3


def test_text_with_a_nul_character_is_refused_and_not_cut(on_postgresql: Engine) -> None:
    with pytest.raises(DataError, match="NUL"), writing(on_postgresql) as database:
        add(database, "order/1\0and more")

    assert keys(on_postgresql) == set()


def test_values_come_back_as_they_went(engine: Engine) -> None:
    key = "order/“1”\n\\ %s $1 :x"
    with writing(engine) as database:
        add(database, key)
        ((found, until),) = rows_of(database, [Part(select(claims.c.object_key, claims.c.until), {})])

    assert found == key
    assert until == NOW
