"""The metrics are those of the contract, and their labels stay few."""

from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import generate_latest

from ops.metrics import FailedMessages, Metrics

APPROVED = Path(__file__).with_name("metrics.approved.txt")


def _listing() -> str:
    metrics = Metrics()
    lines = []
    for metric in vars(metrics).values():
        if hasattr(metric, "_labelnames"):
            (family,) = metric.describe()
            suffix = "_total" if family.type == "counter" else ""
            labels = ",".join(metric._labelnames)
            lines.append(f"{family.name}{suffix}{{{labels}}} {family.type}: {family.documentation}")
    return "\n".join(sorted(lines)) + "\n"


def _value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_metrics_are_the_approved_ones() -> None:
    """After a wanted change: write ``_listing()`` into the approved file, and say so in the changelog."""
    assert _listing() == APPROVED.read_text()


def test_each_process_counts_for_itself() -> None:
    one, other = Metrics(), Metrics()

    one.webhook_done("shopify", "published", seconds=0.01)

    assert _value(one, "counterfoil_webhooks_total", platform="shopify", result="published") == 1.0
    assert b'platform="shopify"' not in generate_latest(other.registry)


def test_a_delivery_that_booked_nothing_has_no_age() -> None:
    metrics = Metrics()

    metrics.settled("orders", "acked", seconds=0.2, age_seconds=1.5)
    metrics.settled("orders", "error_queue", seconds=0.2, age_seconds=None)

    assert _value(metrics, "counterfoil_delivery_seconds_count", workflow="orders") == 2.0
    assert _value(metrics, "counterfoil_event_age_seconds_count", workflow="orders") == 1.0


def test_failures_that_are_gone_are_no_longer_shown() -> None:
    metrics = Metrics()
    tax = FailedMessages("acme-woo", "orders", "tax_code_unmapped", "unresolved")
    sku = FailedMessages("acme-woo", "orders", "product_unknown", "unresolved")
    metrics.failures({tax: 40, sku: 1})

    metrics.failures({sku: 2})

    assert _value(metrics, "counterfoil_failed_messages", **tax._asdict()) is None
    assert _value(metrics, "counterfoil_failed_messages", **sku._asdict()) == 2.0


def test_a_removed_connection_is_no_longer_shown() -> None:
    metrics = Metrics()
    metrics.connections({"acme-woo": True, "acme-shop": False})

    metrics.connections({"acme-shop": True})

    assert _value(metrics, "counterfoil_connection_up", connection="acme-woo") is None
    assert _value(metrics, "counterfoil_connection_up", connection="acme-shop") == 1.0


def test_the_budget_of_a_company_that_rests_is_no_longer_shown() -> None:
    seconds = [0.0]
    metrics = Metrics(monotonic=lambda: seconds[0])
    metrics.budget_left("11", 0)
    seconds[0] = 30.0
    metrics.budget_left("12", 7)

    seconds[0] = 62.0

    text = generate_latest(metrics.registry).decode()
    assert 'counterfoil_quickbooks_budget_remaining{realm="12"} 7.0' in text
    assert 'realm="11"' not in text


def test_a_connection_without_tokens_has_no_end_of_consent() -> None:
    metrics = Metrics()
    ends = datetime(2027, 2, 1, tzinfo=UTC)
    metrics.consents_end({"acme-woo": ends, "acme-shop": ends})

    metrics.consents_end({"acme-shop": ends})

    name = "counterfoil_consent_ends_timestamp_seconds"
    assert _value(metrics, name, connection="acme-woo") is None
    assert _value(metrics, name, connection="acme-shop") == ends.timestamp()


def test_a_worker_shows_zeros_of_its_workflows_from_the_start() -> None:
    metrics = Metrics()

    metrics.works_on(["orders"])

    labels = {"workflow": "orders", "settlement": "booked"}
    assert _value(metrics, "counterfoil_deliveries_total", **labels) == 0.0
    assert _value(metrics, "counterfoil_event_age_seconds_count", workflow="orders") == 0.0
    assert _value(metrics, "counterfoil_event_age_seconds_count", workflow="contacts") is None
