"""Runs rounds: one thread lets them think, one deals with the ledger for all of them, a few wait for QuickBooks.

    thinking ──── wishes of all rounds ────▶ ledger (one transaction at a time)
       ▲  │                                    │
       │  └──── calls ────▶ pool (waits)       │
       └────────── answers ◀───────────────────┘

While the ledger writes, more wishes gather: the busier it is, the more rounds share a transaction.
"""

import heapq
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Literal, TypeAlias

from events.outgoing import NotConfirmed
from workers.ledger.claims import ObjectKey
from workers.runtime.books import LEDGER_AWAY, Answers, Books
from workers.runtime.pool import Pool
from workers.runtime.requests import Apart, Asking, ClaimLost, LedgerRequest, Pause, Request, object_keys
from workers.runtime.round import Round

log = logging.getLogger(__name__)

WISHES_AT_ONCE = 16
"""Rounds that share a transaction, at most: it must stay short, and a statement takes so many parameters only."""

End: TypeAlias = Literal["over", "again", "apart", "stopping"]
"""How a round ended: to its end; to be run again; again, each event by itself; given up because we stop."""


@dataclass(eq=False, slots=True)
class _Running:
    """A round under way."""

    round: Round
    asking: Asking


@dataclass(order=True, slots=True)
class _Sleeper:
    """A round that waits for its budget or for QuickBooks."""

    wakes_at: float
    number: int
    running: _Running = field(compare=False)


Answer: TypeAlias = tuple[_Running, object, BaseException | None]


class Rounds:
    """The rounds of a process. ``on_end`` is called in another thread when one has ended, however it did."""

    def __init__(
        self,
        books: Books,
        *,
        threads: int,
        on_end: Callable[[Round, End], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._books = books
        self._pool = Pool(threads)
        self._on_end = on_end
        self._monotonic = monotonic
        self._inbox: SimpleQueue[Answer | None] = SimpleQueue()
        self._wishes: SimpleQueue[tuple[_Running, tuple[LedgerRequest, ...]]] = SimpleQueue()
        self._asked: list[tuple[_Running, tuple[LedgerRequest, ...]]] = []
        self._running: dict[_Running, None] = {}
        self._sleepers: list[_Sleeper] = []
        self._slept = 0
        self._halted = threading.Event()
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("rounds", self._think), ("ledger", self._write))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_alive(self) -> bool:
        """False when a thread of ours ended on an error that it did not expect: then no round ever ends."""
        return all(thread.is_alive() for thread in self._threads)

    def start(self, round_: Round) -> None:
        """Begin a round."""
        running = _Running(round_, round_.run())
        self._running[running] = None
        self._inbox.put((running, None, None))

    def submit(self, action: Callable[[], None]) -> None:
        """Let the pool do something beside the rounds; it must not raise."""
        self._pool.submit(action)

    def halt(self) -> None:
        """Give up the rounds that rest, now and from now on; the others go on."""
        self._halted.set()
        self._inbox.put(None)

    def claims(self) -> list[ObjectKey]:
        """The store objects of all rounds under way."""
        # copied in one step: the thinking thread changes it meanwhile
        return [
            key
            for one in list(self._running)
            for key in object_keys(one.round.connection_id, one.round.claimed)
        ]

    @property
    def resting(self) -> int:
        """Rounds that wait for a budget or for QuickBooks: they hold no thread."""
        return len(self._sleepers)

    def _think(self) -> None:
        while True:
            for answer in self._answers():
                self._go_on(*answer)
            self._wake_sleepers()
            # handed over together, so that they share a transaction
            for asked in self._asked:
                self._wishes.put(asked)
            self._asked.clear()

    def _answers(self) -> list[Answer]:
        """Wait for an answer or a sleeper, and take all that is there."""
        patience = max(0.0, self._sleepers[0].wakes_at - self._monotonic()) if self._sleepers else None
        found: list[Answer] = []
        try:
            first = self._inbox.get(timeout=patience)
            while True:
                if first is not None:
                    found.append(first)
                first = self._inbox.get_nowait()
        except Empty:
            return found

    def _wake_sleepers(self) -> None:
        now = self._monotonic()
        while self._sleepers and (self._sleepers[0].wakes_at <= now or self._halted.is_set()):
            sleeper = heapq.heappop(self._sleepers)
            if self._halted.is_set():
                sleeper.running.asking.close()
                self._end(sleeper.running, "stopping")
            else:
                self._go_on(sleeper.running, None, None)

    def _go_on(self, running: _Running, answer: object, error: BaseException | None) -> None:
        """Give a round its answer and see to what it asks for next."""
        try:
            request = running.asking.send(answer) if error is None else running.asking.throw(error)
        except StopIteration:
            self._end(running, "over")
        except (*LEDGER_AWAY, NotConfirmed, ClaimLost) as problem:
            log.warning("round failed, runs again", extra={"problem": type(problem).__name__})
            self._give_up(running, "again")
        except Exception:
            log.exception("round failed, its events run again one by one")
            self._give_up(running, "apart")
        else:
            self._see_to(running, request)

    def _see_to(self, running: _Running, request: Request) -> None:
        if isinstance(request, tuple):
            self._asked.append((running, request))
        elif isinstance(request, Apart):
            self._pool.submit(partial(self._act, running, request.action))
        else:
            assert isinstance(request, Pause)
            self._slept += 1
            wakes_at = self._monotonic() + request.seconds
            heapq.heappush(self._sleepers, _Sleeper(wakes_at, self._slept, running))

    def _act(self, running: _Running, action: Callable[[], Any]) -> None:
        try:
            answer = action()
        except Exception as error:
            self._inbox.put((running, None, error))
        else:
            self._inbox.put((running, answer, None))

    def _write(self) -> None:
        while True:
            wishes = [self._wishes.get()]
            try:
                while len(wishes) < WISHES_AT_ONCE:
                    wishes.append(self._wishes.get_nowait())
            except Empty:
                pass
            found: list[Answers] = self._books.carry_out([wish for _, wish in wishes])
            for (running, _), answers in zip(wishes, found, strict=True):
                if isinstance(answers, Exception):
                    self._inbox.put((running, None, answers))
                else:
                    self._inbox.put((running, answers, None))

    def _give_up(self, running: _Running, why: End) -> None:
        """Let others have its objects: its deliveries may go to another worker now."""

        def release() -> None:
            try:
                self._books.release(object_keys(running.round.connection_id, running.round.claimed))
            except Exception as error:  # then they are free when the claims end
                log.warning("claims not released", extra={"problem": type(error).__name__})
            self._end(running, why)

        self._pool.submit(release)

    def _end(self, running: _Running, why: End) -> None:
        self._running.pop(running, None)
        self._on_end(running.round, why)
