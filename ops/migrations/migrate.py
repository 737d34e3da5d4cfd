"""Bringing the ledger's database to the newest revision, and asking whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from workers.ledger.engine import reading, writing

_ADVISORY_LOCK = 0x636F756E746572
"""Any fixed number: two ``setup`` runs on PostgreSQL wait for each other."""


def upgrade(engine: Engine) -> None:
    """Apply what is missing; does nothing on a database that is up to date.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database is away or refuses.
    """
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        command.upgrade(config_for(connection), "head")


def is_current(engine: Engine) -> bool:
    """True when the database has the newest revision."""
    with reading(engine) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        return found == ScriptDirectory.from_config(config_for(connection)).get_current_head()


def config_for(connection: Connection) -> Config:
    """How Alembic finds the revisions, and this database."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
