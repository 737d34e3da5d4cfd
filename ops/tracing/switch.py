"""Whether there are traces, and where they go."""

from typing import TYPE_CHECKING

from ops.settings import Settings
from workers.runtime.tracing import NoTraces, Traces

if TYPE_CHECKING:  # an installation without the extra has none of it
    from opentelemetry.sdk.trace import TracerProvider

NAME = "counterfoil"
NOT_INSTALLED = (
    "COUNTERFOIL_TRACES_URL is set, but traces are not installed. Run: pip install 'counterfoil[traces]'"
)


class TracesMissing(Exception):
    """Traces are wanted and not installed; the text is a sentence for a person."""


def open_traces(settings: Settings, process: str) -> "TracerProvider | None":
    """Where the spans of a process go; None when traces are off. ``shutdown`` sends the last ones.

    The SDK's own ``OTEL_…`` variables (sampler, headers, attributes of the resource) count as its docs say.

    Raises:
        TracesMissing: the extra is not installed.
    """
    if not settings.traces_url:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise TracesMissing(NOT_INSTALLED) from error
    provider = TracerProvider(resource=Resource.create({"service.name": f"counterfoil-{process}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.traces_url)))
    return provider


def worker_traces(provider: "TracerProvider | None") -> Traces:
    """What a worker tells of its deliveries and calls."""
    if provider is None:
        return NoTraces()
    from ops.tracing.worker import WorkerTraces

    return WorkerTraces(provider.get_tracer(NAME))
