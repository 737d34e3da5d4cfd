"""Comparing what was published with queues, ledger, failed messages and QuickBooks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pika
from sqlalchemy import func, select

from events import names
from events.broker.topology import WORKFLOWS
from ops.bench.soak import compare
from ops.bench.soak.event import Event
from ops.bench.soak.stage import Stage
from schemas.envelope import Workflow
from workers.ledger.engine import reading
from workers.ledger.tables import claims, entries, failed_messages, intents


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
    connection = pika.BlockingConnection(pika.URLParameters(stage.settings.broker_url))
    try:
        channel = connection.channel()
        depths = {
            queue: channel.queue_declare(queue, passive=True).method.message_count
            for workflow in WORKFLOWS
            for queue in _queues(workflow)
        }
    finally:
        connection.close()
    with reading(stage.engine) as database:
        depths["intents"] = database.execute(select(func.count()).select_from(intents)).scalar_one()
        depths["claims"] = database.execute(select(func.count()).select_from(claims)).scalar_one()
        retried = select(func.count()).where(failed_messages.c.status == "retry_issued")
        depths["retry_issued"] = database.execute(retried).scalar_one()
    depths |= _unacked(stage)
    return {name: depth for name, depth in depths.items() if depth}


def _queues(workflow: Workflow) -> list[str]:
    delays = [names.delayed(workflow, seconds) for seconds in names.DELAYS_SECONDS]
    return [workflow, names.held(workflow), names.backlog(workflow), names.dead(workflow), *delays]


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
    verdict = Verdict(len(events), booked=len(done & set(events)), unresolved=len(failed))
    verdict.stuck = max(len(missing), 1) if left else 0
    verdict.lost = 0 if left else len(missing)
    verdict.problems += [f"still under way: {name} {depth}" for name, depth in left.items()]
    verdict.problems += [f"no end: {event_id}" for event_id in sorted(missing)]
    for connection_id in stage.realms:
        mine = [events[one] for one in done if one in events and events[one].connection_id == connection_id]
        for workflow in WORKFLOWS:
            _compare(
                verdict,
                connection_id,
                _booked(stage, connection_id, workflow),
                (event for event in mine if event.workflow == workflow),
            )
    return verdict


def _booked(stage: Stage, connection_id: str, workflow: Workflow) -> compare.Booked:
    sandbox, realm_id = stage.sandbox, stage.realms[connection_id]
    match workflow:
        case "orders":
            return compare.sales(
                sandbox.dump(realm_id, "SalesReceipt"), sandbox.dump(realm_id, "RefundReceipt")
            )
        case "contacts":
            return compare.contacts(sandbox.dump(realm_id, "Customer"))
        case "inventory":
            return compare.stock(
                sandbox.dump(realm_id, "Item"), sandbox.dump(realm_id, "InventoryAdjustment")
            )


def _compare(verdict: Verdict, connection_id: str, booked: compare.Booked, done: Iterable[Event]) -> None:
    for copies, sentence in booked.doubled():
        verdict.doubled += copies
        verdict.problems.append(f"{connection_id}: {sentence}")
    for thing, event in compare.newest(done).items():
        if thing not in booked.values:
            verdict.lost += 1
            verdict.problems.append(f"{connection_id}: {event.type} {thing} is not booked")
        elif booked.values[thing] != event.value:
            verdict.out_of_order += 1
            said = f"{booked.values[thing]}, not {event.value}"
            verdict.problems.append(f"{connection_id}: {event.type} {thing} is booked with {said}")
