"""Every exchange, queue and binding of the contract. Declared by ``counterfoil setup`` and by nobody else.

An argument cannot be changed on a queue that exists, so only what will never change is an argument; all else is
left to policies. Every queue has a finite delivery limit: without one RabbitMQ 4 drops a message at its 21st
return, and RabbitMQ 3.10 takes "-1" for none at all. Source: RabbitMQ docs, "Quorum Queues", "Poison message
handling"; both tried on 3.10.8 and 4.0.5.
"""
# mypy: allow-untyped-calls

from collections.abc import Iterator
from typing import get_args

from amqp.exceptions import PreconditionFailed
from kombu.connection import Connection
from kombu.entity import Exchange, Queue

from events import names
from schemas.envelope import Workflow

WORK_DELIVERY_LIMIT = 20
"""RabbitMQ 4's own default: a message that kills its worker so often is set aside in ``<workflow>.dead``."""

COMMAND_DELIVERY_LIMIT = 100
"""A desk that cannot start must not use up the commands that wait; one that kills every desk still ends."""

KEEP_DELIVERY_LIMIT = 1_000_000
"""For queues that people look into: each look is a return, and no number of looks may lose a message."""

COMMANDS_LOG_LENGTH = 10_000

STRAYS = "counterfoil.unrouted"
"""The alternate exchange of ``counterfoil.events``; its one queue is ``unrouted``."""

WORKFLOWS: tuple[Workflow, ...] = get_args(Workflow)

EVENTS = Exchange(names.EVENTS, "topic", durable=True, arguments={"alternate-exchange": STRAYS})
# Without an alternate exchange, so that the Management UI says "not routed" on a typo.
COMMANDS = Exchange(names.COMMANDS, "direct", durable=True)
UNROUTED = Exchange(STRAYS, "fanout", durable=True)
EXCHANGES: tuple[Exchange, ...] = (UNROUTED, EVENTS, COMMANDS)


class TopologyMismatch(Exception):
    """An exchange or queue is there with other properties. Raised by ``declare``."""


def existing(name: str) -> Queue:
    """A queue to consume from, which kombu does not declare by itself."""
    return Queue(name, no_declare=True)


def declare(connection: Connection) -> None:
    """Declare everything; what is there already stays as it is.

    Raises:
        TopologyMismatch: something is there that we would have made otherwise.
        kombu.exceptions.OperationalError: the broker is away.
    """
    connection.ensure_connection(max_retries=max(1, len(connection.alt)), interval_start=0)
    with connection.channel() as channel:
        parts: tuple[Exchange | Queue, ...] = (*EXCHANGES, *QUEUES)
        for part in parts:
            try:
                part(channel).declare()
            except PreconditionFailed as refused:
                raise TopologyMismatch(_sentence(part, refused)) from None


def _sentence(part: Exchange | Queue, refused: PreconditionFailed) -> str:
    kind = "Exchange" if isinstance(part, Exchange) else "Queue"
    broker_says = str(refused.reply_text).removeprefix("PRECONDITION_FAILED - ")
    return (
        f'{kind} "{part.name}" already exists with other properties ({broker_says}). '
        "Empty it and delete it, then run `counterfoil setup` again."
    )


def _queue(name: str, *, limit: int = KEEP_DELIVERY_LIMIT, arguments: dict[str, str | int | bool]) -> Queue:
    fixed = {"x-queue-type": "quorum", "x-delivery-limit": limit}
    return Queue(name, durable=True, queue_arguments={**fixed, **arguments})


def _bound(queue: Queue, exchange: Exchange, routing_key: str) -> Queue:
    queue.exchange, queue.routing_key = exchange, routing_key
    return queue


def _dead_letters_to(queue: str) -> dict[str, str | int | bool]:
    """Nothing is lost on the way: at-least-once needs reject-publish. Source: RabbitMQ docs, "Quorum Queues"."""
    return {
        "x-dead-letter-exchange": "",  # the default exchange: straight to the queue of that name
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def _delayed(workflow: Workflow, seconds: int) -> Queue:
    """Back to the workflow when the time is up.

    RabbitMQ drops a message that expires round in a circle; ours does not, since between two delays a worker
    publishes it anew, without RabbitMQ's ``x-death`` headers.
    """
    back = _dead_letters_to(workflow)
    return _queue(names.delayed(workflow, seconds), arguments={"x-message-ttl": seconds * 1000, **back})


def _of_workflow(workflow: Workflow) -> Iterator[Queue]:
    yield _queue(names.dead(workflow), arguments={})
    work = _queue(workflow, limit=WORK_DELIVERY_LIMIT, arguments=_dead_letters_to(names.dead(workflow)))
    yield _bound(work, EVENTS, f"{workflow}.*")
    yield _queue(
        names.backlog(workflow), limit=WORK_DELIVERY_LIMIT, arguments=_dead_letters_to(names.dead(workflow))
    )
    yield _queue(names.errors(workflow), arguments={})
    yield _queue(names.held(workflow), arguments={})
    for seconds in names.DELAYS_SECONDS:
        yield _delayed(workflow, seconds)
    one_desk = {"x-single-active-consumer": True, **_dead_letters_to(names.COMMANDS_REJECTED)}
    commands = _queue(names.commands(workflow), limit=COMMAND_DELIVERY_LIMIT, arguments=one_desk)
    yield _bound(commands, COMMANDS, workflow)


def _shared() -> Iterator[Queue]:
    yield _bound(_queue(names.UNROUTED, arguments={}), UNROUTED, "")
    yield _queue(names.COMMANDS_REJECTED, arguments={})
    bounded: dict[str, str | int | bool] = {"x-max-length": COMMANDS_LOG_LENGTH, "x-overflow": "drop-head"}
    yield _queue(names.COMMANDS_LOG, arguments=bounded)


QUEUES: tuple[Queue, ...] = (
    *_shared(),
    *(queue for workflow in WORKFLOWS for queue in _of_workflow(workflow)),
)
"""Dead-letter targets stand before the queues that lead to them."""
