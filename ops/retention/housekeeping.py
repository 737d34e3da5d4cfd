"""What the desk does beside commands and error queues: what must not be kept leaves, a little at a time."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event

import pika.exceptions
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from events.outgoing import NotConfirmed
from ops.erasure.requests import ErasureRequests
from ops.retention.closed import Dropper
from ops.retention.payloads import Payloads
from workers.ledger.engine import reading
from workers.ledger.retention import closed_since

LOOK_SECONDS = 2.0
CLOSED_SECONDS = 30.0
PASS_SECONDS = 21_600.0
"""Payloads are days old: four passes a day are enough."""

STEP_PAUSE_SECONDS = 0.1
"""Between two steps of a pass: the database is there for others."""

LATER_SECONDS = 60.0
"""After a fault of ours."""

STEPS_AT_ONCE = 10
"""Then the other jobs have their turn."""

LATE = timedelta(hours=1)
"""So long after a connection was closed a worker may still hold back or fail an event of it."""

AWAY = (pika.exceptions.AMQPError, NotConfirmed, DBAPIError, OSError)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Housekeeping:
    """A thread's work until ``stopping`` is set."""

    ledger: Engine
    requests: ErasureRequests
    dropper: Dropper
    payloads: Payloads
    now: Callable[[], datetime]
    stopping: Event
    _due: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        """Look, and look again; what is away is waited for."""
        while not self.stopping.is_set():
            self.look()
            self.stopping.wait(LOOK_SECONDS)

    def look(self) -> None:
        """Do each job that is due."""
        for job in (self._erase, self._drop, self._empty):
            self._try(job)

    def _try(self, job: Callable[[], float]) -> None:
        if time.monotonic() < self._due.get(job.__name__, 0.0):
            return
        try:
            seconds = job()
        except AWAY as error:
            seconds = LOOK_SECONDS
            problem = f"{type(error).__name__}: {error}"[:500]
            log.warning("housekeeping waits", extra={"job": job.__name__.strip("_"), "problem": problem})
        except Exception:  # our bug in one job keeps no other from being done
            seconds = LATER_SECONDS
            log.exception("housekeeping failed", extra={"job": job.__name__.strip("_")})
        self._due[job.__name__] = time.monotonic() + seconds

    def _erase(self) -> float:
        self.requests.look()
        return LOOK_SECONDS

    def _drop(self) -> float:
        """A worker that was at it when the connection was closed may hold back or fail an event afterwards."""
        with reading(self.ledger) as database:
            closed = closed_since(database, self.now() - LATE)
        if closed:
            dropped = self.dropper.drop(closed, by="desk")
            if dropped.failed or dropped.held:
                facts = {"failed_messages": dropped.failed, "held": dropped.held}
                log.info("dropped for closed connections", extra=facts)
        return CLOSED_SECONDS

    def _empty(self) -> float:
        for _ in range(STEPS_AT_ONCE):
            if self.stopping.is_set() or not self.payloads.step():
                return PASS_SECONDS
            self.stopping.wait(STEP_PAUSE_SECONDS)
        return LOOK_SECONDS
