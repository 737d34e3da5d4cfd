"""One dashboard for each workflow."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from ops.dashboards.board import Section, board
from ops.dashboards.expressions import per_second, quantile, queue, unresolved
from ops.dashboards.panels import AMBER, RED, Query, Step, lines, rows, stat_of
from schemas.envelope import Workflow

HOUR = 3600.0


def workflow_board(workflow: Workflow) -> Dashboard:
    """Queues, settlements, times and failures of one workflow."""
    return board(
        workflow,
        workflow.capitalize(),
        f"The workflow {workflow}: what waits, how deliveries end, what failed.",
        [_now(workflow), _work(workflow), _failures(workflow)],
    )


def _now(workflow: Workflow) -> Section:
    return Section(
        "Now",
        [
            stat_of(
                "Failed messages",
                unresolved(where=f'workflow="{workflow}"'),
                "They wait for Retry or Ignore.",
                steps=[Step(1, RED)],
            ),
            stat_of(
                "Oldest failure",
                f'max(counterfoil_oldest_failure_seconds{{workflow="{workflow}"}})',
                "How long the oldest failed message has been waiting.",
                unit="s",
                steps=[Step(HOUR, AMBER), Step(4 * HOUR, RED)],
            ),
            stat_of(
                "In the work queue",
                f"sum({queue(workflow)})",
                "Ready, or in the hands of a worker.",
            ),
            stat_of(
                "Set aside for later",
                f"sum({queue(f'{workflow}[.](backlog|delayed[.].+)')})",
                "Surplus of a company with a backlog, and delayed retries.",
            ),
            stat_of(
                "Held",
                f"sum({queue(f'{workflow}[.]held')})",
                "Events of paused connections; they go back when the connection is active again.",
                steps=[Step(1, AMBER)],
            ),
            stat_of(
                "Workers",
                f"sum({queue(workflow, of='consumers')})",
                "Consumers of the work queue.",
            ),
        ],
    )


def _work(workflow: Workflow) -> Section:
    mine = f'workflow="{workflow}"'
    return Section(
        "Work",
        [
            lines(
                "Deliveries settled a second",
                [
                    Query(
                        per_second("counterfoil_deliveries_total", by="settlement", where=mine),
                        "{{settlement}}",
                    )
                ],
                "By how they ended.",
                unit="ops",
                stacked=("normal",),
            ),
            lines(
                "Queues",
                [Query(queue(f"{workflow}([.].+)?"), "{{queue}}")],
                "Messages in each queue of the workflow, as RabbitMQ counts them.",
            ),
            lines(
                "From taking a delivery to settling it",
                [
                    Query(quantile(0.5, "counterfoil_delivery_seconds", where=mine), "half of them"),
                    Query(quantile(0.95, "counterfoil_delivery_seconds", where=mine), "95 %"),
                    Query(quantile(0.99, "counterfoil_delivery_seconds", where=mine), "99 %"),
                ],
                "Waiting for its turn inside the worker included.",
                unit="s",
            ),
            lines(
                "From the store's change to the booking",
                [
                    Query(quantile(0.5, "counterfoil_event_age_seconds", where=mine), "half of them"),
                    Query(quantile(0.95, "counterfoil_event_age_seconds", where=mine), "95 %"),
                ],
                "Age of an event when it was booked.",
                unit="s",
            ),
        ],
    )


def _failures(workflow: Workflow) -> Section:
    mine = f'workflow="{workflow}"'
    return Section(
        "Failures",
        [
            rows(
                "What failed, and why",
                unresolved(by="connection, reason", where=mine),
                "The reason is the name of its page under ops/runbooks.",
                columns=("connection", "reason"),
                value="Messages",
            ),
            lines(
                "Failed messages by reason",
                [Query(unresolved(by="reason", where=mine), "{{reason}}")],
                "A line that rises has a cause that goes on.",
                stacked=("normal",),
            ),
            lines(
                "Failed messages by status",
                [
                    Query(
                        f"sum by (status) (max by (connection, reason, status) "
                        f"(counterfoil_failed_messages{{{mine}}}))",
                        "{{status}}",
                    )
                ],
                "All that the ledger knows of, settled ones too.",
                width=24,
            ),
        ],
    )
