"""A worker process's engine: one thread takes and acks, a few threads run rounds, one keeps the claims alive."""

import contextlib
import heapq
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from events.outgoing import NotConfirmed
from schemas.envelope import Workflow
from workers.ledger.claims import CLAIM_SECONDS, release_all_claims
from workers.ledger.engine import writing
from workers.runtime.books import ClaimLost
from workers.runtime.broker import BrokerLost, Inlet
from workers.runtime.delivery import Delivery
from workers.runtime.holds import end_pauses
from workers.runtime.recounts import Recounts
from workers.runtime.lanes import Lanes
from workers.runtime.pool import Pool
from workers.runtime.round import Round
from workers.runtime.services import Services
from workers.runtime.settlements import Settled, set_aside

log = logging.getLogger(__name__)

RERUN_SECONDS = 1.0
"""How long a lane rests when the database or the broker failed a round."""

LONE_FAILURES = 3
"""A round of one event that fails so often, though database and broker are there, fails because of that event."""

RECONNECT_SECONDS = 1.0
POLL_SECONDS = 0.5
SURPLUS_SECONDS = 0.1
"""How often we look for companies whose events keep others waiting."""


@dataclass(order=True, slots=True)
class _Sleeper:
    """A round that waits for its budget or for QuickBooks."""

    wakes_at: float
    number: int
    round: Round = field(compare=False)
    pauses: Iterator[float] = field(compare=False)


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
        self._pool = Pool(threads)
        self._threads = threads
        self._shutdown_seconds = shutdown_seconds
        self._monotonic = monotonic
        self._settled: deque[list[Settled]] = deque()
        self._returned: deque[tuple[Round, str]] = deque()
        self._unplaced: deque[list[Delivery]] = deque()
        self._sleepers: list[_Sleeper] = []
        self._slept: deque[_Sleeper] = deque()
        self._running: dict[Round, None] = {}
        self._blamed: Counter[tuple[str, str]] = Counter()
        self._number = 0
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
                self._stopping.wait(RECONNECT_SECONDS)
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
        while self._running and self._monotonic() < deadline:
            self._turn()
            self._inlet.drain(0.1)
        self._turn()

    def _turn(self) -> None:
        while self._settled:
            self._inlet.ack([settled.delivery for settled in self._settled.popleft()])
        while self._slept:
            heapq.heappush(self._sleepers, self._slept.popleft())
        while self._returned:
            self._take_back(*self._returned.popleft())
        while self._unplaced:
            for delivery in filter(self._inlet.is_current, self._unplaced.popleft()):
                self._add(delivery)
        now = self._monotonic()
        while self._sleepers and (self._sleepers[0].wakes_at <= now or self._stopping.is_set()):
            sleeper = heapq.heappop(self._sleepers)
            if self._stopping.is_set():
                self._returned.append((sleeper.round, "stopping"))
            else:
                self._pool.submit(partial(self._go_on, sleeper.round, sleeper.pauses))
        if self._stopping.is_set():
            return
        while self._active() < self._threads and (deliveries := self._lanes.next_round(now)):
            self._begin(deliveries)

        if now >= self._look_for_surplus_at:
            self._look_for_surplus_at = now + SURPLUS_SECONDS
            surplus = self._lanes.surplus(now)
            if surplus:
                self._pool.submit(partial(self._set_aside, surplus))

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
        return len(self._running) - len(self._sleepers)

    def _patience(self) -> float:
        wakes = [sleeper.wakes_at for sleeper in self._sleepers[:1]]
        lane = self._lanes.wakes_at()
        if lane is not None:
            wakes.append(lane)
        return (
            max(0.0, min(POLL_SECONDS, *(at - self._monotonic() for at in wakes))) if wakes else POLL_SECONDS
        )

    def _begin(self, deliveries: list[Delivery]) -> None:
        blamed = len(deliveries) == 1 and self._blamed[_name(deliveries[0])] >= LONE_FAILURES
        run = Round(deliveries, self._services, self._on_settled, blamed=blamed)
        self._running[run] = None
        self._pool.submit(partial(self._go_on, run, run.run()))

    def _on_settled(self, settled: list[Settled]) -> None:
        self._settled.append(settled)
        self._inlet.wake()

    def _go_on(self, run: Round, pauses: Iterator[float]) -> None:
        """In a pool thread: run until the round ends, fails, or waits."""
        try:
            pause = next(pauses, None)
            if pause is None:
                self._returned.append((run, ""))
            else:
                self._number += 1
                self._slept.append(_Sleeper(self._monotonic() + pause, self._number, run, pauses))
        except (OperationalError, InterfaceError, PoolTimeout, NotConfirmed, ClaimLost) as error:
            log.warning("round failed, runs again", extra={"problem": type(error).__name__})
            self._give_up(run, "again")
        except Exception:
            log.exception("round failed, its events run again one by one")
            self._give_up(run, "apart")
        finally:
            self._inlet.wake()

    def _give_up(self, run: Round, why: str) -> None:
        """Let others have its objects: its deliveries may go to another worker now."""
        with contextlib.suppress(SQLAlchemyError):  # then they are free when the claims end
            run.release()
        self._returned.append((run, why))

    def _take_back(self, run: Round, why: str) -> None:
        del self._running[run]
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
                # copied in one step: the consuming thread changes it meanwhile
                for run in list(self._running):
                    run.keep()
            self._pool.submit(self._end_pauses)

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
