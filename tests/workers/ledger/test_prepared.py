"""Statements that go to the driver as text behave as SQLAlchemy's do, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from workers.ledger.claims import claim_objects, releasing, renewing
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.prepared import rows_of
from workers.ledger.tables import claims, intents, metadata
from workers.ledger.together import Part, run_together

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ADD = insert(claims).values({column.name: bindparam(column.name, type_=column.type) for column in claims.c})


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def add(database: Connection, key: str) -> list[tuple[Any, ...]]:
    return rows_of(database, ADD, {"connection_id": "acme", "object_key": key, "owner": "me", "until": NOW})


def keys(engine: Engine) -> set[str]:
    with reading(engine) as database:
        return {key for (key,) in rows_of(database, select(claims.c.object_key), {})}


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


def test_in_with_a_list_is_refused_before_it_reaches_postgresql(postgres_url: str) -> None:
    engine = open_ledger(postgres_url)
    metadata.create_all(engine)

    with pytest.raises(AssertionError, match="IN with a list"), writing(engine) as database:
        rows_of(database, delete(claims).where(claims.c.owner.in_(("a", "b"))), {})

    engine.dispose()


def test_parts_run_together_and_tell_the_rows_of_those_that_return_any(engine: Engine) -> None:
    with writing(engine) as database:
        wanted = [("acme", f"order/{number}") for number in (1, 2, 3)]
        assert claim_objects(database, wanted, owner="me", now=NOW) == set(wanted)
        dialect = database.dialect.name

        rows = run_together(
            database,
            [
                Part(delete(intents), {}),
                *releasing(dialect, wanted[:1], owner="me"),
                *renewing(dialect, [*wanted[1:], ("acme", "order/4")], owner="me", now=NOW),
            ],
        )

    assert sorted(rows) == wanted
    assert keys(engine) == {"order/2", "order/3"}


def test_parts_that_return_nothing_are_run_too(engine: Engine) -> None:
    with writing(engine) as database:
        add(database, "order/1")
        assert run_together(database, [Part(delete(intents), {}), Part(delete(claims), {})]) == []

    assert keys(engine) == set()
