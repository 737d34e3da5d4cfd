"""Medians, spreads and verdicts, and the tables that show them."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of several repetitions."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one; nan without any."""
        return statistics.median(self.values) if self.values else float("nan")

    def text(self, digits: int = 0) -> str:
        """``1,234 (1,200-1,300)``."""
        if not self.values:
            return "-"
        low, high = min(self.values), max(self.values)
        shown = f"{self.median:,.{digits}f}"
        return shown if len(self.values) == 1 else f"{shown} ({low:,.{digits}f}-{high:,.{digits}f})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One measure beside its targets. ``must`` and ``good`` are None where there is none."""

    number: str
    measure: str
    value: float
    must: float | None
    good: float | None
    more_is_better: bool = True
    digits: int = 2

    @property
    def word(self) -> str:
        """``good``, ``must`` (met, but not good) or ``missed``."""
        if self.good is not None and self._reaches(self.good):
            return "good"
        if self.must is None or self._reaches(self.must):
            return "good" if self.good is None else "must"
        return "**missed**"

    def _reaches(self, target: float) -> bool:
        return self.value >= target if self.more_is_better else self.value <= target

    def row(self) -> tuple[str, ...]:
        """For the table."""
        sign = "≥" if self.more_is_better else "≤"
        targets = [f"{sign} {one:g}" if one is not None else "" for one in (self.must, self.good)]
        return (self.number, self.measure, f"{self.value:,.{self.digits}f}", *targets, self.word)


VERDICT_HEAD = ("#", "Measure", "Here", "Must", "Good", "Reached")


def verdict_table(verdicts: Iterable[Verdict]) -> str:
    """All measures beside their targets."""
    return markdown(VERDICT_HEAD, [verdict.row() for verdict in verdicts])


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose columns line up, so that it reads well on a terminal too."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    return "\n".join([line(lines[0]), line(["-" * width for width in widths]), *map(line, lines[1:])])


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all do not exceed; nan without any."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
