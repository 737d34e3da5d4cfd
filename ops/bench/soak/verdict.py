"""Comparing what was published with queues, ledger, failed messages and QuickBooks."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pika
from sqlalchemy import func, select

from events import names
from ops.bench.soak.orders import Event
from ops.bench.soak.stage import Stage
from workers.ledger.engine import reading
from workers.ledger.tables import claims, entries, failed_messages, intents

MARK = re.compile(r"counterfoil:[^:]+:(?:order|reversal):(\d+)[/\d]*")


@dataclass(slots=True)
class Verdict:
    """How the events ended; ``problems`` says for a person what is wrong."""

    events: int
    booked: int = 0
    unresolved: int = 0
    lost: int = 0
    doubled: int = 0
    stuck: int = 0
    out_of_order: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing is lost, doubled, stuck or out of order."""
        return not (self.lost or self.doubled or self.stuck or self.out_of_order)


def under_way(stage: Stage) -> dict[str, int]:
    """What is not over yet: messages by queue, intents, claims. Empty when all is quiet.

    Raises:
        pika.exceptions.AMQPError, OSError, ManagementRefused: the broker is away.
    """
    queues = ["orders", names.held("orders"), names.backlog("orders"), names.dead("orders")]
    queues += [names.delayed("orders", seconds) for seconds in names.DELAYS_SECONDS]
    connection = pika.BlockingConnection(pika.URLParameters(stage.settings.broker_url))
    try:
        channel = connection.channel()
        depths = {queue: channel.queue_declare(queue, passive=True).method.message_count for queue in queues}
    finally:
        connection.close()
    with reading(stage.engine) as database:
        depths["intents"] = database.execute(select(func.count()).select_from(intents)).scalar_one()
        depths["claims"] = database.execute(select(func.count()).select_from(claims)).scalar_one()
        retried = select(func.count()).where(failed_messages.c.status == "retry_issued")
        depths["retry_issued"] = database.execute(retried).scalar_one()
    depths |= _unacked(stage)
    return {name: depth for name, depth in depths.items() if depth}


def _unacked(stage: Stage) -> dict[str, int]:
    """What workers hold; the management API lags by some seconds."""
    found = stage.node.management.request("GET", "queues/soak")
    queues = found if isinstance(found, list) else []
    return {f"{queue['name']} unacked": queue.get("messages_unacknowledged", 0) for queue in queues}


def ended(stage: Stage) -> tuple[set[str], set[str]]:
    """Events that have an entry, and those that are unresolved failed messages."""
    with reading(stage.engine) as database:
        done = set(database.scalars(select(entries.c.event_id)))
        failed = set(
            database.scalars(
                select(failed_messages.c.event_id).where(failed_messages.c.status == "unresolved")
            )
        )
    return done, failed - done


def judge(stage: Stage, published: Sequence[Event], left: dict[str, int]) -> Verdict:
    """The verdict at the end. ``left``: what was still under way when patience was over."""
    events = {event.event_id: event for event in published}
    done, failed = ended(stage)
    missing = set(events) - done - failed
    verdict = Verdict(len(events), booked=len(done), unresolved=len(failed))
    verdict.stuck = max(len(missing), 1) if left else 0
    verdict.lost = 0 if left else len(missing)
    verdict.problems += [f"still under way: {name} {depth}" for name, depth in left.items()]
    verdict.problems += [f"no end: {event_id}" for event_id in sorted(missing)]
    for connection_id, realm_id in stage.realms.items():
        booked = _booked(stage, realm_id)
        mine = [event for event in events.values() if event.connection_id == connection_id]
        _compare(verdict, connection_id, booked, mine, done)
    return verdict


def _booked(stage: Stage, realm_id: str) -> list[tuple[str, int, Decimal]]:
    """Mark, order and amount of every document of ours; a reversal's amount is negative.

    An edited sale is reversed and booked anew, so one order has several documents, each with a mark of its own.
    """
    booked = []
    for entity, sign in (("SalesReceipt", 1), ("RefundReceipt", -1)):
        for document in stage.sandbox.dump(realm_id, entity):
            mark = MARK.search(document.get("PrivateNote", ""))
            if mark is not None:
                booked.append((mark[0], int(mark[1]), sign * Decimal(str(document["TotalAmt"]))))
    return booked


def _compare(
    verdict: Verdict,
    connection_id: str,
    booked: Sequence[tuple[str, int, Decimal]],
    events: Sequence[Event],
    done: set[str],
) -> None:
    for mark, copies in Counter(mark for mark, _, _ in booked).items():
        if copies > 1:
            verdict.doubled += copies - 1
            verdict.problems.append(f"{mark} is booked {copies} times")
    totals: defaultdict[int, Decimal] = defaultdict(Decimal)
    for _, number, amount in booked:
        totals[number] += amount
    newest: dict[int, Event] = {}
    for event in sorted(events, key=lambda event: event.version):
        if event.event_id in done:
            newest[event.number] = event
    for number, event in newest.items():
        if number not in totals:
            verdict.lost += 1
            verdict.problems.append(f"{connection_id}: order {number} is not booked")
        elif totals[number] != event.total:
            verdict.out_of_order += 1
            problem = f"{connection_id}: order {number} is booked with {totals[number]}, not {event.total}"
            verdict.problems.append(problem)
