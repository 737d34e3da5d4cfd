"""One server shared by every test process of this tree; the last one to leave ends it.

The holders are written down as processes (pid and start time), so one that was killed does not keep the server alive.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from ops.node.process import OwnProcess, own


class Server(Protocol):
    """What can be shared: something that starts and stops, each of them harmless when repeated."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


@contextmanager
def shared(server: Server, folder: Path) -> Iterator[None]:
    """Hold the server for the time of the block: start it as the first holder, stop it as the last."""
    folder.mkdir(parents=True, exist_ok=True)
    me = own(os.getpid())
    assert me is not None
    with _locked(folder):
        server.start()
        _write(folder, [*_holders(folder), me])
    try:
        yield
    finally:
        with _locked(folder):
            left = [holder for holder in _holders(folder) if holder != me]
            _write(folder, left)
            if not left:
                server.stop()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _holders(folder: Path) -> list[OwnProcess]:
    try:
        records = json.loads((folder / "holders.json").read_text())
        holders = [OwnProcess(**record) for record in records]
    except (OSError, ValueError, TypeError):
        return []
    return [holder for holder in holders if holder.is_running()]


def _write(folder: Path, holders: list[OwnProcess]) -> None:
    (folder / "holders.json").write_text(json.dumps([holder.as_record() for holder in holders]))
