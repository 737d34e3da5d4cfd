"""The threads that run rounds. Daemons: a call that hangs must not keep a stopped process alive."""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

log = logging.getLogger(__name__)


class Pool:
    """A few threads and what they are to do next. A task must not raise."""

    def __init__(self, threads: int) -> None:
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"round-{number}", daemon=True).start()

    def submit(self, task: Callable[[], None]) -> None:
        """Run it in the next free thread."""
        self._tasks.put(task)

    def _work(self) -> None:
        while True:
            try:
                self._tasks.get()()
            except Exception:
                log.exception("a task failed")  # a bug; the thread must outlive it
