"""How a network hands deliveries over: by the clock, but a few twice, and a few after what came later."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random

from ops.demo.shops.delivery import Delivery

TWICE = 5
LATE = 4
AT_ONCE = timedelta(seconds=5)
"""Deliveries of one order within this time tell the same change."""


def arrived(sent: Iterable[Delivery], random: Random) -> list[Delivery]:
    """All deliveries in the order in which they reach us."""
    ordered = sorted(sent, key=lambda one: one.at)
    ordered = _with_late_ones(ordered, random)
    return _with_duplicates(ordered, random)


def _with_late_ones(ordered: list[Delivery], random: Random) -> list[Delivery]:
    """The first news of a few orders comes after their last."""
    by_order: dict[str, list[Delivery]] = {}
    for one in ordered:
        if one.about:
            by_order.setdefault(one.about, []).append(one)
    with_a_later_step = [number for number, told in by_order.items() if told[-1].at - told[0].at > AT_ONCE]
    for number in random.sample(sorted(with_a_later_step), LATE):
        told = by_order[number]
        first = [one for one in told if one.at - told[0].at <= AT_ONCE]
        rest = [one for one in ordered if one not in first]
        behind = max(rest.index(one) for one in told if one not in first) + 1
        late = [replace(one, kind=f"{one.kind}, out of order") for one in first]
        ordered = [*rest[:behind], *late, *rest[behind:]]
    return ordered


def _with_duplicates(ordered: list[Delivery], random: Random) -> list[Delivery]:
    """A few come again a moment later, byte for byte."""
    twice = random.sample([index for index, one in enumerate(ordered) if one.about], TWICE)
    for index in sorted(twice, reverse=True):
        again = replace(ordered[index], kind="duplicate", books_nothing=True)
        ordered.insert(min(index + 3, len(ordered)), again)
    return ordered
