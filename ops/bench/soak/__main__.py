"""``python -m ops.bench.soak --seconds N --seed S``: load and random faults, then the verdict as one JSON line."""

import argparse
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import orjson
import pika.exceptions

from events import names
from events.broker.topology import WORKFLOWS
from events.outgoing import Outgoing
from ops.bench.soak.draw import draw_events
from ops.bench.soak.event import Event
from ops.bench.soak.faults import Faults
from ops.bench.soak.plan import PlannedFault, draw_plan
from ops.bench.soak.stage import Stage, open_stage
from ops.bench.soak.verdict import Verdict, ended, judge, under_way
from ops.cli.commanding import give
from ops.node import newer
from ops.node.management import ManagementRefused

CHUNK = 50
LOAD_SHARE = 0.9
"""The load is spread over so much of the time, so that the last faults strike a load too."""

QUIET_SECONDS = 240.0
"""After the last fault nothing may stand still so long before all has ended: longer than two delays of two minutes."""

LOOK_EVERY_SECONDS = 2.0


def main() -> int:
    """Run one soak; 0 when nothing is lost, doubled, stuck or out of order."""
    parser = argparse.ArgumentParser(prog="python -m ops.bench.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--companies", type=int, default=20)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--generation", choices=("", newer.GENERATION), default="", help="RabbitMQ 4")
    parser.add_argument("--keep", action="store_true", help="keep the folder with log and ledger")
    wish = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # then everything is ended as after Ctrl-C
    plan = draw_plan(wish.seed, wish.seconds)
    print(f"seed {wish.seed}: {len(plan)} faults in {wish.seconds:g} s", *plan, sep="\n", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="counterfoil-soak-"))
    try:
        with open_stage(
            folder,
            database=wish.database,
            server=newer.find() if wish.generation else None,
            companies=wish.companies,
            workers=wish.workers,
        ) as stage:
            events = draw_events(wish.seed, wish.events, list(stage.realms))
            faults = Faults(stage)
            _soak(stage, events, plan, faults, wish.seconds)
            left = _come_to_rest(stage, {event.event_id for event in events})
            verdict = judge(stage, events, left)
        _print(verdict, sum(faults.struck.values()))
    finally:
        if wish.keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if verdict.good else 1


def _soak(
    stage: Stage, events: Sequence[Event], plan: Sequence[PlannedFault], faults: Faults, seconds: float
) -> None:
    began = time.monotonic()
    load = threading.Thread(target=_publish, args=(stage, events, began, seconds * LOAD_SHARE), daemon=True)
    load.start()
    for fault in plan:
        time.sleep(max(0.0, began + fault.at_seconds - time.monotonic()))
        faults.strike(fault)
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    faults.end()
    load.join()
    for workflow in WORKFLOWS:
        give(stage.settings, workflow, {"command": "retry_all"})


def _publish(stage: Stage, events: Sequence[Event], began: float, seconds: float) -> None:
    """Spread over the time; what is not confirmed is published again, as a store's webhook would be."""
    for first in range(0, len(events), CHUNK):
        time.sleep(max(0.0, began + seconds * first / len(events) - time.monotonic()))
        messages = [
            Outgoing(names.EVENTS, event.type, event.body, message_id=event.event_id)
            for event in events[first : first + CHUNK]
        ]
        while messages:
            outcomes = stage.publisher.publish_all(messages, timeout_seconds=30.0)
            messages = [message for message, bad in zip(messages, outcomes, strict=True) if bad is not None]
            if messages:
                time.sleep(0.2)


def _come_to_rest(stage: Stage, event_ids: set[str]) -> dict[str, int]:
    """Wait until every event has ended and nothing is under way; what is left when patience is over.

    A slow machine may have a backlog: patience is counted from the last event that ended.
    """
    deadline = time.monotonic() + QUIET_SECONDS
    left: dict[str, int] = {"broker away": 1}
    ended_so_far = 0
    while time.monotonic() < deadline:
        try:
            left = under_way(stage)
        except (pika.exceptions.AMQPError, ManagementRefused, OSError):
            left = {"broker away": 1}
        done, failed = ended(stage)
        if not left and event_ids <= done | failed:
            return {}
        if len(done | failed) > ended_so_far:
            ended_so_far = len(done | failed)
            deadline = time.monotonic() + QUIET_SECONDS
        time.sleep(LOOK_EVERY_SECONDS)
    return left


def _print(verdict: Verdict, faults: int) -> None:
    print(*verdict.problems[:50], sep="\n")
    fields = ("events", "booked", "unresolved", "lost", "doubled", "stuck", "out_of_order")
    print(orjson.dumps({name: getattr(verdict, name) for name in fields} | {"faults": faults}).decode())


if __name__ == "__main__":
    sys.exit(main())
