"""Storing from many callers at once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from events.outgoing import Outgoing
from events.spool.file import SpoolFile
from events.spool.writer import SpoolWriter

MakeWriter = Callable[..., SpoolWriter]


def _message(number: int) -> Outgoing:
    return Outgoing("counterfoil.events", "orders.paid", b"%d" % number)


@pytest.fixture
def make_writer() -> Iterator[MakeWriter]:
    made: list[SpoolWriter] = []

    def make(path: Path, *, limit: int = 10_000) -> SpoolWriter:
        made.append(SpoolWriter(path, limit=limit, on_count=lambda _count: None))
        return made[-1]

    yield make
    for writer in made:
        writer.close(10.0)


def _stored(path: Path) -> list[int]:
    file = SpoolFile(path, limit=0)
    try:
        return [int(one.message.body) for one in file.oldest(100_000)]
    finally:
        file.close()


def test_what_is_given_before_the_first_commit_is_stored_in_order_and_together(
    tmp_path: Path, make_writer: MakeWriter
) -> None:
    path = tmp_path / "spool.db"
    counts: list[int] = []
    writer = SpoolWriter(path, limit=10_000, on_count=counts.append)
    futures = [writer.store([_message(number)]) for number in range(1200)]

    writer.start()

    assert all(future.result(20.0) for future in futures)
    assert counts == [500, 1000, 1200]
    assert _stored(path) == list(range(1200))
    writer.close(10.0)


def test_close_finishes_what_was_given(tmp_path: Path, make_writer: MakeWriter) -> None:
    writer = make_writer(tmp_path / "spool.db")
    writer.start()
    futures = [writer.store([_message(number)]) for number in range(100)]

    writer.close(10.0)

    assert [future.result(0.0) for future in futures] == [True] * 100


def test_a_spool_that_is_off_stores_nothing_and_makes_no_file(
    tmp_path: Path, make_writer: MakeWriter
) -> None:
    writer = make_writer(tmp_path / "spool.db", limit=0)
    writer.start()

    assert writer.store([_message(1)]).result(5.0) is False
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_opened_is_an_error_and_is_tried_again(
    tmp_path: Path, make_writer: MakeWriter
) -> None:
    folder = tmp_path / "not-there-yet"
    writer = make_writer(folder / "spool.db")
    writer.start()

    with pytest.raises(OSError, match="not-there-yet"):
        writer.store([_message(1)]).result(5.0)

    folder.mkdir()
    assert writer.store([_message(2)]).result(5.0) is True
