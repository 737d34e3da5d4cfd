"""What every test may use; ``tests/rig`` says how."""

import pytest

from tests.rig.fixtures import (
    broker,
    database_url,
    node,
    own_broker,
    own_node,
    postgres,
    postgres_url,
    process,
    proxy,
    sqlite_url,
    usual_database_url,
)

__all__ = [
    "broker",
    "database_url",
    "node",
    "own_broker",
    "own_node",
    "postgres",
    "postgres_url",
    "process",
    "proxy",
    "sqlite_url",
    "usual_database_url",
]

NEEDS = {"node": "broker", "own_node": "broker", "postgres": "postgres", "postgres_url": "postgres"}
"""Which server a fixture needs: a mark that somebody forgets would let the fast tests ask for it."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark each test by the servers that its fixtures need."""
    for fixture in getattr(item, "fixturenames", ()):
        if fixture in NEEDS:
            item.add_marker(NEEDS[fixture])
