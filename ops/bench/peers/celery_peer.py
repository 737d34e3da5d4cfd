"""Celery, with the pool that PEER_POOL names (threads or prefork)."""

import os
import sys

from ops.bench.peers.fill import main, send_all
from ops.bench.peers.job import QUEUE, SLOTS


def fill(count: int, rate: float) -> None:
    from ops.bench.peers.celery_tasks import app, sync

    with app.producer_pool.acquire(block=True) as producer:
        app.amqp.queues[QUEUE].bind(producer.channel).declare()
        send_all(count, rate, lambda event: sync.apply_async((event,), producer=producer))


def worker() -> None:
    pool = os.environ.get("PEER_POOL", "threads")
    words = ["-P", pool, "-c", str(SLOTS), "-l", "ERROR", "-Q", QUEUE]
    words += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    command = [sys.executable, "-m", "celery", "-A", "ops.bench.peers.celery_tasks", "worker", *words]
    os.execv(sys.executable, command)


if __name__ == "__main__":
    main(worker, fill)
