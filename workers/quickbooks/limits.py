"""QuickBooks' limits as permits that come back. Pure.

A company has, for instance, 40 batch permits. Each may be used again 61.2 s after its last use, so no 60 seconds,
wherever they begin, see more than 40 batches, and the first 40 may go out at once. 10 request permits that come back
after 1.224 s keep both 10 a second and 500 a minute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

MARGIN = 1.02
"""What we leave of each limit. In a minute it is 1.2 s for clocks that differ and for calls that travel slowly."""

_NEVER = datetime.min.replace(tzinfo=UTC)
MOST_PERMITS = 40
"""Rows a company has in the ledger for one limit; larger limits use each permit several times in a window."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What Intuit allows one app in one company. Source: Intuit, "Limits and throttles"."""

    requests_per_second: int = 10
    requests_per_minute: int = 500
    batches_per_minute: int = 40

    def scaled(self, factor: float) -> "Limits":
        """The same limits for a sandbox that allows ``factor`` times as much."""
        return Limits(
            requests_per_second=max(1, int(self.requests_per_second * factor)),
            requests_per_minute=max(1, int(self.requests_per_minute * factor)),
            batches_per_minute=max(1, int(self.batches_per_minute * factor)),
        )


@dataclass(frozen=True, slots=True)
class Ring:
    """Permits of one kind; ``back_after`` is how long after its use a permit is good again."""

    kind: str
    permits: int
    back_after: timedelta

    def names(self) -> list[str]:
        """The permits' names in the ledger."""
        return _names(self.kind, self.permits)


@cache
def _names(kind: str, permits: int) -> list[str]:
    return [f"{kind}-{number:02}" for number in range(permits)]


def request_ring(limits: Limits) -> Ring:
    """Permits for every call, batch or not."""
    return _ring("request", (limits.requests_per_second, 1.0), (limits.requests_per_minute, 60.0))


def batch_ring(limits: Limits) -> Ring:
    """Permits for batches."""
    return _ring("batch", (limits.batches_per_minute, 60.0))


def _ring(kind: str, *limits: tuple[int, float]) -> Ring:
    """The ring that comes nearest to all limits, each so many calls in so many seconds, with the most permits."""

    def back_after(permits: int) -> float:
        # used ``limit // permits`` times in a window, so many permits together stay within the limit
        return max(seconds / (limit // permits) for limit, seconds in limits)

    most = min(MOST_PERMITS, *(limit for limit, _ in limits))
    permits = max(range(1, most + 1), key=lambda count: (round(count / back_after(count), 6), count))
    return Ring(kind, permits, timedelta(seconds=back_after(permits) * MARGIN))


@dataclass(frozen=True, slots=True)
class Supply:
    """The permits that can be given now, the longest unused first; ``wait`` is until there are as many as wanted."""

    free: Sequence[str]
    wait: timedelta


def supply(
    ring: Ring,
    used_at: Mapping[str, datetime],
    *,
    now: datetime,
    wanted: int = 1,
    withheld_percent: float = 0.0,
) -> Supply:
    """Look at the permits' last uses; ``withheld_percent`` of the permits are never given."""
    used_since = now - ring.back_after
    names = ring.names()
    last = [(used_at.get(name, _NEVER), name) for name in names]
    busy = sorted(at + ring.back_after for at, _ in last if at > used_since)
    allowed = max(1, int(ring.permits * (1 - withheld_percent / 100)))
    free = [name for at, name in sorted(last) if at <= used_since]
    grantable = max(0, allowed - len(busy))
    missing = min(wanted, allowed) - grantable
    wait = busy[len(busy) - allowed + min(wanted, allowed) - 1] - now if missing > 0 else timedelta(0)
    return Supply(free[:grantable], wait)
