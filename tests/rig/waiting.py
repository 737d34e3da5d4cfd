"""Waiting for a condition: the only place where a test sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_EVERY_SECONDS = 0.02


def wait_for(condition: Callable[[], T], *, timeout_seconds: float = 15.0, what: str = "") -> T:
    """Call ``condition`` until its value is true and give that value.

    An ``AssertionError`` or ``OSError`` inside the condition counts as "not yet".

    Raises:
        AssertionError: still not true after ``timeout_seconds``; says what was waited for and the last value.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        last: object
        try:
            value = condition()
        except (AssertionError, OSError) as error:
            last = error
        else:
            if value:
                return value
            last = value
        if time.monotonic() > deadline:
            name = what or getattr(condition, "__name__", "the condition")
            raise AssertionError(f"not within {timeout_seconds:g} s: {name}; last seen: {last!r}")
        time.sleep(LOOK_EVERY_SECONDS)
