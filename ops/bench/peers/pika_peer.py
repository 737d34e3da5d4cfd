"""Plain pika: its blocking connection, a pool of threads, acks handed back to the connection's thread."""

import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pika

from ops.bench.peers.fill import main
from ops.bench.peers.job import BROKER, QUEUE, QUORUM, SLOTS, process


def worker() -> None:
    connection = pika.BlockingConnection(pika.URLParameters(BROKER))
    channel = connection.channel()
    channel.queue_declare(QUEUE, durable=True, arguments=QUORUM)
    channel.basic_qos(prefetch_count=SLOTS * 2)
    threads = ThreadPoolExecutor(SLOTS)

    def run(tag: int, body: bytes) -> None:
        try:
            process(body)
            done = partial(channel.basic_ack, tag)
        except Exception as error:
            print(f"not done: {error!r}", flush=True)
            done = partial(channel.basic_nack, tag, requeue=True)
        connection.add_callback_threadsafe(done)

    channel.basic_consume(
        QUEUE, lambda _channel, method, _properties, body: threads.submit(run, method.delivery_tag, body)
    )
    signal.signal(signal.SIGTERM, lambda *_: connection.add_callback_threadsafe(channel.stop_consuming))
    channel.start_consuming()
    threads.shutdown()
    connection.process_data_events(0)
    connection.close()


if __name__ == "__main__":
    main(worker)
