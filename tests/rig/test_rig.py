"""The rig keeps what it promises."""

from __future__ import annotations

import sys

import pytest
import sqlalchemy

from tests.rig.broker import Broker
from tests.rig.fixtures import StartProcess
from tests.rig.processes import EndedTooEarly
from tests.rig.waiting import wait_for


@pytest.mark.broker
def test_a_test_sees_its_own_queues_and_nobody_elses(broker: Broker) -> None:
    with broker.channel() as channel:
        channel.queue_declare("orders", durable=True, arguments={"x-queue-type": "quorum"})

    assert broker.publish("", "orders", {"n": 1}, headers={"reason": "why"})

    wait_for(lambda: broker.count("orders") == 1)
    assert list(broker.queues()) == ["orders"]
    assert broker.peek("orders")[0].headers["reason"] == "why"
    assert broker.take("orders")[0].json() == {"n": 1}
    assert broker.count("orders") == 0
    assert not broker.publish("", "nowhere", "lost")
    assert not broker.exists("nowhere")


def test_a_process_is_watched_and_killed(process: StartProcess) -> None:
    running = process(sys.executable, "-c", "import time; print('ready 7'); time.sleep(60)")

    match = running.wait_line(r"ready (\d)")

    assert match.group(1) == "7"
    assert running.kill() == -9


def test_a_process_that_ends_too_early_says_what_it_printed(process: StartProcess) -> None:
    broken = process(sys.executable, "-c", "raise SystemExit('no database')")

    with pytest.raises(EndedTooEarly, match="no database"):
        broken.wait_line("ready")


def test_each_test_gets_an_empty_database_of_each_kind(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)

    tables = sqlalchemy.inspect(engine).get_table_names()

    assert tables == []
    engine.dispose()
