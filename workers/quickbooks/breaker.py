"""After some failures in a row one probe at a time goes out, the rest waits. No I/O.

    failures in a row            success
closed ────────────────▶ open ────────────▶ closed
                          │ ▲
                 one probe ▼ │ it fails: the next one a little later
                        probing
"""

import threading
from collections.abc import Callable

FAILURES = 5
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
"""Between two probes: the end of an outage is seen within seconds, and a company's limits are far away."""

PROBE_SECONDS = 15.0
"""A probe that has not reported by then is followed by another: it may be slow, or its worker gone."""


class Breaker:
    """Of one company, or of all (``breakers.py``). Ask ``delay`` before each call, report its end, or ``unused``."""

    def __init__(self, *, monotonic: Callable[[], float], failures: int = FAILURES) -> None:
        self._monotonic = monotonic
        self._limit = failures
        self._failures = 0
        self._pause = FIRST_PAUSE_SECONDS
        self._next_probe = 0.0
        self._lock = threading.Lock()

    @property
    def open(self) -> bool:
        """True while only probes go out."""
        with self._lock:
            return self._failures >= self._limit

    @property
    def probe_due(self) -> float:
        """When the next probe may go out; of no meaning while closed."""
        with self._lock:
            return self._next_probe

    def delay(self) -> float:
        """0.0 when a call may go out, else seconds to wait. While open, a caller that gets 0.0 is the probe."""
        with self._lock:
            if self._failures < self._limit:
                return 0.0
            now = self._monotonic()
            if now < self._next_probe:
                return min(self._next_probe - now, self._pause)
            self._next_probe = now + PROBE_SECONDS
            return 0.0

    def unused(self) -> None:
        """The call that ``delay`` allowed is not made after all (its company must wait): another may probe."""
        with self._lock:
            self._next_probe = min(self._next_probe, self._monotonic())

    def succeeded(self) -> None:
        """QuickBooks answered, whatever it said."""
        with self._lock:
            self._failures = 0
            self._pause = FIRST_PAUSE_SECONDS

    def failed(self) -> None:
        """QuickBooks did not answer."""
        with self._lock:
            self._failures += 1
            if self._failures < self._limit:
                return
            if self._failures > self._limit:
                self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
            self._next_probe = self._monotonic() + self._pause
