"""The room of the desk's tests."""

from collections.abc import Iterator

import pytest

from tests.ops.desk.room import Room, open_room
from tests.rig.broker import Broker


@pytest.fixture
def room(broker: Broker, usual_database_url: str) -> Iterator[Room]:
    with open_room(broker, usual_database_url) as room:
        yield room
