"""The room that the desk's tests use; on SQLite, except where both databases matter."""

from collections.abc import Iterator

import pytest

from tests.ops.desk.room import Room, open_room
from tests.rig.broker import Broker


@pytest.fixture
def room(broker: Broker, sqlite_url: str) -> Iterator[Room]:
    with open_room(broker, sqlite_url) as room:
        yield room


@pytest.fixture
def both(broker: Broker, database_url: str) -> Iterator[Room]:
    """The same room, once with each database."""
    with open_room(broker, database_url) as room:
        yield room
