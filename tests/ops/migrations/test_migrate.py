"""The revisions lead to just the tables that the code uses."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ops.migrations.migrate import is_current, upgrade
from workers.ledger.engine import open_ledger, reading
from workers.ledger.tables import metadata


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
