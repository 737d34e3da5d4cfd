"""A pid alone proves nothing: another program may have it by now."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.node.process import OwnProcess, own, spawn
from ops.node.state import State
from tests.rig.waiting import wait_for


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[OwnProcess]:
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)"
    argv = [sys.executable, "-c", f"{script}; time.sleep(60)"]
    process = spawn(argv, environment=os.environ, log=tmp_path / "log")
    wait_for(lambda: (tmp_path / "log").read_text() == "up\n")
    yield process
    process.end(grace_seconds=0.0)


def test_process_with_a_reused_pid_is_not_ours_and_is_left_alone(sleeper: OwnProcess) -> None:
    same_pid_of_an_earlier_life = dataclasses.replace(sleeper, started=sleeper.started - 1)

    same_pid_of_an_earlier_life.send(signal.SIGKILL)

    assert not same_pid_of_an_earlier_life.is_running()
    assert sleeper.is_running()


def test_process_of_an_earlier_boot_is_gone_whatever_its_pid_says(sleeper: OwnProcess) -> None:
    before_the_reboot = dataclasses.replace(sleeper, boot="another")

    before_the_reboot.end(grace_seconds=0.0)

    assert not before_the_reboot.is_running()
    assert sleeper.is_running()


def test_process_that_ignores_the_request_to_end_is_ended_by_the_kernel(sleeper: OwnProcess) -> None:
    sleeper.end(grace_seconds=0.1)

    assert not sleeper.is_running()
    assert own(sleeper.pid) is None


def test_frozen_process_ends_too(sleeper: OwnProcess) -> None:
    sleeper.send(signal.SIGSTOP)

    sleeper.end(grace_seconds=0.1)

    assert not sleeper.is_running()


def test_process_is_found_again_through_the_state_file(sleeper: OwnProcess, tmp_path: Path) -> None:
    State(tmp_path / "node.json").save({"amqp": 5680}, {"server": sleeper})

    state = State(tmp_path / "node.json")

    assert state.ports() == {"amqp": 5680}
    assert state.processes()["server"].is_running()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"ports": {}}', '{"ports": {"amqp": "x"}, "processes": {}}']
)
def test_damaged_state_file_means_that_nothing_of_ours_runs(tmp_path: Path, text: str) -> None:
    path = tmp_path / "node.json"
    path.write_text(text)

    assert State(path).processes() == {}
    assert State(path).ports() == {}
