"""The sandbox's clock: real time, shifted or stopped by whoever tests against it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any


def real_time() -> datetime:
    """The time of this machine, aware, in UTC."""
    return datetime.now(UTC)


class SandboxClock:
    """A clock that can be moved forward and stopped; call it for the time.

    Tokens, limits, request ids and the companies all read this one, so a test passes an hour or a
    month without waiting for it.
    """

    def __init__(self, source: Callable[[], datetime] = real_time) -> None:
        self._source = source
        self._shift = timedelta()
        self._stopped_at: datetime | None = None

    def __call__(self) -> datetime:
        if self._stopped_at is not None:
            return self._stopped_at
        if not self._shift:
            return self._source()
        return self._source() + self._shift

    def seconds(self) -> float:
        """Seconds since 1970."""
        return self().timestamp()

    def advance(self, seconds: float) -> None:
        """Move forward by so many seconds (backward when negative)."""
        step = timedelta(seconds=seconds)
        if self._stopped_at is not None:
            self._stopped_at += step
        else:
            self._shift += step

    def stop(self, at: datetime | None = None) -> None:
        """Stand still, now or at the given aware time."""
        self._stopped_at = at if at is not None else self()

    def resume(self) -> None:
        """Run on from where the clock stands."""
        if self._stopped_at is not None:
            self._shift = self._stopped_at - self._source()
            self._stopped_at = None

    def reset(self) -> None:
        """Back to real time."""
        self._shift = timedelta()
        self._stopped_at = None

    @property
    def shift_seconds(self) -> float:
        """How far ahead of real time the clock is, in seconds."""
        if self._stopped_at is not None:
            return (self._stopped_at - self._source()).total_seconds()
        return self._shift.total_seconds()

    @contextmanager
    def back_at(self, moment: datetime) -> Iterator[None]:
        """Show this moment inside the block: the journal is carried out again at the times of then."""
        before = self._stopped_at
        self._stopped_at = moment
        try:
            yield
        finally:
            self._stopped_at = before

    def dump(self) -> dict[str, Any]:
        """How the clock was set, for storage."""
        stopped = self._stopped_at.isoformat() if self._stopped_at is not None else None
        return {"shift_seconds": self._shift.total_seconds(), "stopped_at": stopped}

    def load(self, kept: dict[str, Any]) -> None:
        """Set the clock as it was."""
        self._shift = timedelta(seconds=kept["shift_seconds"])
        stopped = kept["stopped_at"]
        self._stopped_at = datetime.fromisoformat(stopped) if stopped is not None else None
