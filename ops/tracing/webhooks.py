"""The first half of a trace: a webhook, and the events that go to the broker because of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from opentelemetry import context, propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

from events.outgoing import Outgoing
from events.webhooks.app import PREFIX, App, Scope, Send
from events.webhooks.body import Receive
from events.webhooks.confirms import Submits
from events.webhooks.outbox import Outbox, Stores

Stored = Literal["published", "spooled", "not_stored"]


def traced_app(app: App, tracer: Tracer) -> App:
    """A span for each webhook. It begins a trace: whoever sends from outside does not say what we write down."""

    async def traced(scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if scope["type"] != "http" or not path.startswith(PREFIX):
            await app(scope, receive, send)
            return

        async def noted(message: Any) -> None:
            if message["type"] == "http.response.start":
                span.set_attribute("http.response.status_code", message["status"])
                if message["status"] >= 500:
                    span.set_status(Status(StatusCode.ERROR))
            await send(message)

        with tracer.start_as_current_span(
            "POST /webhooks/{connection}",
            context=context.Context(),
            kind=SpanKind.SERVER,
            attributes={"counterfoil.connection": path.removeprefix(PREFIX).strip("/")[:63]},
        ) as span:
            await app(scope, receive, noted)

    return traced


class TracedOutbox(Outbox):
    """A span for each event, whose place in the trace travels with it as a header."""

    def __init__(self, publisher: Submits, spool: Stores, tracer: Tracer) -> None:
        super().__init__(publisher, spool)
        self._tracer = tracer

    async def send(self, messages: Sequence[Outgoing]) -> Stored:
        """As ``Outbox.send``."""
        spans = [
            self._tracer.start_span(f"{one.routing_key} publish", kind=SpanKind.PRODUCER) for one in messages
        ]
        carried = []
        for span, message in zip(spans, messages, strict=True):
            span.set_attribute("messaging.system", "rabbitmq")
            span.set_attribute("messaging.destination.name", message.exchange)
            span.set_attribute("messaging.message.id", message.message_id or "")
            header: dict[str, str] = {}
            propagate.inject(header, context=trace.set_span_in_context(span))
            carried.append(replace(message, headers={**message.headers, **header}))
        stored: Stored = "not_stored"
        try:
            stored = await super().send(carried)
            return stored
        finally:
            for span in spans:
                span.set_attribute("counterfoil.stored", stored)
                span.end()
