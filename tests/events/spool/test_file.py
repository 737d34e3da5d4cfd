"""What the spool took comes back whole, in order, and no more than its limit is taken."""

import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.outgoing import Outgoing
from events.spool.file import SpoolFile


def _message(number: int) -> Outgoing:
    return Outgoing("counterfoil.events", "orders.paid", b"%d" % number, message_id=str(number))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def _bodies(file: SpoolFile) -> list[int]:
    return [int(one.message.body) for one in file.oldest(1000)]


def test_a_message_comes_back_as_it_was(path: Path) -> None:
    message = Outgoing(
        exchange="",
        routing_key="orders.held",
        body=b"\x00\xff{}",
        message_id=None,
        headers={"attempts": 3, "connection": "acme-woo", "failed_at": datetime(2026, 5, 1, 12, tzinfo=UTC)},
        content_type=None,
    )
    file = SpoolFile(path, limit=10)
    file.put([[message]])
    file.close()

    found = SpoolFile(path, limit=10)

    assert [one.message for one in found.oldest(10)] == [message]
    found.close()


def test_messages_are_kept_in_order_and_removed_one_by_one(path: Path) -> None:
    file = SpoolFile(path, limit=100)
    file.put([[_message(1), _message(2)], [_message(3)], [_message(4)]])
    second = file.oldest(2)[1].place

    file.remove([second, second, 999])

    assert _bodies(file) == [1, 3, 4]
    assert file.count() == 3
    file.close()


def test_large_messages_are_read_few_at_a_time(path: Path) -> None:
    file = SpoolFile(path, limit=10)
    file.put([[Outgoing("", "orders.held", b"x" * 1000)] * 5])

    assert len(file.oldest(10, limit_bytes=2500)) == 3
    assert len(file.oldest(10, limit_bytes=1)) == 1
    assert len(file.oldest(2)) == 2
    file.close()


def test_a_group_that_does_not_fit_is_left_out_whole_and_a_smaller_one_still_fits(path: Path) -> None:
    file = SpoolFile(path, limit=3)

    stored = file.put([[_message(1), _message(2)], [_message(3), _message(4)], [_message(5)]])

    assert stored == [True, False, True]
    assert _bodies(file) == [1, 2, 5]
    file.close()


def test_processes_on_one_file_share_its_limit(path: Path) -> None:
    one, other = SpoolFile(path, limit=2), SpoolFile(path, limit=2)
    assert one.put([[_message(1)]]) == [True]
    assert other.put([[_message(2)]]) == [True]

    assert one.put([[_message(3)]]) == [False]

    other.remove([other.oldest(1)[0].place])
    assert one.put([[_message(3)]]) == [True]
    one.close()
    other.close()


def test_a_write_that_fails_leaves_the_spool_as_it_was(path: Path) -> None:
    file = SpoolFile(path, limit=10)
    file.put([[_message(1)]])
    unstorable = Outgoing("x", "y", object())  # type: ignore[arg-type]

    with pytest.raises(sqlite3.Error):
        file.put([[_message(2)], [unstorable]])

    assert _bodies(file) == [1]
    assert file.count() == 1
    file.close()


def test_only_the_owner_may_read_what_customers_ordered(path: Path) -> None:
    file = SpoolFile(path, limit=10)
    file.put([[_message(1)]])

    modes = {stat.S_IMODE(part.stat().st_mode) for part in path.parent.iterdir()}

    assert modes == {0o600}
    file.close()
