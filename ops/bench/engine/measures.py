"""The measures by number: what is run for each, and what comes out beside its targets."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ops.bench.engine import peers
from ops.bench.engine.backlog import run_backlog
from ops.bench.engine.fairness import run_quiet
from ops.bench.engine.limits import run_limits
from ops.bench.engine.paced import run_paced
from ops.bench.engine.place import Place
from ops.bench.engine.runs import Run
from ops.bench.tables import Figure, Verdict, markdown, percentile

PRODUCT = "Counterfoil"
PACED_LATENCY_MS = 100
PACED_SLOTS = 20
PACED_COMPANIES = 10
CEILING_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything a bench runs."""

    repetitions: int
    peer_events: int
    product_events: int
    paced_events: int
    backlog: int
    quiet_orders: int
    old_rows: int
    limit_minutes: int


QUICK = Size(1, 300, 1_500, 300, 1_000, 20, 20_000, 1)
USUAL = Size(3, 1_000, 3_000, 800, 10_000, 60, CEILING_ROWS, 1)
FULL = Size(5, 1_500, 9_000, 3_000, 10_000, 200, CEILING_ROWS, 3)


@dataclass(slots=True)
class Report:
    """What a bench found: verdicts, tables under their headings, and whether P13 holds."""

    verdicts: list[Verdict] = field(default_factory=list)
    tables: list[tuple[str, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    runs: int = 0

    def keep(self, run: Run) -> Run:
        """Count a run and look at its books (P13)."""
        self.runs += 1
        if not run.is_intact:
            self.broken.append(f"{run.name}: {run.lost} lost, {run.doubled} doubled")
        return run


Runs = dict[str, list[Run]]


def interleaved(report: Report, size: Size, cases: dict[str, Callable[[], Run]]) -> Runs:
    """Every case once, then every case again: what the machine does meanwhile hits all alike."""
    runs: Runs = defaultdict(list)
    for repetition in range(size.repetitions):
        for name, case in cases.items():
            run = report.keep(case())
            runs[name].append(run)
            print(f"  {repetition + 1}/{size.repetitions} {name}: {run.rate:,.0f}/s", flush=True)
    return runs


def figure(runs: Sequence[Run], value: Callable[[Run], float]) -> Figure:
    """One number of all repetitions."""
    return Figure(tuple(value(run) for run in runs))


def throughput(place: Place, size: Size, report: Report) -> None:
    """P1, P2, P3, P5."""
    cases: dict[str, Callable[[], Run]] = {
        peer.name: lambda peer=peer: peers.run_peer(place, peer, events=size.peer_events)
        for peer in peers.SINGLE
    }
    prototype = peers.PROTOTYPE
    cases[prototype.name] = lambda: peers.run_peer(place, prototype, events=size.product_events)
    cases[PRODUCT] = lambda: run_backlog(place, PRODUCT, events=size.product_events)
    runs = interleaved(report, size, cases)
    rates = {name: figure(some, lambda run: run.rate) for name, some in runs.items()}
    ours = rates[PRODUCT].median
    best = max(rates[peer.name].median for peer in peers.SINGLE)
    cpu = figure(runs[PRODUCT], lambda run: run.cpu_ms)
    calls = figure(runs[PRODUCT], lambda run: run.calls / run.events)
    reads = figure(runs[PRODUCT], lambda run: run.reads)
    report.verdicts += [
        Verdict("P1", "events/s ÷ best peer", ours / best, 4, 5.5),
        Verdict("P2", "events/s ÷ batched prototype", ours / rates[prototype.name].median, 0.7, 0.9),
        Verdict("P3", "worker CPU for each event, ms", cpu.median, 0.5, 0.3, more_is_better=False),
        Verdict("P5", "QuickBooks calls for each order", calls.median, 0.05, None, False, 3),
        Verdict("P5", "QuickBooks reads", reads.median, 0, None, False, 0),
    ]
    rows = [
        (
            name,
            rates[name].text(),
            f"{rates[name].median / best:.2f}",
            figure(some, lambda run: run.cpu_ms).text(2),
            figure(some, lambda run: run.memory_mb).text(),
        )
        for name, some in sorted(runs.items(), key=lambda item: rates[item[0]].median)
    ]
    head = ("Worker", "events/s", "÷ best peer", "CPU ms/event", "memory MB")
    report.tables.append(("A backlog, QuickBooks answers at once (P1, P2, P3, P5)", markdown(head, rows)))


def limits(place: Place, size: Size, report: Report) -> None:
    """P4."""
    found = run_limits(place, minutes=size.limit_minutes)
    report.runs += 1
    if found.doubled:
        report.broken.append(f"at the limits: {found.doubled} doubled")
    report.verdicts += [
        Verdict("P4", f"operations ÷ 1,200 a minute, over {found.minutes:.1f} min", found.share, 0.9, 0.97),
        Verdict("P4", "answers 429", found.throttled, 0, None, more_is_better=False, digits=0),
    ]


def fairness(place: Place, size: Size, report: Report) -> None:
    """P6."""
    cases = {
        "alone": lambda: run_quiet(place, "alone", backlog=0, orders=size.quiet_orders, rate=4),
        "beside a backlog": lambda: run_quiet(
            place, "beside a backlog", backlog=size.backlog, orders=size.quiet_orders, rate=4
        ),
    }
    runs = interleaved(report, size, cases)
    p99 = {name: figure(some, lambda run: percentile(run.latencies_ms, 0.99)) for name, some in runs.items()}
    ratio = p99["beside a backlog"].median / p99["alone"].median
    report.verdicts.append(
        Verdict("P6", "quiet company's p99 ÷ alone", ratio, 1.5, 1.1, more_is_better=False)
    )
    rows = [
        (
            name,
            figure(some, lambda run: percentile(run.latencies_ms, 0.5)).text(),
            p99[name].text(),
            figure(some, lambda run: run.notes["sorted_seconds"]).text(1),
        )
        for name, some in runs.items()
    ]
    head = ("Quiet company", "p50 ms", "p99 ms", "backlog set aside after s")
    report.tables.append(
        (f"Webhook to booked beside {size.backlog:,} waiting events (P6)", markdown(head, rows))
    )


def pace(place: Place, size: Size, report: Report) -> None:
    """P7 and P11, with the peers that come near."""
    events = size.paced_events
    cases: dict[str, Callable[[], Run]] = {
        peer.name: lambda peer=peer: peers.run_peer(
            place, peer, events=events, rate=100, latency_ms=PACED_LATENCY_MS, slots=PACED_SLOTS
        )
        for peer in peers.SINGLE
        if peer.name in ("aio-pika", "pika", "Dramatiq")
    }
    cases[PRODUCT] = lambda: run_paced(
        place, PRODUCT, events=events, rate=100, latency_ms=PACED_LATENCY_MS, companies=PACED_COMPANIES,
        worker_threads=PACED_SLOTS,
    )  # fmt: skip
    runs = interleaved(report, size, cases)
    over = figure(runs[PRODUCT], lambda run: percentile(run.latencies_ms, 0.5) - PACED_LATENCY_MS)
    p99 = figure(runs[PRODUCT], lambda run: percentile(run.latencies_ms, 0.99))
    memory = figure(runs[PRODUCT], lambda run: run.memory_mb)
    report.verdicts += [
        Verdict("P7", "p50 − latency, ms", over.median, 15, 8, more_is_better=False, digits=1),
        Verdict("P7", "p99, ms", p99.median, 200, 130, more_is_better=False, digits=0),
        Verdict("P11", "memory of a worker, 10 companies, MB", memory.median, 120, 80, False, 0),
    ]
    rows = [
        (
            name,
            figure(some, lambda run: percentile(run.latencies_ms, 0.5)).text(),
            figure(some, lambda run: percentile(run.latencies_ms, 0.99)).text(),
            figure(some, lambda run: run.cpu_ms).text(2),
            figure(some, lambda run: run.memory_mb).text(),
        )
        for name, some in runs.items()
    ]
    head = ("Worker", "p50 ms", "p99 ms", "CPU ms/event", "memory MB")
    report.tables.append(("100 events/s at 100 ms (P7, P11)", markdown(head, rows)))


def growth(place: Place, size: Size, report: Report) -> None:
    """P12."""
    events = size.product_events
    cases: dict[str, Callable[[], Run]] = {
        "1 worker, 1 company": lambda: run_backlog(place, "1 worker", events=events),
        "2 workers": lambda: run_backlog(place, "2 workers", events=events, workers=2),
        "100 companies": lambda: run_backlog(place, "100 companies", events=events, companies=100),
        "1,000 companies": lambda: run_backlog(place, "1,000 companies", events=events, companies=1000),
        "ledger of 10k orders": lambda: run_backlog(place, "10k orders", events=events, ledger_rows=10_000),
        f"ledger of {size.old_rows:,} orders": lambda: run_backlog(
            place, "old ledger", events=events, ledger_rows=size.old_rows
        ),
    }
    runs = interleaved(report, size, cases)
    rates = {name: figure(some, lambda run: run.rate) for name, some in runs.items()}
    first = next(iter(rates.values())).median
    rows = []
    for name, rate in rates.items():
        some = runs[name]
        calls = figure(some, lambda run: run.calls / run.events)
        cpu = figure(some, lambda run: run.cpu_ms)
        rows.append((name, rate.text(), f"{rate.median / first:.2f}", cpu.text(2), calls.text(3)))
        if name != "1 worker, 1 company":
            report.verdicts.append(
                Verdict("P12", f"events/s, {name} ÷ one of each", rate.median / first, 0.85, None)
            )
    head = ("Grown", "events/s", "÷ first", "CPU ms/event", "calls/event")
    report.tables.append(("Growth (P12); the companies take turns in the queue", markdown(head, rows)))


MEASURES: dict[str, tuple[Callable[[Place, Size, Report], None], tuple[str, ...]]] = {
    "throughput": (throughput, ("P1", "P2", "P3", "P5")),
    "pace": (pace, ("P7", "P11")),
    "growth": (growth, ("P12",)),
    "fairness": (fairness, ("P6",)),
    "limits": (limits, ("P4",)),
}
