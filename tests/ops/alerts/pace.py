"""The real rules with time running faster: what takes hours in a night watch takes seconds in a test."""

import re
from typing import Any

import yaml

UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
SHORTEST_RANGE_MS = 8_000
"""A range must see several scrapes, and RabbitMQ counts its queues every five seconds."""


def paced(rules: str, *, factor: float) -> str:
    """Divide every ``for``, every range in square brackets and every ``* 3600`` or ``* 86400`` by ``factor``."""
    document: dict[str, Any] = yaml.safe_load(rules)
    for group in document["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule["for"] = f"{_milliseconds(rule['for'], factor)}ms"
            rule["expr"] = _faster(rule["expr"], factor)
    return yaml.safe_dump(document, sort_keys=False, width=1000)


def _faster(expression: str, factor: float) -> str:
    def scaled_range(found: re.Match[str]) -> str:
        return f"[{max(SHORTEST_RANGE_MS, _milliseconds(found[1], factor)) // 1000}s]"

    ranged = re.sub(r"\[(\d+[smhd])\]", scaled_range, expression)
    return re.sub(r"\* (3600|86400)\b", lambda found: f"* {int(found[1]) / factor}", ranged)


def _milliseconds(duration: str, factor: float) -> int:
    return round(int(duration[:-1]) * UNITS_MS[duration[-1]] / factor)
