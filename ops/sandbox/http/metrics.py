"""The sandbox's own metrics, for those who run it beside their tests."""

from prometheus_client import CollectorRegistry, Counter, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class SandboxMetrics:
    """One registry per sandbox, so that two in one process do not add up."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter(
            "counterfoil_sandbox_calls",
            "Calls of the company API by operation and HTTP status; cut connections have status 0",
            ["operation", "status"],
            registry=self.registry,
        )

    def text(self) -> bytes:
        """What a scrape gets."""
        return generate_latest(self.registry)
