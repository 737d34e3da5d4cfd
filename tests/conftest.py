"""What every test may use; ``tests/rig`` says how."""

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
]
