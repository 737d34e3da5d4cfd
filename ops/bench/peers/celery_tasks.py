"""What Celery loads: the app (late acks, quorum queue, confirms, nothing that it does not need) and the task."""

from celery import Celery
from kombu import Exchange, Queue

from ops.bench.peers.job import BROKER, QUEUE, QUORUM, process

app = Celery("peer", broker=BROKER)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=2,
    task_default_queue=QUEUE,
    task_queues=[
        Queue(
            QUEUE, Exchange(QUEUE, type="direct", durable=True), QUEUE, durable=True, queue_arguments=QUORUM
        )
    ],
    task_default_queue_type="quorum",
    worker_detect_quorum_queues=True,
    broker_transport_options={"confirm_publish": True},
    worker_disable_rate_limits=True,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    task_serializer="json",
    accept_content=["json"],
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
)


@app.task(name="sync", max_retries=3)
def sync(event: dict) -> None:
    """The job."""
    process(event)
