"""A worker process's engine: takes deliveries, lets rounds run (``rounds.py``), acks what is settled."""

import contextlib
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from events.outgoing import NotConfirmed
from schemas.envelope import Workflow
from workers.ledger.claims import CLAIM_SECONDS, release_all_claims
from workers.ledger.engine import writing
from workers.runtime.books import Books
from workers.runtime.broker import BrokerLost, Inlet
from workers.runtime.delivery import Delivery
from workers.runtime.holds import end_pauses
from workers.runtime.lanes import Lanes
from workers.runtime.recounts import Recounts
from workers.runtime.round import Round
from workers.runtime.rounds import End, Rounds
from workers.runtime.services import Services
from workers.runtime.settlements import Settled, set_aside

log = logging.getLogger(__name__)

RERUN_SECONDS = 1.0
"""How long a lane rests when the database or the broker failed a round."""

LONE_FAILURES = 3
"""A round of one event that fails so often, though database and broker are there, fails because of that event."""

RECONNECT_SECONDS = 1.0
POLL_SECONDS = 0.5
ROUNDS_PER_THREAD = 4
"""Rounds under way for each thread that waits for QuickBooks: the others are with the ledger."""

SURPLUS_SECONDS = 0.1
"""How often we look for companies whose events keep others waiting."""


class Worker:
    """Consumes workflows until ``stop`` is called."""

    def __init__(
        self,
        services: Services,
        *,
        broker_url: str,
        workflows: Sequence[Workflow],
        threads: int = 8,
        rounds_per_company: int = 4,
        shutdown_seconds: float = 20.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._recounts = Recounts(services)
        self._lanes = Lanes(rounds_per_lane=rounds_per_company)
        self._inlet = Inlet(broker_url, workflows, self._add, services.clock)
        self._books = Books(services)
        self._rounds = Rounds(self._books, threads=threads, on_end=self._on_end, monotonic=monotonic)
        self._threads = threads
        self._shutdown_seconds = shutdown_seconds
        self._monotonic = monotonic
        self._settled: deque[list[Settled]] = deque()
        self._returned: deque[tuple[Round, End]] = deque()
        self._unplaced: deque[list[Delivery]] = deque()
        self._running = 0
        self._blamed: Counter[tuple[str, str]] = Counter()
        self._look_for_surplus_at = 0.0
        self._stopping = threading.Event()
        self._over = threading.Event()
        self.connected = False

    def stop(self) -> None:
        """Finish what is in flight and end ``run``; may be called from a signal handler."""
        self._stopping.set()
        self._inlet.wake()

    def run(self) -> None:
        """Consume until stopped; a lost broker is connected again, without end."""
        keeper = threading.Thread(target=self._keep_claims, name="claims", daemon=True)
        keeper.start()
        while not self._stopping.is_set():
            try:
                with self._inlet.connected():
                    self.connected = True
                    log.info("consuming")
                    self._consume()
            except BrokerLost as error:
                log.warning("broker lost", extra={"problem": str(error)})
                time.sleep(RECONNECT_SECONDS)  # a wait on the event would hold the lock that a signal wants
            finally:
                self.connected = False
                self._lanes.forget()
        self._over.set()
        keeper.join()
        if not self._running:
            self._release_claims()

    def _consume(self) -> None:
        while not self._stopping.is_set():
            self._turn()
            self._inlet.drain(self._patience())
        deadline = self._monotonic() + self._shutdown_seconds
        self._lanes.forget()
        self._rounds.halt()
        while self._running and self._monotonic() < deadline:
            self._turn()
            self._inlet.drain(0.1)
        self._turn()

    def _turn(self) -> None:
        if not self._rounds.is_alive:
            raise RuntimeError("the rounds have ended on an error; the log has it. Start the worker again.")
        while self._settled:
            self._inlet.ack([settled.delivery for settled in self._settled.popleft()])
        while self._returned:
            self._take_back(*self._returned.popleft())
        while self._unplaced:
            for delivery in filter(self._inlet.is_current, self._unplaced.popleft()):
                self._add(delivery)
        now = self._monotonic()
        if self._stopping.is_set():
            return
        while self._active() < ROUNDS_PER_THREAD * self._threads and (
            deliveries := self._lanes.next_round(now)
        ):
            self._begin(deliveries)

        if now >= self._look_for_surplus_at:
            self._look_for_surplus_at = now + SURPLUS_SECONDS
            surplus = self._lanes.surplus(now)
            if surplus:
                self._rounds.submit(partial(self._set_aside, surplus))

    def _add(self, delivery: Delivery) -> None:
        self._lanes.add(delivery, self._monotonic())

    def _set_aside(self, surplus: list[Delivery]) -> None:
        """In a pool thread: let a company's surplus wait where it keeps nobody else waiting."""
        try:
            self._settled.append(set_aside(surplus, self._services))
        except NotConfirmed as error:
            log.warning("surplus not set aside", extra={"problem": type(error).__name__})
            self._unplaced.append(surplus)
        except Exception:
            log.exception("surplus not set aside")
            self._unplaced.append(surplus)
        finally:
            self._inlet.wake()

    def _active(self) -> int:
        """Rounds that hold a thread or wait for one; those that rest hold none and keep nobody waiting."""
        return self._running - self._rounds.resting

    def _patience(self) -> float:
        lane = self._lanes.wakes_at()
        return max(0.0, min(POLL_SECONDS, lane - self._monotonic())) if lane is not None else POLL_SECONDS

    def _begin(self, deliveries: list[Delivery]) -> None:
        blamed = len(deliveries) == 1 and self._blamed[_name(deliveries[0])] >= LONE_FAILURES
        self._running += 1
        seen = self._books.seen(deliveries[0].connection_id)
        self._rounds.start(Round(deliveries, self._services, self._on_settled, blamed=blamed, seen=seen))

    def _on_settled(self, settled: list[Settled]) -> None:
        for one in settled:
            self._services.traces.settled(one.delivery, one.word)
        self._settled.append(settled)
        self._inlet.wake()

    def _on_end(self, run: Round, why: End) -> None:
        self._returned.append((run, why))
        self._inlet.wake()

    def _take_back(self, run: Round, why: End) -> None:
        self._running -= 1
        open_ = [delivery for delivery in run.unsettled() if self._inlet.is_current(delivery)]
        if why in ("again", "apart") and not self._stopping.is_set():
            apart = why == "apart"
            if apart and len(run.deliveries) == 1:
                self._blamed[_name(run.deliveries[0])] += 1
            until = self._monotonic() + RERUN_SECONDS
            self._lanes.postpone(run.deliveries, open_, until=until, apart=apart)
        else:
            if self._blamed:
                for delivery in run.deliveries:
                    self._blamed.pop(_name(delivery), None)
            self._lanes.finished(run.deliveries)

    def _keep_claims(self) -> None:
        while not self._over.wait(CLAIM_SECONDS / 3):
            with contextlib.suppress(SQLAlchemyError):
                self._books.keep(self._rounds.claims())
            self._rounds.submit(self._end_pauses)

    def _end_pauses(self) -> None:
        with contextlib.suppress(SQLAlchemyError, NotConfirmed):
            end_pauses(self._services)
            self._recounts.run()

    def _release_claims(self) -> None:
        """Nothing runs any more: others need not wait until our claims end by themselves."""
        with contextlib.suppress(SQLAlchemyError), writing(self._services.engine) as database:
            release_all_claims(database, owner=self._services.owner)


def _name(delivery: Delivery) -> tuple[str, str]:
    return delivery.connection_id, delivery.event_id
