"""Waiting until the workers are done, with what they did so far."""

import time
from collections import Counter
from collections.abc import Callable

import urllib3
from prometheus_client.parser import text_string_to_metric_families

UNDER_WAY = frozenset({"delayed_retry", "held"})
"""Settlements after which an event comes again."""

POLL_SECONDS = 0.2


class TooSlow(RuntimeError):
    """The events were not done within the time; the text says how far they came."""


def settlements(metrics_url: str) -> Counter[str]:
    """How the worker's deliveries were settled so far, by word."""
    answer = urllib3.request("GET", metrics_url, timeout=5.0, retries=False)
    counted: Counter[str] = Counter()
    for family in text_string_to_metric_families(answer.data.decode()):
        for sample in family.samples:
            if sample.name == "counterfoil_deliveries_total":
                counted[sample.labels["settlement"]] += int(sample.value)
    return counted


def done(counted: Counter[str]) -> int:
    """Deliveries that will not come again."""
    return sum(times for word, times in counted.items() if word not in UNDER_WAY)


def wait_done(
    metrics_url: str, events: int, *, timeout_seconds: float, progress: Callable[[int], None]
) -> Counter[str]:
    """Wait until so many deliveries are done.

    Raises:
        TooSlow: they are not within the time.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        counted = settlements(metrics_url)
        progress(done(counted))
        if done(counted) >= events:
            return counted
        if time.monotonic() > deadline:
            raise TooSlow(
                f"{done(counted)} of {events} events are done after {timeout_seconds:g} s: {dict(counted)}."
            )
        time.sleep(POLL_SECONDS)
