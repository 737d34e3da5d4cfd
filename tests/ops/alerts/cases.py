"""Each alert as a story for ``promtool test rules``: series minute by minute, when it is quiet, when it fires."""

from dataclasses import dataclass, field
from typing import Any

QUEUE = 'rabbitmq_detailed_queue_{}{{queue="{}", vhost="/"}}'


@dataclass(frozen=True)
class Case:
    """``series``: one value a minute (promtool's notation). ``fires``: the minute, and labels of each firing alert."""

    name: str
    alert: str
    series: dict[str, str]
    quiet: tuple[int, ...]
    fires_at: int
    firing: dict[str, str] = field(default_factory=dict)
    says: str = ""


def _messages(queue: str) -> str:
    return QUEUE.format("messages", queue)


def _consumers(queue: str) -> str:
    return QUEUE.format("consumers", queue)


CASES = (
    Case(
        "a-failure-waits-over-four-hours",
        "OldestFailure",
        {
            'counterfoil_oldest_failure_seconds{workflow="orders"}': "14340+60x20 0x5",
            'counterfoil_oldest_failure_seconds{workflow="contacts"}': "10000x25",
        },
        quiet=(5, 22),
        fires_at=8,
        firing={"workflow": "orders"},
        says="A failed message of orders has been waiting for a person for 4h 7m 0s.",
    ),
    Case(
        "an-error-queue-grows-and-one-is-only-full",
        "ErrorQueueGrows",
        {
            _messages("orders.errors"): "0x10 0+3x10 30x30",
            _messages("contacts.errors"): "500x50",
        },
        quiet=(10, 45),
        fires_at=20,
        firing={"queue": "orders.errors"},
        says="orders.errors has grown by 27 messages in a quarter of an hour: one cause goes on and on.",
    ),
    Case(
        "a-typo-in-a-routing-key",
        "Unrouted",
        {_messages("unrouted"): "0x5 3x10 0x5"},
        quiet=(4, 18),
        fires_at=10,
        firing={"queue": "unrouted"},
        says="3 messages lie in the queue unrouted: no workflow takes their routing key.",
    ),
    Case(
        "a-command-that-is-none",
        "CommandsRejected",
        {_messages("commands.rejected"): "0x5 1x10 0x5"},
        quiet=(4, 18),
        fires_at=10,
        firing={"queue": "commands.rejected"},
        says="1 commands could not be understood and lie in commands.rejected.",
    ),
    Case(
        "a-connection-is-paused-seen-by-two-desks",
        "ConnectionDown",
        {
            'counterfoil_connection_up{connection="acme-woo", instance="desk-1"}': "1x5 0x15 1x5",
            'counterfoil_connection_up{connection="acme-woo", instance="desk-2"}': "1x5 0x15 1x5",
            'counterfoil_connection_up{connection="maple", instance="desk-1"}': "1x25",
        },
        quiet=(9, 23),
        fires_at=12,
        firing={"connection": "acme-woo"},
        says="Connection acme-woo is paused; its events are held and nothing of it is booked.",
    ),
    Case(
        "a-consent-with-ten-days-left",
        "ConsentEnds",
        {
            'counterfoil_consent_ends_timestamp_seconds{connection="acme-woo"}': "864000x30 8640000x10",
            'counterfoil_consent_ends_timestamp_seconds{connection="maple"}': "8640000x40",
        },
        quiet=(10, 35),
        fires_at=20,
        firing={"connection": "acme-woo"},
        says="QuickBooks stops letting connection acme-woo in after 9d 23h 40m 0s, unless somebody connects it again.",
    ),
    Case(
        "a-silent-store-heard-by-a-process-that-ended",
        "StoreSilent",
        {
            # heard once, at the time 0; then the process that had heard it is gone
            'counterfoil_last_webhook_timestamp_seconds{connection="acme-woo", instance="a"}': "0x60 _x1500",
            'counterfoil_last_webhook_timestamp_seconds{connection="acme-woo", instance="b"}': "_x1490 89400x60",
            'counterfoil_last_webhook_timestamp_seconds{connection="paused", instance="a"}': "0x1560",
            'counterfoil_connection_up{connection="acme-woo"}': "1x1560",
            'counterfoil_connection_up{connection="paused"}': "0x1560",
        },
        quiet=(60, 1440, 1500),
        fires_at=1470,
        firing={"connection": "acme-woo"},
        says="The store of connection acme-woo has sent no webhook for 1d 0h 30m 0s.",
    ),
    Case(
        "quickbooks-answers-nothing",
        "QuickBooksDown",
        {
            'counterfoil_quickbooks_requests_total{operation="batch", result="ok"}': "0+30x10 300x20 300+30x10",
            'counterfoil_quickbooks_requests_total{operation="batch", result="quickbooks_unavailable"}': (
                "0x10 0+12x20 240x10"
            ),
        },
        quiet=(10, 18, 40),
        fires_at=25,
        says="QuickBooks answers no call; events wait, and no attempt is used up.",
    ),
    Case(
        "a-company-at-its-limit",
        "BudgetSpent",
        {
            'counterfoil_quickbooks_budget_remaining{realm="11", instance="worker-1"}': "40x5 0x40 40x20",
            'counterfoil_quickbooks_budget_remaining{realm="12", instance="worker-1"}': "3x65",
        },
        quiet=(20, 60),
        fires_at=40,
        firing={"realm": "11"},
        says="Company 11 has used up its request budget minute after minute; its events are booked late.",
    ),
    Case(
        "many-reads",
        "ReadQuota",
        {"counterfoil_quickbooks_month_reads": "399000+500x20 0x5"},
        quiet=(2, 24),
        fires_at=15,
        says="406.5k metered reads were made this month; Intuit's free tier ends at 500,000.",
    ),
    Case(
        "one-of-two-nodes-and-then-none",
        "BrokerDown",
        {
            'up{job="rabbitmq", instance="rabbit-1"}': "1x5 0x15 1x5",
            'up{job="rabbitmq", instance="rabbit-2"}': "1x10 0x10 1x5",
        },
        quiet=(8, 22),
        fires_at=15,
        says="No RabbitMQ node tells its metrics; webhooks go to the spool while RabbitMQ is away.",
    ),
    Case(
        "a-full-disk",
        "BrokerAlarm",
        {
            'rabbitmq_alarms_memory_used_watermark{instance="rabbit-1"}': "0x25",
            'rabbitmq_alarms_free_disk_space_watermark{instance="rabbit-1"}': "0x5 1x15 0x5",
        },
        quiet=(5, 22),
        fires_at=10,
        firing={"instance": "rabbit-1"},
        says="RabbitMQ node rabbit-1 is out of memory or disk and takes no messages.",
    ),
    Case(
        "no-desk",
        "DeskNotConsuming",
        {_consumers("orders.commands"): "1x5 0x15 1x5", _consumers("contacts.commands"): "1x25"},
        quiet=(6, 22),
        fires_at=10,
        firing={"queue": "orders.commands"},
        says="orders.commands has no consumer: commands of operators wait until a desk runs.",
    ),
    Case(
        "no-worker",
        "WorkersMissing",
        {_consumers("inventory"): "2x5 0x15 2x5", _consumers("inventory.errors"): "0x25"},
        quiet=(6, 22),
        fires_at=10,
        firing={"queue": "inventory"},
        says="inventory has no consumer: events wait until a worker runs.",
    ),
    Case(
        "a-process-that-hangs",
        "ProcessDown",
        {
            'up{job="counterfoil-worker", instance="worker-1:9464"}': "1x5 0x15 1x5",
            'up{job="something-else", instance="x"}': "0x25",
        },
        quiet=(6, 22),
        fires_at=10,
        firing={"job": "counterfoil-worker", "instance": "worker-1:9464"},
        says="worker-1:9464 (counterfoil-worker) does not tell its metrics: it does not run, or hangs.",
    ),
    Case(
        "a-spool-that-does-not-empty",
        "SpoolFills",
        {'counterfoil_spooled_webhooks{instance="webhooks-1:9464"}': "0x5 20+20x20 0x5"},
        quiet=(10, 28),
        fires_at=20,
        firing={"instance": "webhooks-1:9464"},
        says="300 events wait in the spool of webhooks-1:9464: it cannot reach RabbitMQ.",
    ),
)


def as_promtool(case: Case, severity: str, runbook: str) -> dict[str, Any]:
    """The case as one test of a promtool file."""
    alert = f"Counterfoil{case.alert}"
    fired = {
        "eval_time": f"{case.fires_at}m",
        "alertname": alert,
        "exp_alerts": [
            {
                "exp_labels": {"severity": severity, **case.firing},
                "exp_annotations": {"summary": case.says, "runbook": runbook},
            }
        ],
    }
    return {
        "name": case.name,
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in case.series.items()],
        "alert_rule_test": [
            *({"eval_time": f"{minute}m", "alertname": alert} for minute in case.quiet),
            fired,
        ],
    }
