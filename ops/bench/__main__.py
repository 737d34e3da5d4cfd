"""``make bench``: how fast Counterfoil is on this machine, beside peers in the same run.

    python -m ops.bench [--quick | --full] [--only P1,P3] [--write]

Prints a table of the measures P1 to P13 beside their targets. ``--write`` keeps it in ops/bench/RESULTS.md. Speed is
shown, never asserted: the exit code is 1 only when something was lost or booked twice (P13).
"""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ops.bench.engine import peers
from ops.bench.engine.measures import FULL, MEASURES, QUICK, USUAL, Report, Size
from ops.bench.engine.place import FOLDER, ROOT, BenchFailed, load_average, place
from ops.bench.tables import Verdict, verdict_table

RESULTS = Path(__file__).parent / "RESULTS.md"
NOTES = "## What stands in the way"
"""The section of RESULTS.md that people write; it stays when the file is written anew."""

OTHERS = {"P8": "webhooks", "P9": "desk", "P10": "desk"}
"""Measures that have a program of their own; ``sandbox`` says how fast the sandbox itself is."""

OTHER_TARGETS = {
    "p8 ours / without publishing": ("P8", "webhooks/s ÷ without publishing", 0.2, 0.33, True),
    "p8 ours / starlette + aio-pika": ("P8", "webhooks/s ÷ Starlette + aio-pika", 1.4, 2.0, True),
    "P9_rate_to_bare": ("P9", "Retry all, rate ÷ a bare loop", 0.6, 0.8, True),
    "P10_one_of_all_to_one_of_ten": ("P10", "Retry of one among all ÷ among ten", 1.5, 1.1, False),
    "P10_sweep_to_bare": ("P10", "sweep ÷ one bare pass, time", 1.3, 1.1, False),
    "desk_peak_mb": ("P10", "memory of the desk, MB", 200, None, False),
}
"""What those programs print as JSON in a line of its own, and its targets."""

SHOWN_VERSIONS = ("kombu", "pika", "SQLAlchemy", "psycopg", "pydantic", "urllib3", "orjson")
PEER_VERSIONS = (
    "dramatiq",
    "celery",
    "faststream",
    "aio-pika",
    "pika",
    "kombu",
    "aiohttp",
    "urllib3",
    "SQLAlchemy",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 0, or 1 when P13 is broken."""
    wish = _parser().parse_args(arguments)
    size = QUICK if wish.quick else FULL if wish.full else USUAL
    if wish.repetitions:
        size = replace(size, repetitions=wish.repetitions)
    wanted = set(wish.only.upper().split(",")) if wish.only else set()
    report = Report()
    load_before = load_average()
    _engine(wanted, size, report)
    if report.runs:
        doubled = f"runs of {report.runs} with something lost or booked twice"
        report.verdicts.append(Verdict("P13", doubled, len(report.broken), 0, None, False, 0))
    others = _others(wanted, wish)
    report.verdicts += [verdict for _, printed in others for verdict in _verdicts(printed)]
    report.verdicts.sort(key=lambda verdict: int(verdict.number[1:]))
    text = _text(report, size, others, load_before)
    print(text)
    if wish.write:
        RESULTS.write_text(text)
    for problem in report.broken:
        print(f"P13 is broken: {problem}", file=sys.stderr)
    return 1 if report.broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.bench", description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="small numbers, one repetition: a few minutes")
    parser.add_argument("--full", action="store_true", help="more repetitions, three minutes at the limits")
    parser.add_argument("--repetitions", type=int, help="how often each case runs (3; quick 1, full 5)")
    parser.add_argument("--only", default="", help="measures by number, for example P1,P3")
    parser.add_argument("--write", action="store_true", help="keep the tables in ops/bench/RESULTS.md")
    return parser


def _engine(wanted: set[str], size: Size, report: Report) -> None:
    chosen = [(name, run) for name, (run, numbers) in MEASURES.items() if not wanted or wanted & set(numbers)]
    if not chosen:
        return
    peers.install()
    with place() as where:
        for name, run in chosen:
            print(f"{name}:", flush=True)
            try:
                run(where, size, report)
            except BenchFailed as failure:  # the other measures are worth having all the same
                report.tables.append((f"{name} ({', '.join(MEASURES[name][1])}): not measured", str(failure)))


def _others(wanted: set[str], wish: argparse.Namespace) -> list[tuple[str, str]]:
    """The benches that are programs of their own: what each of them printed."""
    names = {OTHERS[number] for number in OTHERS if not wanted or number in wanted}
    if not wanted:
        names.add("sandbox")
    _lend_packages()
    words = {
        "webhooks": ["--rounds", "1", "--seconds", "2"] if wish.quick else [],
        "desk": ["--failures", "2000"] if wish.quick else ["--full"] if wish.full else [],
    }
    found = []
    for name in sorted(names):
        print(f"{name}:", flush=True)
        command = [sys.executable, "-m", f"ops.bench.{name}", *words.get(name, [])]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        found.append((name, done.stdout if done.returncode == 0 else f"failed: {done.stderr[-500:]}"))
    return found


def _verdicts(printed: str) -> list[Verdict]:
    """The figures that stand in a line of JSON."""
    figures: dict[str, float] = {}
    for line in printed.splitlines():
        if line.startswith("{"):
            figures |= json.loads(line)
    return [
        Verdict(number, measure, figures[name], must, good, more)
        for name, (number, measure, must, good, more) in OTHER_TARGETS.items()
        if name in figures
    ]


def _lend_packages() -> None:
    """The webhook bench looks for its peer's packages in a folder of its own."""
    lent = FOLDER / "packages"
    site = peers.ENVIRONMENT / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    if not lent.exists() and site.is_dir():
        lent.parent.mkdir(parents=True, exist_ok=True)
        lent.symlink_to(site)


def _text(report: Report, size: Size, others: list[tuple[str, str]], load_before: float) -> str:
    parts = ["# Bench", _where(size, load_before), "## Targets", verdict_table(report.verdicts)]
    parts += _notes()
    if report.tables:
        parts.append("The tables give medians, with the lowest and highest of the repetitions.")
    for heading, table in report.tables:
        parts += [f"## {heading}", table]
    for name, printed in others:
        parts += [f"## {name}", f"`python -m ops.bench.{name}`", f"```\n{printed.strip()}\n```"]
    return "\n\n".join(parts) + "\n"


def _notes() -> list[str]:
    """What people wrote into the results that are there."""
    written = RESULTS.read_text() if RESULTS.exists() else ""
    if NOTES not in written:
        return []
    section = written.partition(NOTES)[2].partition("\n## ")[0]
    return [NOTES + section.rstrip()]


def _where(size: Size, load_before: float) -> str:
    ours = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in SHOWN_VERSIONS)
    theirs = peers.versions() if peers.PYTHON.exists() else {}
    listed = ", ".join(f"{name} {theirs[name]}" for name in PEER_VERSIONS if name in theirs)
    lines = [
        f"Taken by `python -m ops.bench` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
        f"Machine: {os.cpu_count()} cores, {_processor()}, {platform.system()} {platform.release()}; "
        f"load average {load_before:.1f} before the run (0 would be a machine to itself).",
        f"Python {platform.python_version()}; ours: {ours}.",
        f"Peers, in an environment of their own: {listed}.",
        f"{size.repetitions} interleaved repetitions; backlogs of {size.peer_events:,} (peers) and "
        f"{size.product_events:,} events of 2 KB; each worker one process, with logs and metrics on.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
