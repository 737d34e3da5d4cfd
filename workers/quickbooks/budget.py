"""A company's request budget, shared by all workers through the ledger.

Each call takes a permit there (workers.quickbooks.limits); a worker that makes single calls in quick succession
takes a few at once and uses them within a quarter of a second.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from workers.ledger import budgets as ledger
from workers.ledger.budgets import BudgetState
from workers.ledger.engine import writing
from workers.ledger.prepared import Part, Rows, rows_of
from workers.quickbooks.limits import Limits, batch_ring, request_ring, supply

REQUESTS_OF_A_BATCH = 2
"""A batch takes two request permits: it costs nothing (40 of 500), and when calls travel at different speeds, as
large ones do, so few leave within a second that 10 never arrive within one."""

SLICE = 3
"""Requests taken at once by a worker that makes single calls in quick succession."""

SLICE_LIFE = timedelta(milliseconds=250)
"""How long the rest of a slice may be used. It counts as used at the end of that, so that no limit is crossed."""

QUICK_SECONDS = 1.0
CLOCK_JUMP = timedelta(seconds=5)
"""A permit that was used further in the future than this was used before the clock was set back."""

LONGEST_REST_SECONDS = 3600.0
SAME_THROTTLE = timedelta(seconds=30)
REPEATED_THROTTLE = timedelta(minutes=5)
WITHHOLD_STEP = 25
WITHHOLD_MOST = 75
RECOVERY_A_MINUTE = 5
"""A 429 although we keep the limits: somebody else uses them too. From the second within five minutes on, a quarter
more of the permits is held back, and comes back at 5 % a minute."""


@dataclass(slots=True)
class _Local:
    """What this process knows of one company; times are of the monotonic clock."""

    spare: int = 0
    spare_until: float = 0.0
    taken_at: float = float("-inf")
    rests_until: float = float("-inf")
    batches_left: int | None = None


@dataclass(frozen=True, slots=True)
class _Lease:
    """What the ledger gave: nothing until ``wait`` is over, or one call and ``spare`` more."""

    wait: timedelta
    spare: int
    batches_left: int
    rest: timedelta
    uses: Mapping[str, datetime] = field(default_factory=dict)


class Budget:
    """Permission to call QuickBooks, for the threads of one process."""

    def __init__(
        self,
        *,
        engine: Engine,
        app: str,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        limits: Limits | None = None,
    ) -> None:
        """``app`` is the client id: Intuit limits each app by itself."""
        self._engine = engine
        self._app = app[: ledger.APP_CHARACTERS]
        self._clock = clock
        self._monotonic = monotonic
        self._requests = request_ring(limits or Limits())
        self._batches = batch_ring(limits or Limits())
        self._local: dict[str, _Local] = {}
        self._lock = threading.Lock()

    def take(self, realm_id: str, *, batch: bool) -> float:
        """Take the right to one call: 0.0 when granted, else seconds after which to ask again."""
        at_hand = self.at_hand(realm_id, batch=batch)
        if at_hand is not None:
            return at_hand
        with writing(self._engine) as database:
            wanted = [(realm_id, batch)]
            locked = rows_of(database, self.locking(database.dialect.name, wanted))
            (seconds,) = self.take_all(database, wanted, locked, ends=True)
        return seconds

    def at_hand(self, realm_id: str, *, batch: bool) -> float | None:
        """The same without the ledger; None when it must be asked."""
        with self._lock:
            local = self._local.setdefault(realm_id, _Local())
            now = self._monotonic()
            if local.rests_until > now:
                return local.rests_until - now
            if not batch and local.spare > 0 and now < local.spare_until:
                local.spare -= 1
                local.taken_at = now
                return 0.0
            return None

    def locking(self, dialect: str, wanted: Sequence[tuple[str, bool]]) -> list[Part]:
        """What reads and locks the budgets for ``take_all``, for a caller who has more to ask of the ledger."""
        return ledger.locking(dialect, {realm_id for realm_id, _ in wanted}, self._app)

    def take_all(
        self, database: Connection, wanted: Sequence[tuple[str, bool]], locked: Rows, *, ends: bool = False
    ) -> list[float]:
        """Ask the ledger for many calls, each (realm id, whether it is a batch), in a transaction of the caller's.

        ``locked``: what ``locking`` found. ``ends``: nothing follows in the transaction.
        """
        realms = {realm_id for realm_id, _ in wanted}
        found = ledger.locked_budgets(database, locked, realms, self._app, clock=self._clock)
        states = {realm_id: _without_future(state) for realm_id, state in found.items()}
        asked_at = self._monotonic()
        uses = {realm_id: state.used_at for realm_id, state in states.items() if state != found[realm_id]}
        seconds = []
        for realm_id, batch in wanted:
            with self._lock:
                local = self._local.setdefault(realm_id, _Local())
                quick = not batch and asked_at - local.taken_at <= QUICK_SECONDS
            lease = self._lease(states[realm_id], batch=batch, spare=SLICE - 1 if quick else 0)
            if lease.uses:
                used_at = {**states[realm_id].used_at, **lease.uses}
                states[realm_id] = replace(states[realm_id], used_at=used_at)
                uses[realm_id] = used_at
            with self._lock:
                self._keep(local, lease, asked_at)
            seconds.append(lease.wait.total_seconds())
        ledger.store_permits(database, self._app, uses, ends=ends)
        return seconds

    def throttled(self, realm_id: str, seconds: float) -> None:
        """QuickBooks answered 429: no worker calls this company for so long, an hour at most."""
        seconds = min(seconds, LONGEST_REST_SECONDS)
        with writing(self._engine) as connection:
            found = ledger.lock_budgets(connection, [realm_id], self._app, clock=self._clock)
            state = _without_future(found[realm_id])
            until = state.now + timedelta(seconds=seconds)
            ledger.close_gate(
                connection,
                realm_id,
                self._app,
                until=max(until, state.blocked_until or until),
                withheld_percent=_withhold_more(state),
                now=state.now,
            )
        with self._lock:
            local = self._local.setdefault(realm_id, _Local())
            local.spare = 0
            local.rests_until = self._monotonic() + seconds

    def batches_left(self, realm_id: str) -> int | None:
        """Batches that the company had left when this process asked last; None when it never did."""
        local = self._local.get(realm_id)
        return local.batches_left if local is not None else None

    def _keep(self, local: _Local, lease: _Lease, asked_at: float) -> None:
        local.batches_left = lease.batches_left
        local.rests_until = asked_at + lease.rest.total_seconds()
        if lease.wait == timedelta(0):
            local.taken_at = asked_at
        if lease.spare:
            local.spare = lease.spare
            # from before the ledger was asked: a slow commit must not lengthen it
            local.spare_until = asked_at + SLICE_LIFE.total_seconds()

    def _lease(self, state: BudgetState, *, batch: bool, spare: int) -> _Lease:
        if state.blocked_until is not None and state.blocked_until > state.now:
            rest = min(state.blocked_until - state.now, timedelta(seconds=LONGEST_REST_SECONDS))
            return _Lease(rest, 0, 0, rest)
        withheld = _withheld(state)
        count = min(REQUESTS_OF_A_BATCH, self._requests.permits) if batch else 1
        requests = supply(
            self._requests, state.used_at, now=state.now, wanted=count, withheld_percent=withheld
        )
        batches = supply(self._batches, state.used_at, now=state.now, withheld_percent=withheld)
        left = len(batches.free)
        wait = max(requests.wait, batches.wait) if batch else requests.wait
        if wait > timedelta(0):
            return _Lease(wait, 0, left, timedelta(0))
        used = [*requests.free[:count], *(batches.free[:1] if batch else ())]
        more = requests.free[count : count + spare]
        uses = dict.fromkeys(used, state.now) | dict.fromkeys(more, state.now + SLICE_LIFE)
        return _Lease(timedelta(0), len(more), left - batch, timedelta(0), uses)


def _without_future(state: BudgetState) -> BudgetState:
    """A permit used in the future was used before the clock was set back: it counts from now."""
    latest = state.now + CLOCK_JUMP
    return replace(
        state, used_at={name: at if at <= latest else state.now for name, at in state.used_at.items()}
    )


def _withheld(state: BudgetState) -> float:
    minutes = max(0.0, (state.now - state.throttled_at) / timedelta(minutes=1))
    return max(0.0, state.withheld_percent - RECOVERY_A_MINUTE * minutes)


def _withhold_more(state: BudgetState) -> int:
    """The percent to hold back after one more 429; several threads report the same one."""
    since = state.now - state.throttled_at
    if since < SAME_THROTTLE:
        return state.withheld_percent
    step = WITHHOLD_STEP if since < REPEATED_THROTTLE else 0
    return min(WITHHOLD_MOST, int(_withheld(state)) + step)
