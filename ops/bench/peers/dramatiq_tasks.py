"""What Dramatiq loads: the broker (quorum queues, confirms) and the actor."""

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from ops.bench.peers.job import BROKER, QUEUE, QUORUM, process


class QuorumBroker(RabbitmqBroker):
    """Dramatiq declares classic queues; the others here use quorum queues."""

    def _build_queue_arguments(self, queue_name: str) -> dict:
        return {**super()._build_queue_arguments(queue_name), **QUORUM}


dramatiq.set_broker(QuorumBroker(url=BROKER, confirm_delivery=True))


@dramatiq.actor(queue_name=QUEUE, max_retries=3)
def sync(event: dict) -> None:
    """The job."""
    process(event)
