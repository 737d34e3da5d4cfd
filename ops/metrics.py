"""Every metric of Counterfoil, with its labels and units. Labels are bounded: no event, order or message ids.

``Metrics`` fits every observer protocol of the processes; each process makes one and serves its registry.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

DELIVERY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
REQUEST_BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Intuit ends a request after 120 s. Source: Intuit, "Limits and throttles"."""

AGE_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 86400.0)
WEBHOOK_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SETTLEMENTS = ("booked", "superseded", "skipped", "acked", "delayed_retry", "held", "dead_letter")
"""How a delivery may end; ``acked``: it was for nobody any more. Source: workers/runtime/settlements.py."""

BUDGET_SECONDS = 61.2
"""A company that nobody called for so long has its whole budget again: what we last saw of it is no longer true."""


class FailedMessages(NamedTuple):
    """The labels of one number of failed messages."""

    connection: str
    workflow: str
    reason: str
    status: str


class Metrics:
    """The metrics of one process, in a registry of its own. ``monotonic``: a clock in seconds."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.registry = CollectorRegistry()
        self._monotonic = monotonic
        self._budget_seen: dict[str, float] = {}
        self._budget_lock = Lock()
        self.registry.register(
            _Before(self._forget_old_budgets)
        )  # first: it tidies up before the others speak

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"counterfoil_{name}", text, labels, registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"counterfoil_{name}", text, labels, registry=self.registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"counterfoil_{name}", text, labels, buckets=buckets, registry=self.registry)

        self.webhooks = counter("webhooks", "Webhooks received, by what became of them", "platform", "result")
        self.webhook_seconds = histogram(
            "webhook_seconds", "From a webhook's headers to its answer", WEBHOOK_BUCKETS
        )
        self.last_webhook = gauge(
            "last_webhook_timestamp_seconds",
            "When a store last sent a signed webhook, seconds since 1970",
            "connection",
        )
        self.spooled = gauge("spooled_webhooks", "Events in the local spool, waiting for the broker")
        self.deliveries = counter("deliveries", "Deliveries settled by workers", "workflow", "settlement")
        self.delivery_seconds = histogram(
            "delivery_seconds", "From taking a delivery to settling it", DELIVERY_BUCKETS, "workflow"
        )
        self.event_age = histogram(
            "event_age_seconds", "From the store's change to the booking", AGE_BUCKETS, "workflow"
        )
        self.failed = gauge("failed_messages", "Failed messages in the ledger", *FailedMessages._fields)
        self.oldest_failure = gauge(
            "oldest_failure_seconds", "Age of the oldest unresolved failed message, 0 for none", "workflow"
        )
        self.requests = counter("quickbooks_requests", "Calls to QuickBooks", "operation", "result")
        self.request_seconds = histogram(
            "quickbooks_request_seconds", "From a call to its answer", REQUEST_BUCKETS, "operation"
        )
        self.reads = counter("quickbooks_reads", "Reads that Intuit meters by the month", "realm")
        self.month_reads = gauge(
            "quickbooks_month_reads", "Reads of this month that Intuit meters, of the whole app"
        )
        self.budget = gauge(
            "quickbooks_budget_remaining", "Batches left to a company in this minute", "realm"
        )
        self.commands = counter("commands", "Operators' commands, by how they ended", "command", "result")
        self.command_left = gauge(
            "command_messages_left", "Messages that running commands have still to publish", "workflow"
        )
        self.emptied = counter(
            "payloads_emptied", "Payloads of resolved and ignored messages that were emptied by age"
        )
        self.connection_up = gauge(
            "connection_up", "1 for an active connection, 0 for a paused one", "connection"
        )
        self.consent_ends = gauge(
            "consent_ends_timestamp_seconds",
            "When QuickBooks stops letting a connection in unless its token is renewed, seconds since 1970",
            "connection",
        )

    # Webhooks (events.webhooks.observer)

    def webhook_done(self, platform: str, result: str, *, seconds: float) -> None:
        """One webhook is answered."""
        self.webhooks.labels(platform, result).inc()
        self.webhook_seconds.observe(seconds)

    def webhook_heard(self, connection: str, at: datetime) -> None:
        """A store of ours sent a signed webhook."""
        self.last_webhook.labels(connection).set(at.timestamp())

    def spool_holds(self, events: int) -> None:
        """So many events wait in the spool."""
        self.spooled.set(events)

    # Workers (workers.runtime.services, workers.quickbooks.client)

    def works_on(self, workflows: Iterable[str]) -> None:
        """Show zeros from the start: Prometheus' ``rate`` does not see a counter's first step from nothing."""
        for workflow in workflows:
            for settlement in SETTLEMENTS:
                self.deliveries.labels(workflow, settlement)
            self.delivery_seconds.labels(workflow)
            self.event_age.labels(workflow)

    def settled(self, workflow: str, settlement: str, *, seconds: float, age_seconds: float | None) -> None:
        """One delivery is settled; ``age_seconds`` if it was booked."""
        self.deliveries.labels(workflow, settlement).inc()
        self.delivery_seconds.labels(workflow).observe(seconds)
        if age_seconds is not None:
            self.event_age.labels(workflow).observe(age_seconds)

    def request_done(self, operation: str, result: str, seconds: float) -> None:
        """One call to QuickBooks is over; ``result`` is ``ok`` or the error's reason."""
        self.requests.labels(operation, result).inc()
        self.request_seconds.labels(operation).observe(seconds)

    def reads_done(self, realm_id: str, reads: int) -> None:
        """So many reads succeeded."""
        self.reads.labels(realm_id).inc(reads)

    def budget_left(self, realm_id: str, batches: int) -> None:
        """So many batches are left to the company in this minute."""
        with self._budget_lock:
            self._budget_seen[realm_id] = self._monotonic()
            self.budget.labels(realm_id).set(batches)

    # The desk

    def knows_commands(self, commands: Iterable[str]) -> None:
        """Show zeros from the start, as ``works_on`` does: an operator's commands are rare."""
        for command in commands:
            for result in ("accepted", "refused"):
                self.commands.labels(command, result)

    def command_done(self, command: str, result: str) -> None:
        """One command was answered; an unknown command is counted as ``unknown``."""
        self.commands.labels(command, result).inc()

    def commands_left(self, workflow: str, messages: int) -> None:
        """So many messages are still to be published by the commands that run."""
        self.command_left.labels(workflow).set(messages)

    def failures(self, counts: Mapping[FailedMessages, int]) -> None:
        """The ledger's numbers of failed messages; what is missing here is gone."""
        for labels in _labels(self.failed) - set(counts):
            self.failed.remove(*labels)
        for labels, count in counts.items():
            self.failed.labels(*labels).set(count)

    def oldest_failures(self, seconds: Mapping[str, float]) -> None:
        """The age of each workflow's oldest unresolved failed message."""
        for workflow, age in seconds.items():
            self.oldest_failure.labels(workflow).set(age)

    def connections(self, up: Mapping[str, bool]) -> None:
        """Which connections are active."""
        _replace(self.connection_up, up)

    def payloads_emptied(self, messages: int) -> None:
        """So many payloads of settled messages were emptied: they were older than the setting says."""
        self.emptied.inc(messages)

    def consents_end(self, ends: Mapping[str, datetime]) -> None:
        """When the consent of each connection ends; one without tokens is left out."""
        _replace(self.consent_ends, {name: at.timestamp() for name, at in ends.items()})

    def reads_this_month(self, reads: int) -> None:
        """So many metered reads were made this month, over all companies and workers."""
        self.month_reads.set(reads)

    def _forget_old_budgets(self) -> None:
        with self._budget_lock:
            now = self._monotonic()
            for realm_id in [name for name, at in self._budget_seen.items() if now - at > BUDGET_SECONDS]:
                del self._budget_seen[realm_id]
                self.budget.remove(realm_id)


class _Before(Collector):
    """Has no metric of its own: does something each time the metrics are read."""

    def __init__(self, do: Callable[[], None]) -> None:
        self._do = do

    def describe(self) -> Iterable[Metric]:
        """Nothing, and nothing is done when the registry asks."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Do it."""
        self._do()
        return ()


def _replace(gauge: Gauge, values: Mapping[str, float]) -> None:
    """These are the values by the one label that the gauge has; the others are gone."""
    for (name,) in _labels(gauge) - {(name,) for name in values}:
        gauge.remove(name)
    for name, value in values.items():
        gauge.labels(name).set(value)


def _labels(metric: Gauge) -> set[tuple[str, ...]]:
    """The label values that a metric has now, in the order of its labels."""
    return {tuple(sample.labels.values()) for family in metric.collect() for sample in family.samples}
