"""Storing in the spool from an event loop: what arrives while a commit runs shares the next one."""

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from events.outgoing import Outgoing
from events.spool.file import SpoolFile

GROUP_LIMIT = 500

log = logging.getLogger(__name__)

_Job = tuple[Sequence[Outgoing], Future[bool]]


class SpoolWriter:
    """One thread that writes. ``on_count`` is told how many messages the spool holds after each commit."""

    def __init__(self, path: Path, *, limit: int, on_count: Callable[[int], None]) -> None:
        self._path, self._limit, self._on_count = path, limit, on_count
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="spool writer", daemon=True)

    def start(self) -> None:
        """Start the thread; the file is opened at the first message."""
        self._thread.start()

    def store(self, messages: Sequence[Outgoing]) -> Future[bool]:
        """Store all messages or none. True: they are on the disk. False: the spool is full or off.

        The future raises ``sqlite3.Error`` or ``OSError`` when the file cannot be used.
        """
        future: Future[bool] = Future()
        future.set_running_or_notify_cancel()
        if self._limit == 0:
            future.set_result(False)
        else:
            self._jobs.put((messages, future))
        return future

    def close(self, timeout_seconds: float) -> None:
        """Finish what was given, then end the thread."""
        self._jobs.put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        file: SpoolFile | None = None
        while group := self._next_group():
            try:
                file = file or SpoolFile(self._path, limit=self._limit)
                stored = file.put([messages for messages, _ in group])
                self._on_count(file.count())
            except (sqlite3.Error, OSError) as error:
                log.error("the spool cannot be written", extra={"problem": str(error)})
                for _, future in group:
                    future.set_exception(error)
            else:
                for (_, future), done in zip(group, stored, strict=True):
                    future.set_result(done)
        if file is not None:
            file.close()

    def _next_group(self) -> list[_Job]:
        """Everything that waits now, at least one job; empty at the end."""
        group: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            group.append(job)
            if len(group) == GROUP_LIMIT:
                return group
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group
        if group:
            self._jobs.put(None)  # the end is seen again after this group
        return group
