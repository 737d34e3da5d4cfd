"""RabbitMQ, from its own metrics: nothing here is counted by us."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from ops.dashboards.board import Section, board
from ops.dashboards.expressions import COMMAND_QUEUES, ERROR_QUEUES, RATE, WORK_QUEUES, queue
from ops.dashboards.panels import GREEN, RED, Query, Step, lines, stat_of, states

ALL = ".+"
NODE = "{{instance}}"


def broker() -> Dashboard:
    """Queues, consumers and nodes."""
    return board(
        "broker",
        "Broker",
        "Queues, consumers and nodes, as RabbitMQ's own Prometheus plugin tells them.",
        [_now(), _queues(), _nodes()],
    )


def _now() -> Section:
    return Section(
        "Now",
        [
            stat_of(
                "Messages that nobody expected",
                f"sum({queue('unrouted')})",
                "Queue `unrouted`: a routing key that no workflow takes.",
                steps=[Step(1, RED)],
            ),
            stat_of(
                "Commands not understood",
                f"sum({queue('commands[.]rejected')})",
                "Queue `commands.rejected`: the reason is in a header.",
                steps=[Step(1, RED)],
            ),
            stat_of(
                "Given up by RabbitMQ",
                f"sum({queue(f'({WORK_QUEUES})[.]dead')})",
                "Queues `….dead`: the desk makes failed messages of them in a moment.",
                steps=[Step(1, RED)],
            ),
            stat_of(
                "Workers",
                f"sum({queue(WORK_QUEUES, of='consumers')})",
                "Consumers of the work queues.",
            ),
            stat_of(
                "Workflows with a desk",
                f"count({queue(COMMAND_QUEUES, of='consumers')} > 0) or vector(0)",
                "Of three. Without a desk commands wait.",
            ),
            stat_of(
                "Nodes in alarm",
                "sum(rabbitmq_alarms_memory_used_watermark + rabbitmq_alarms_free_disk_space_watermark)",
                "A node without memory or disk takes no messages: webhooks go to the spool.",
                steps=[Step(1, RED)],
            ),
        ],
    )


def _queues() -> Section:
    return Section(
        "Queues",
        [
            lines(
                "Ready",
                [Query(queue(ALL, of="messages_ready"), "{{queue}}")],
                "Messages that nobody has in hand.",
                stacked=("normal",),
            ),
            lines(
                "In hand",
                [Query(queue(ALL, of="messages_unacked"), "{{queue}}")],
                "Delivered and not settled yet.",
                stacked=("normal",),
            ),
            lines(
                "Error queues",
                [Query(queue(ERROR_QUEUES), "{{queue}}")],
                "As many as there are unresolved failed messages; the desk takes settled copies out in a moment.",
            ),
            lines(
                "Consumers",
                [Query(queue(f"{WORK_QUEUES}|{COMMAND_QUEUES}", of="consumers"), "{{queue}}")],
                "A work queue without one has no worker, a command queue no desk.",
            ),
        ],
    )


def _nodes() -> Section:
    return Section(
        "Nodes",
        [
            lines(
                "Messages a second",
                [
                    Query(f"sum(rate(rabbitmq_global_messages_received_total{RATE}))", "published"),
                    Query(f"sum(rate(rabbitmq_global_messages_delivered_total{RATE}))", "delivered"),
                    Query(f"sum(rate(rabbitmq_global_messages_acknowledged_total{RATE}))", "acknowledged"),
                    Query(f"sum(rate(rabbitmq_global_messages_redelivered_total{RATE}))", "delivered again"),
                ],
                "Of the whole broker.",
                unit="ops",
            ),
            lines(
                "Dead-lettered by the delivery limit",
                [
                    Query(
                        f"sum(rate(rabbitmq_global_messages_dead_lettered_delivery_limit_total{RATE}))",
                        "messages a second",
                    )
                ],
                "Messages that killed their worker again and again.",
                unit="ops",
            ),
            lines(
                "Memory",
                [
                    Query("rabbitmq_process_resident_memory_bytes", f"{NODE} used"),
                    Query("rabbitmq_resident_memory_limit_bytes", f"{NODE} limit"),
                ],
                "At its limit a node takes no more messages.",
                unit="bytes",
            ),
            lines(
                "Free disk",
                [
                    Query("rabbitmq_disk_space_available_bytes", f"{NODE} free"),
                    Query("rabbitmq_disk_space_available_limit_bytes", f"{NODE} limit"),
                ],
                "Below its limit a node takes no more messages.",
                unit="bytes",
            ),
            lines(
                "Connections to the broker",
                [Query("rabbitmq_connections", NODE)],
                "A saw-tooth is a process that reconnects again and again.",
            ),
            states(
                "Nodes",
                Query('up{job=~"rabbitmq.*"}', "{{instance}} {{job}}"),
                "Whether a node's metrics can be read.",
                steps=[Step(1, GREEN)],
                words={"1": "up", "0": "down"},
            ),
        ],
    )
