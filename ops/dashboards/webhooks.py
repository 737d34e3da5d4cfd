"""Webhooks: what the stores send, how fast they get their answer, and who has gone silent."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from ops.dashboards.board import Section, board
from ops.dashboards.expressions import RATE, per_second, quantile
from ops.dashboards.panels import AMBER, RED, Query, Step, lines, stat_of

WEBHOOKS = "counterfoil_webhooks_total"
REFUSED = "bad_signature|unknown_connection|closed_connection|too_large|incomplete"
DAY = 86400.0
SILENCE = (
    "time() - max by (connection) (max_over_time(counterfoil_last_webhook_timestamp_seconds[3d]))"
    " and on (connection) counterfoil_connection_up == 1"
)


def webhooks() -> Dashboard:
    """The stores' side."""
    return board(
        "webhooks",
        "Webhooks",
        "What the stores send, and the answers they get.",
        [_now(), _traffic()],
    )


def _now() -> Section:
    return Section(
        "Now",
        [
            stat_of(
                "Webhooks a second",
                f"sum(rate({WEBHOOKS}{RATE}))",
                "All stores together.",
                unit="reqps",
                width=6,
            ),
            stat_of(
                "Events in the spool",
                "sum(counterfoil_spooled_webhooks)",
                "Kept on the disk while RabbitMQ is away; they are published when it is back.",
                width=6,
                steps=[Step(1, AMBER), Step(50_000, RED)],
            ),
            stat_of(
                "Refused in the last hour",
                f'sum(increase({WEBHOOKS}{{result=~"{REFUSED}"}}[1h])) or vector(0)',
                "Wrong signature, unknown or closed connection, too large, cut off.",
                width=6,
                steps=[Step(1, AMBER)],
            ),
            stat_of(
                "Longest silence of a store",
                f"max({SILENCE})",
                "Since the last signed webhook of an active connection.",
                unit="s",
                width=6,
                steps=[Step(DAY, RED)],
            ),
        ],
    )


def _traffic() -> Section:
    return Section(
        "Traffic",
        [
            lines(
                "Webhooks a second, by result",
                [Query(per_second(WEBHOOKS, by="result"), "{{result}}")],
                "What became of them.",
                unit="reqps",
                stacked=("normal",),
            ),
            lines(
                "Webhooks a second, by platform",
                [Query(per_second(WEBHOOKS, by="platform"), "{{platform}}")],
                "`unknown` is a connection that we do not have.",
                unit="reqps",
                stacked=("normal",),
            ),
            lines(
                "Time to the answer",
                [
                    Query(quantile(0.5, "counterfoil_webhook_seconds"), "half of them"),
                    Query(quantile(0.95, "counterfoil_webhook_seconds"), "95 %"),
                    Query(quantile(0.99, "counterfoil_webhook_seconds"), "99 %"),
                ],
                "RabbitMQ's confirm included. Shopify waits 5 s.",
                unit="s",
            ),
            lines(
                "Silence, by connection",
                [Query(SILENCE, "{{connection}}")],
                "Seconds since the last signed webhook.",
                unit="s",
            ),
            lines(
                "Spool",
                [Query("sum by (instance) (counterfoil_spooled_webhooks)", "{{instance}}")],
                "Events on the disk of each webhook process.",
                width=24,
            ),
        ],
    )
