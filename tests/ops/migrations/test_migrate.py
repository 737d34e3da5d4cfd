"""The revisions lead to just the tables that the code uses."""

from datetime import UTC, datetime
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Insert,
    Integer,
    LargeBinary,
    column,
    insert,
    literal,
    table,
    text,
)

from ops.migrations.migrate import config_for, is_current, upgrade
from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.failure_views import find_failed
from workers.ledger.tables import failed_messages, metadata


def test_the_revisions_make_the_tables_that_the_code_uses(database_url: str) -> None:
    engine = open_ledger(database_url)

    upgrade(engine)

    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)
    engine.dispose()
    assert differences == []


def test_a_second_upgrade_changes_nothing_and_an_empty_database_is_not_current(database_url: str) -> None:
    engine = open_ledger(database_url)
    before = is_current(engine)

    upgrade(engine)
    upgrade(engine)

    after = is_current(engine)
    engine.dispose()
    assert (before, after) == (False, True)


def test_messages_of_failures_move_to_their_own_table_and_back(database_url: str) -> None:
    engine = open_ledger(database_url)
    _go(engine, "0007")
    with writing(engine) as connection:
        for number, body in enumerate((b"one \x00\xff", b"", b"three")):
            connection.execute(_old_failure(number, body))

    upgrade(engine)
    with reading(engine) as connection:
        found = [one for number in range(3) for one in find_failed(connection, f"event-{number}")]
    _go(engine, "0007")
    with reading(engine) as connection:
        back = connection.scalars(text("SELECT body FROM failed_messages ORDER BY event_id")).all()
    engine.dispose()

    assert [(one.event_id, one.body) for one in found] == [
        ("event-0", b"one \x00\xff"),
        ("event-1", b""),
        ("event-2", b"three"),
    ]
    assert [bytes(body) for body in back] == [b"one \x00\xff", b"", b"three"]


def _go(engine: Engine, revision: str) -> None:
    with writing(engine) as connection:
        known = _current(connection)
        move = command.upgrade if known is None or known < revision else command.downgrade
        move(config_for(connection), revision)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _old_failure(number: int, body: bytes) -> Insert:
    """A row as revision 0007 had it."""
    values: dict[str, Any] = {
        one.name: 1 if isinstance(one.type, Integer | BigInteger) else "x" for one in failed_messages.c
    }
    for name in ("first_failed_at", "failed_at", "changed_at"):
        values[name] = literal(datetime(2026, 11, 24, tzinfo=UTC), failed_messages.c[name].type)
    values |= {"event_id": f"event-{number}", "workflow": "orders", "status": "resolved", "sequence": number}
    old = table("failed_messages", *(column(name) for name in values), column("body", LargeBinary()))
    return insert(old).values(**values, body=body)
