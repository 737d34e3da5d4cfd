"""What Intuit throttles, per company and app. Source: its page "Limits and throttles"."""

from collections import deque
from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class LimitSwitches(BaseModel):
    """The limits of one company; ``scale`` multiplies all of them.

    What a 429 looks like today is not documented: JSON is the default, XML was recorded in 2016-17,
    once with status 403, and nobody has recorded a Retry-After.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    on: bool = True
    scale: float = Field(1.0, gt=0)
    requests_per_second: int = 10
    requests_per_minute: int = 500
    batches_per_minute: int = 40
    batches_per_minute_all_apps: int = 120
    emails_per_day: int = 40
    refused_calls_count: bool = False
    throttle_format: Literal["json", "xml"] = "json"
    throttle_status: Literal[429, 403] = 429
    retry_after_seconds: int | None = None


class _Window:
    """The calls of the last ``span_seconds``."""

    __slots__ = ("_calls", "_span_seconds")

    def __init__(self, span_seconds: float) -> None:
        self._calls: deque[float] = deque()
        self._span_seconds = span_seconds

    def count(self, now: float) -> int:
        calls, start = self._calls, now - self._span_seconds
        while calls and calls[0] <= start:
            calls.popleft()
        return len(calls)

    def add(self, now: float) -> None:
        self._calls.append(now)


class CallLimits:
    """Sliding windows of one company; every app has its own, batches share one more."""

    def __init__(self, switches: LimitSwitches, seconds: Callable[[], float]) -> None:
        self.switches = switches
        self._seconds = seconds
        self._windows: dict[tuple[str, str], _Window] = {}

    def admit(self, app: str, *, is_batch: bool, is_email: bool = False) -> str | None:
        """Count one call; the name of the limit that it breaks, or None when it may pass."""
        switches = self.switches
        if not switches.on:
            return None
        now = self._seconds()
        checks = [
            ("requests_per_second", app, 1.0, switches.requests_per_second),
            ("requests_per_minute", app, 60.0, switches.requests_per_minute),
        ]
        if is_batch:
            checks += [
                ("batches_per_minute", app, 60.0, switches.batches_per_minute),
                ("batches_per_minute_all_apps", "", 60.0, switches.batches_per_minute_all_apps),
            ]
        if is_email:
            checks.append(("emails_per_day", "", 86_400.0, switches.emails_per_day))
        windows = []
        broken: str | None = None
        for name, owner, span_seconds, limit in checks:
            window = self._windows.get((name, owner))
            if window is None:
                window = self._windows[name, owner] = _Window(span_seconds)
            windows.append(window)
            if broken is None and window.count(now) >= limit * switches.scale:
                broken = name
        if broken is None or switches.refused_calls_count:
            for window in windows:
                window.add(now)
        return broken

    def clear(self) -> None:
        """Forget every call so far."""
        self._windows.clear()
