"""From the spool to the broker, as soon as it is back."""

import fcntl
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from events.outgoing import NotConfirmed, Outgoing
from events.spool.file import SpoolFile

BATCH = 200
LOOK_SECONDS = 1.0
CONFIRM_SECONDS = 30.0

log = logging.getLogger(__name__)


class Publishes(Protocol):
    """What the relay needs of a publisher."""

    @property
    def connected(self) -> bool:
        """Whether it makes sense to try."""

    def publish_all(
        self, messages: Sequence[Outgoing], *, timeout_seconds: float
    ) -> list[NotConfirmed | None]:
        """Send in order; None = confirmed, at the message's own place."""


class Relay:
    """One thread that empties the spool. Of several processes on one file, one at a time does it.

    A message is removed after its confirm. A crash in between sends it twice; its event id shows that.
    """

    def __init__(self, path: Path, publisher: Publishes, *, on_count: Callable[[int], None]) -> None:
        self._path, self._publisher, self._on_count = path, publisher, on_count
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spool relay", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self, timeout_seconds: float) -> None:
        """End after the batch that is on its way; what is left stays in the spool."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        file: SpoolFile | None = None
        while not self._stopping.wait(LOOK_SECONDS):
            if file is None and not self._path.exists():
                continue
            try:
                file = file or SpoolFile(self._path, limit=0)
                self._look(file)
            except (sqlite3.Error, OSError) as error:
                log.error("the spool cannot be read", extra={"problem": str(error)})
        if file is not None:
            file.close()

    def _look(self, file: SpoolFile) -> None:
        waiting = file.count()
        self._on_count(waiting)
        if not waiting or not self._publisher.connected:
            return
        with _alone(self._path) as alone:
            while alone and not self._stopping.is_set() and self._move(file):
                self._on_count(file.count())

    def _move(self, file: SpoolFile) -> bool:
        """Publish the oldest messages; whether any of them arrived."""
        spooled = file.oldest(BATCH)
        if not spooled:
            return False
        messages = [one.message for one in spooled]
        outcomes = self._publisher.publish_all(messages, timeout_seconds=CONFIRM_SECONDS)
        confirmed = [one.place for one, outcome in zip(spooled, outcomes, strict=True) if outcome is None]
        file.remove(confirmed)
        problems = [outcome for outcome in outcomes if outcome is not None]
        extra = {
            "relayed": len(confirmed),
            "left": len(problems),
            "problem": str(problems[0]) if problems else "",
        }
        log.info("spooled events relayed", extra=extra)
        return bool(confirmed)


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Whether no other process relays now; the system frees the lock when a process dies."""
    with path.with_name(path.name + ".relay").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
