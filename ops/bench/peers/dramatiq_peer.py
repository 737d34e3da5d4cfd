"""Dramatiq: one process, as many threads as slots."""

import os
import sys

from ops.bench.peers.fill import main, send_all
from ops.bench.peers.job import SLOTS


def fill(count: int, rate: float) -> None:
    from ops.bench.peers.dramatiq_tasks import sync

    send_all(count, rate, sync.send)


def worker() -> None:
    os.environ.update(dramatiq_queue_prefetch=str(SLOTS * 2))
    words = ["--processes", "1", "--threads", str(SLOTS)]
    os.execv(sys.executable, [sys.executable, "-m", "dramatiq", "ops.bench.peers.dramatiq_tasks", *words])


if __name__ == "__main__":
    main(worker, fill)
