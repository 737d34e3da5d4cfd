"""A shared server lives as long as somebody holds it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ops.node.process import own
from tests.rig.fixtures import missing
from tests.rig.lease import shared


class Recorder:
    """A server that writes down what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def start(self) -> None:
        self.asked.append("start")

    def stop(self) -> None:
        self.asked.append("stop")


def test_server_is_stopped_when_its_last_holder_leaves(tmp_path: Path) -> None:
    server = Recorder()

    with shared(server, tmp_path):
        during = list(server.asked)

    assert during == ["start"]
    assert server.asked == ["start", "stop"]


def test_server_goes_on_while_another_process_holds_it(tmp_path: Path) -> None:
    server = Recorder()
    parent = own(os.getppid())
    assert parent is not None

    with shared(server, tmp_path):
        _join(tmp_path, parent.as_record())

    assert server.asked == ["start"]


def test_holder_that_was_killed_does_not_keep_the_server_alive(tmp_path: Path) -> None:
    server = Recorder()
    parent = own(os.getppid())
    assert parent is not None

    with shared(server, tmp_path):
        _join(tmp_path, parent.as_record() | {"started": 1})

    assert server.asked == ["start", "stop"]


def test_what_is_missing_is_skipped_on_a_laptop_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no broker here"):
        missing("no broker here")

    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no broker here"):
        missing("no broker here")


def _join(folder: Path, record: dict[str, int | str]) -> None:
    path = folder / "holders.json"
    path.write_text(json.dumps([*json.loads(path.read_text()), record]))
