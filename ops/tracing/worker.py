"""The second half of a trace: a delivery, and the calls to QuickBooks that are made for it."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from opentelemetry import propagate, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from workers.errors import SyncError
from workers.runtime.delivery import TRACEPARENT, Delivery

MOST_OPEN = 5000
"""Deliveries whose rounds never came to their end (another worker has them) must not fill the memory."""

NANOSECONDS = 1_000_000_000
T = TypeVar("T")


class WorkerTraces:
    """Spans of deliveries and calls. Any thread may use it."""

    def __init__(self, tracer: Tracer, *, most_open: int = MOST_OPEN) -> None:
        self._tracer = tracer
        self._most_open = most_open
        self._lock = threading.Lock()
        self._open: dict[int, tuple[Delivery, Span]] = {}

    def call(self, action: Callable[[], T], deliveries: Iterable[Delivery], *, request_id: str) -> T:
        """A call serves up to 30 deliveries: each of their traces has a span of it."""
        parents = [self._span(delivery) for delivery in deliveries]
        started = time.time_ns()
        reason = "ok"
        try:
            return action()
        except SyncError as error:
            reason = error.reason
            raise
        finally:
            for parent in parents:
                self._note_call(parent, len(parents), started, reason, request_id)

    def settled(self, delivery: Delivery, word: str) -> None:
        """End the delivery's span; one that needed no call gets it now."""
        span = self._span(delivery)
        with self._lock:
            self._open.pop(id(delivery), None)
        span.set_attribute("counterfoil.settlement", word)
        if word == "dead_letter":
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def _span(self, delivery: Delivery) -> Span:
        with self._lock:
            if id(delivery) in self._open:
                return self._open[id(delivery)][1]
            if len(self._open) >= self._most_open:
                self._open.pop(next(iter(self._open)))[1].end()
            span = self._begun(delivery)
            self._open[id(delivery)] = (delivery, span)  # the delivery too: its id must stay its own
            return span

    def _begun(self, delivery: Delivery) -> Span:
        kind = delivery.envelope.type if delivery.envelope is not None else delivery.workflow
        return self._tracer.start_span(
            f"{kind} process",
            context=propagate.extract({TRACEPARENT: delivery.traceparent} if delivery.traceparent else {}),
            kind=SpanKind.CONSUMER,
            start_time=int(delivery.received_at.timestamp() * NANOSECONDS),
            attributes={
                "messaging.system": "rabbitmq",
                "messaging.destination.name": delivery.workflow,
                "messaging.message.id": delivery.event_id,
                "counterfoil.connection": delivery.connection_id,
                "counterfoil.attempt": delivery.attempts + 1,
            },
        )

    def _note_call(self, parent: Span, events: int, started: int, reason: str, request_id: str) -> None:
        span = self._tracer.start_span(
            "QuickBooks call",
            context=trace.set_span_in_context(parent),
            kind=SpanKind.CLIENT,
            start_time=started,
            attributes={
                "counterfoil.request_id": request_id,
                "counterfoil.result": reason,
                "counterfoil.events": events,
            },
        )
        if reason != "ok":
            span.set_status(Status(StatusCode.ERROR))
        span.end()
