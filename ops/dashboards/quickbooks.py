"""QuickBooks: what we ask of it, what is left of our limits, and what it answers."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from ops.dashboards.board import Section, board
from ops.dashboards.expressions import RATE, per_second, quantile
from ops.dashboards.panels import AMBER, GREEN, RED, Query, Step, lines, stat_of, states

REQUESTS = "counterfoil_quickbooks_requests_total"
QUOTA = 500_000
"""Reads a month of the free Builder tier, for the whole app. Source: Intuit's blog, 2026-01-08."""

DAY = 86400.0


def quickbooks() -> Dashboard:
    """Budget and faults."""
    return board(
        "quickbooks",
        "QuickBooks",
        "Calls, faults, limits and consents.",
        [_now(), _calls(), _limits()],
    )


def _now() -> Section:
    return Section(
        "Now",
        [
            stat_of(
                "Calls a second",
                f"sum(rate({REQUESTS}{RATE}))",
                "All companies and workers together.",
                unit="reqps",
                width=6,
            ),
            stat_of(
                "Calls that failed",
                f'(sum(rate({REQUESTS}{{result!="ok"}}{RATE})) or vector(0)) / sum(rate({REQUESTS}{RATE}) > 0)',
                "Share of the calls that QuickBooks did not answer, or refused.",
                unit="percentunit",
                width=6,
                steps=[Step(0.01, AMBER), Step(0.2, RED)],
            ),
            stat_of(
                "Reads of this month",
                f"max(counterfoil_quickbooks_month_reads) / {QUOTA}",
                f"Share of the {QUOTA:,} reads that Intuit's free tier has for the whole app. Writes are free.",
                unit="percentunit",
                width=6,
                steps=[Step(0.8, AMBER), Step(0.95, RED)],
            ),
            stat_of(
                "Next consent that ends",
                "min(max by (connection) (counterfoil_consent_ends_timestamp_seconds)) - time()",
                "Until a person must connect again, if the connection is not used until then.",
                unit="s",
                width=6,
            ),
        ],
    )


def _calls() -> Section:
    return Section(
        "Calls",
        [
            lines(
                "Calls a second, by result",
                [Query(per_second(REQUESTS, by="result"), "{{result}}")],
                "`ok`, or the reason of the error (each has a page under ops/runbooks).",
                unit="reqps",
                stacked=("normal",),
            ),
            lines(
                "Calls a second, by operation",
                [Query(per_second(REQUESTS, by="operation"), "{{operation}}")],
                "Up to 30 writes travel in one `batch`.",
                unit="reqps",
                stacked=("normal",),
            ),
            lines(
                "Time to the answer",
                [
                    Query(
                        quantile(0.95, "counterfoil_quickbooks_request_seconds", by="operation"),
                        "{{operation}}, 95 %",
                    )
                ],
                "Intuit ends a request after 120 s.",
                unit="s",
            ),
            lines(
                "Metered reads a second, by company",
                [Query(per_second("counterfoil_quickbooks_reads_total", by="realm"), "{{realm}}")],
                "A steady shop needs none: what was booked is in the ledger.",
                unit="reqps",
            ),
        ],
    )


def _limits() -> Section:
    return Section(
        "Limits and consents",
        [
            lines(
                "Batches left in this minute, by company",
                [Query("min by (realm) (counterfoil_quickbooks_budget_remaining)", "{{realm}}")],
                "Of 40. At zero the company's events wait for the next minute; a company that rests is not shown.",
            ),
            lines(
                "Days until a consent ends, by connection",
                [
                    Query(
                        "(max by (connection) (counterfoil_consent_ends_timestamp_seconds) - time()) / 86400",
                        "{{connection}}",
                    )
                ],
                "It begins anew with each use; a revoked one is not shown.",
                unit="d",
                steps=[Step(14, GREEN)],
            ),
            states(
                "Connections",
                Query("max by (connection) (counterfoil_connection_up)", "{{connection}}"),
                "A revoked token or a locked company pauses its connections.",
                steps=[Step(1, GREEN)],
                words={"1": "active", "0": "down"},
                width=24,
            ),
        ],
    )
