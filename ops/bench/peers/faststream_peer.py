"""FastStream: a typed subscriber, the event validated by the framework."""

import logging

from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitQueue

from ops.bench.peers.fill import main
from ops.bench.peers.job import BROKER, QUEUE, SLOTS, Event, process_async, run_async


def worker() -> None:
    broker = RabbitBroker(BROKER, default_channel=Channel(prefetch_count=SLOTS), log_level=logging.WARNING)
    queue = RabbitQueue(QUEUE, durable=True, queue_type=QueueType.QUORUM)

    @broker.subscriber(queue, ack_policy=AckPolicy.NACK_ON_ERROR)
    async def handle(event: Event) -> None:
        await process_async(event)

    run_async(FastStream(broker).run())


if __name__ == "__main__":
    main(worker)
