"""The database is locked, cut off or gone before and after each commit: nothing is lost or doubled."""

import os
import signal
import sqlite3
import time
from functools import partial
from typing import Any

import pytest

from tests.faults.conftest import OpenStack
from tests.rig.broker import Broker
from tests.rig.proxy import TcpProxy
from tests.rig.stack import order_event, paid
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.broker

POINTS = ("after claim", "after find", "after intent", "after write", "before result", "before ack")
"""The last one needs the database no more."""


def test_sqlite_locked_by_another_process_before_each_commit_only_makes_us_wait(
    open_stack: OpenStack, broker: Broker, sqlite_url: str
) -> None:
    stack = open_stack(broker, sqlite_url)
    path = stack.settings.database_url.removeprefix("sqlite:///")
    workers = stack.start_dying_workers(*(f"wait:{point}:1" for point in POINTS))

    for number, _ in enumerate(POINTS, start=1):
        stack.publish(sold(number))
        stopped = workers.wait_line(rf"stopped (\d+) #{number}$", timeout_seconds=60.0)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        os.kill(int(stopped[1]), signal.SIGUSR1)
        wait_for(partial(passed, time.monotonic()), what="it was locked for a second")
        other.execute("ROLLBACK")
        other.close()
        stack.wait_settled(paid(number))
        stack.assert_quiet()
        os.kill(int(stopped[1]), signal.SIGTERM)

    stack.assert_books_agree(*range(1, len(POINTS) + 1))


@pytest.mark.postgres
def test_postgresql_cut_off_before_and_after_each_commit_loses_and_doubles_nothing(
    open_stack: OpenStack, broker: Broker, postgres_url: str
) -> None:
    with TcpProxy.to(postgres_url) as way:
        stack = open_stack(broker, postgres_url)
        workers = stack.start_dying_workers(
            *(f"wait:{point}:1" for point in POINTS), database_url=way.url(postgres_url)
        )

        for number, _ in enumerate(POINTS, start=1):
            stack.publish(sold(number))
            stopped = workers.wait_line(rf"stopped (\d+) #{number}$", timeout_seconds=60.0)
            refused = way.accepted
            way.refuse()
            os.kill(int(stopped[1]), signal.SIGUSR1)
            if number < len(POINTS):
                wait_for(partial(grown, way, refused), timeout_seconds=60.0, what="a refused try")
            way.pass_on()
            stack.wait_settled(paid(number))
            stack.assert_quiet()
            os.kill(int(stopped[1]), signal.SIGTERM)

        stack.assert_books_agree(*range(1, len(POINTS) + 1))


def sold(number: int) -> dict[str, Any]:
    """An order of a product that QuickBooks is asked for: it is remembered for a day."""
    total = "12.50"
    line = {"line_id": "1", "name": f"Mug {number}", "quantity": "1", "subtotal": total, "total": total}
    return order_event(number, total=total, lines=[line])


def passed(since: float) -> bool:
    return time.monotonic() - since > 1.0


def grown(way: TcpProxy, accepted: int) -> bool:
    return way.accepted > accepted
