"""The private PostgreSQL keeps to itself."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.node.postgres import PostgresFailed, PrivatePostgres, binaries_folder
from tests.rig.fixtures import NO_POSTGRES, missing

pytestmark = pytest.mark.postgres


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrivatePostgres]:
    if binaries_folder() is None:
        missing(NO_POSTGRES)
    server = PrivatePostgres(tmp_path / "postgres", preferred_port=6480, settings=("fsync=off",))
    yield server
    server.remove()


def test_server_moves_on_from_a_taken_port_and_keeps_its_data_over_a_restart(server: PrivatePostgres) -> None:
    with socket.create_server(("127.0.0.1", 6480)):
        server.start()
        taken_from_somebody = server.port == 6480
    url = server.database("acme")
    server.run_sql("CREATE TABLE kept (n int)", database="acme")

    server.stop()
    server.start()

    assert not taken_from_somebody
    assert url == f"postgresql+psycopg://postgres@127.0.0.1:{server.port}/acme"
    assert server.run_sql("SELECT count(*) FROM kept", database="acme") == "0"


def test_stopped_server_is_gone_and_a_second_stop_finds_nothing_to_do(server: PrivatePostgres) -> None:
    server.start()
    server.start()

    server.stop()
    server.stop()

    assert not server.is_running()
    with pytest.raises(PostgresFailed, match="psql failed"):
        server.run_sql("SELECT 1")
