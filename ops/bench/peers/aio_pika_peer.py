"""Plain aio-pika: one task for each message, as many under way as there are slots."""

import asyncio
import signal

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from ops.bench.peers.fill import main
from ops.bench.peers.job import BROKER, QUEUE, QUORUM, SLOTS, process_async, run_async


async def consume() -> None:
    connection = await aio_pika.connect_robust(BROKER)
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=SLOTS)
    queue = await channel.declare_queue(QUEUE, durable=True, arguments=QUORUM)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def handle(message: AbstractIncomingMessage) -> None:
        async with message.process(requeue=True):
            await process_async(message.body)

    await queue.consume(handle)
    await stop.wait()
    await connection.close()


if __name__ == "__main__":
    main(lambda: run_async(consume()))
