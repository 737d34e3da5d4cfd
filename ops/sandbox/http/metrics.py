"""The sandbox's own metrics, for those who run it beside their tests."""

from prometheus_client import CollectorRegistry, Counter, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class SandboxMetrics:
    """One registry per sandbox, so that two in one process do not add up."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._calls = Counter(
            "counterfoil_sandbox_calls",
            "Calls of the company API by operation and HTTP status; cut connections have status 0",
            ["operation", "status"],
            registry=self._registry,
        )
        self._children: dict[tuple[str, int], Counter] = {}

    def count(self, operation: str, status: int) -> None:
        """One more call."""
        child = self._children.get((operation, status))
        if child is None:
            child = self._children[operation, status] = self._calls.labels(operation, str(status))
        child.inc()

    def text(self) -> bytes:
        """What a scrape gets."""
        return generate_latest(self._registry)
