"""One breaker for each company, and one over all: a dead company slows nobody, a dead QuickBooks is asked once. No I/O.

Down for everyone is it when two companies or more get no answer and nobody else does: then they take turns with one
probe. The first of them that gets an answer wakes all.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable

from workers.quickbooks.breaker import Breaker

LOOK_EVERY_SECONDS = 1.0
"""How often those look again whose turn it is not."""

TURN_SECONDS = 1.5
"""A company that has not probed so long after a probe was due has nothing to send: another one may."""


class Breakers:
    """For all companies of a process. Ask ``delay`` before each call, report its end, or ``unused``."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._companies: dict[str, Breaker] = {}
        self._everyone = Breaker(monotonic=monotonic, failures=1)
        self._silent: OrderedDict[str, None] = OrderedDict()
        self._failing_since: dict[str, float] = {}
        self._answered_at = float("-inf")
        self._lock = threading.Lock()

    def is_open(self, realm_id: str) -> bool:
        """True while only probes go out to this company."""
        with self._lock:
            return self._company(realm_id).open

    def others_answered(self, realm_id: str) -> bool:
        """Whether QuickBooks answered somebody since it answers this company no more: then it is not down."""
        with self._lock:
            return self._failing_since.get(realm_id, float("inf")) < self._answered_at

    def delay(self, realm_id: str) -> float:
        """0.0 when a call may go out, else seconds to wait. While open, a caller that gets 0.0 is the probe."""
        with self._lock:
            if not self._everyone.open or realm_id not in self._silent:
                return self._company(realm_id).delay()
            if not self._is_turn(realm_id):
                return LOOK_EVERY_SECONDS
            pause = self._everyone.delay()
            if pause <= 0:
                self._next_turn(realm_id)
            return pause

    def unused(self, realm_id: str) -> None:
        """The call that ``delay`` allowed is not made after all: another may probe."""
        with self._lock:
            self._company(realm_id).unused()
            if realm_id in self._silent:
                self._everyone.unused()

    def succeeded(self, realm_id: str) -> None:
        """QuickBooks answered this company, whatever it said."""
        with self._lock:
            company = self._company(realm_id)
            is_back = company.open
            company.succeeded()
            self._failing_since.pop(realm_id, None)
            self._answered_at = self._monotonic()
            self._everyone.succeeded()
            self._silent.clear()
            if is_back:
                for other in self._companies.values():
                    other.unused()

    def failed(self, realm_id: str) -> None:
        """QuickBooks did not answer this company."""
        with self._lock:
            company = self._company(realm_id)
            company.failed()
            self._failing_since.setdefault(realm_id, self._monotonic())
            if not company.open:
                return
            self._silent.setdefault(realm_id, None)
            if len(self._silent) > 1:
                self._everyone.failed()

    def _company(self, realm_id: str) -> Breaker:
        return self._companies.setdefault(realm_id, Breaker(monotonic=self._monotonic))

    def _is_turn(self, realm_id: str) -> bool:
        first = next(iter(self._silent))
        return realm_id == first or self._monotonic() > self._everyone.probe_due + TURN_SECONDS

    def _next_turn(self, realm_id: str) -> None:
        """Who probes now is last in the row; so is the first one that let its turn pass."""
        first = next(iter(self._silent))
        self._silent.move_to_end(first)
        self._silent.move_to_end(realm_id)
