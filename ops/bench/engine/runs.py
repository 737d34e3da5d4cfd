"""What every run measures, and what it must have lost or doubled: nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ops.bench.engine.place import BenchFailed, Counted, Place, wait_until
from ops.bench.engine.processes import Running

WARM_UP = 0.1
"""The share of a backlog after which measuring begins: a process has started and its pools are full."""


@dataclass(slots=True)
class Run:
    """One run: events a second, processor time for each event, and what else was measured."""

    name: str
    events: int
    rate: float = 0.0
    cpu_ms: float = 0.0
    memory_mb: float = 0.0
    calls: int = 0
    reads: int = 0
    latencies_ms: Sequence[float] = ()
    lost: int = 0
    doubled: int = 0
    notes: dict[str, float] = field(default_factory=dict)

    @property
    def is_intact(self) -> bool:
        """P13: nothing lost, nothing booked twice."""
        return self.lost == 0 and self.doubled == 0


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time and the stub's numbers over the measured part of a run."""

    cpu_seconds: float
    operations: int
    memory_mb: float

    @property
    def cpu_ms(self) -> float:
        """Processor time for each event."""
        return self.cpu_seconds / max(1, self.operations) * 1000


def watch_backlog(place: Place, workers: Sequence[Running], events: int, seconds: float) -> Usage:
    """Follow a backlog to its end by the stub's counters.

    Raises:
        BenchFailed: a worker ended, or the time was over.
    """

    def reached(count: float) -> Callable[[], bool]:
        def check() -> bool:
            if not all(one.is_alive for one in workers):
                raise BenchFailed(f"a worker ended; see {workers[0].log}")
            return place.stub.counted().operations >= count

        return check

    wait_until(reached(events * WARM_UP), what=f"the first of {events} events", seconds=seconds)
    cpu, before = _cpu(workers), place.stub.counted()
    wait_until(reached(events), what=f"all of {events} events", seconds=seconds)
    after = place.stub.counted()
    memory = sum(one.memory_mb() for one in workers)
    return Usage(_cpu(workers) - cpu, after.operations - before.operations, memory)


def rate_of(moments: Sequence[float]) -> float:
    """Events a second after the warm-up, by when each was recorded."""
    ordered = sorted(moments)
    first = int(len(ordered) * WARM_UP)
    spent = ordered[-1] - ordered[first]
    return (len(ordered) - first - 1) / spent if spent > 0 else 0.0


def check_books(run: Run, place: Place, expected: dict[str, set[str]], before: Counted) -> Run:
    """P13: compare what the stub booked with what was sent."""
    booked = place.stub.booked()
    for realm_id, numbers in expected.items():
        found = booked.get(realm_id, {})
        run.lost += len(numbers - set(found))
        run.doubled += sum(count - 1 for count in found.values()) + len(set(found) - numbers)
    after = place.stub.counted()
    run.calls, run.reads = after.calls - before.calls, after.reads - before.reads
    return run


def _cpu(workers: Sequence[Running]) -> float:
    return sum(one.cpu_seconds() for one in workers)
