"""The first dashboard: the banner, the blocks (connection and workflow), and whether everything flows."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from ops.dashboards.board import Section, board
from ops.dashboards.expressions import WAITING_QUEUES, per_second, quantile, queue, unresolved
from ops.dashboards.panels import AMBER, GREEN, RED, Query, Step, lines, rows, stat_of, states

HOUR = 3600.0


def overview() -> Dashboard:
    """What somebody looks at first."""
    return board(
        "overview",
        "Overview",
        "Is all well, and if not, where.",
        [_banner(), _blocks(), _flow()],
    )


def _banner() -> Section:
    return Section(
        "Now",
        [
            stat_of(
                "Failed messages that need you",
                unresolved(),
                "They wait in the error queues for Retry or Ignore: `counterfoil status` says why and what to do.",
                steps=[Step(1, RED)],
                words={"0": "✓ all is well"},
            ),
            stat_of(
                "Connections that are down",
                "sum(1 - max by (connection) (counterfoil_connection_up)) or vector(0)",
                "Paused or closed: their events are held, nothing is lost. `counterfoil connections list` says why.",
                steps=[Step(1, RED)],
            ),
            stat_of(
                "Oldest failure",
                "max(counterfoil_oldest_failure_seconds) or vector(0)",
                "How long the oldest failed message has been waiting for a person.",
                unit="s",
                steps=[Step(HOUR, AMBER), Step(4 * HOUR, RED)],
            ),
            stat_of(
                "Events waiting",
                f"sum({queue(WAITING_QUEUES)}) or vector(0)",
                "In the work, backlog and delay queues: not booked yet, and nobody has to do anything about it.",
            ),
            stat_of(
                "Booked in the last hour",
                'sum(increase(counterfoil_deliveries_total{settlement="booked"}[1h])) or vector(0)',
                "Events that became documents in QuickBooks.",
            ),
            stat_of(
                "Alerts",
                'count(ALERTS{alertname=~"Counterfoil.*", alertstate="firing"}) or vector(0)',
                "Alerts of Counterfoil that fire now; each names its page under ops/runbooks/alerts.",
                steps=[Step(1, RED)],
            ),
        ],
    )


def _blocks() -> Section:
    return Section(
        "Blocks: connection and workflow",
        [
            rows(
                "What failed, and why",
                unresolved(by="connection, workflow, reason"),
                "The reason is the name of its page under ops/runbooks.",
                columns=("connection", "workflow", "reason"),
                value="Messages",
            ),
            states(
                "Connections",
                Query("max by (connection) (counterfoil_connection_up)", "{{connection}}"),
                "Active, or paused and why is in `counterfoil connections list`.",
                steps=[Step(1, GREEN)],
                words={"1": "active", "0": "down"},
            ),
            lines(
                "Failed messages by workflow",
                [Query(unresolved(by="workflow"), "{{workflow}}")],
                "A line that rises has a cause that goes on: fix the cause first, then Retry all.",
                stacked=("normal",),
            ),
            lines(
                "Alerts over time",
                [
                    Query(
                        'sum by (alertname) (ALERTS{alertname=~"Counterfoil.*", alertstate="firing"})',
                        "{{alertname}}",
                    )
                ],
                "When each alert fired.",
                stacked=("normal",),
            ),
        ],
    )


def _flow() -> Section:
    return Section(
        "From the store to the books",
        [
            lines(
                "Webhooks a second",
                [Query(per_second("counterfoil_webhooks_total", by="result"), "{{result}}")],
                "By what became of them. `published` and `spooled` are stored; the others made no event.",
                unit="reqps",
                stacked=("normal",),
            ),
            lines(
                "Deliveries settled a second",
                [Query(per_second("counterfoil_deliveries_total", by="settlement"), "{{settlement}}")],
                "By how they ended: `booked` is in QuickBooks, `dead_letter` is in an error queue.",
                unit="ops",
                stacked=("normal",),
            ),
            lines(
                "From the store's change to the booking",
                [
                    Query(quantile(0.5, "counterfoil_event_age_seconds"), "half of them"),
                    Query(quantile(0.95, "counterfoil_event_age_seconds"), "95 %"),
                ],
                "Age of an event when it was booked, retries and waiting included.",
                unit="s",
            ),
            lines(
                "Calls to QuickBooks a second",
                [Query(per_second("counterfoil_quickbooks_requests_total", by="result"), "{{result}}")],
                "By result: `ok`, or the reason of the error.",
                unit="reqps",
                stacked=("normal",),
            ),
            lines(
                "Commands of operators in the last hour",
                [
                    Query(
                        "sum by (command, result) (increase(counterfoil_commands_total[1h])) > 0",
                        "{{command}}, {{result}}",
                    )
                ],
                "Retry, ignore and the others, accepted or refused; each has its answer in `commands.log`.",
                width=12,
            ),
            lines(
                "Payloads emptied by age in the last day",
                [Query("sum(increase(counterfoil_payloads_emptied_total[1d]))", "messages")],
                "Of resolved and ignored messages, after `COUNTERFOIL_PAYLOAD_DAYS`.",
                width=12,
            ),
        ],
    )
