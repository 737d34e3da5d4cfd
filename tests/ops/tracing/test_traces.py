"""One trace from the store's webhook over the real broker to QuickBooks; and nothing at all where traces are off."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import uvicorn
from kombu.connection import Connection
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from events.broker.publisher import Publisher
from events.broker.topology import declare
from events.outgoing import Outgoing
from events.stores.registry import PLATFORMS
from events.webhooks.app import webhook_app
from events.webhooks.connections import Connections
from events.webhooks.door import Door
from ops.connections import Directory
from ops.metrics import Metrics
from ops.processes.webhooks import listen
from ops.sandbox.testing import SandboxServer
from ops.settings import Settings
from ops.tracing.switch import NAME, open_traces, worker_traces
from ops.tracing.webhooks import TracedOutbox, traced_app
from ops.tracing.worker import WorkerTraces
from tests.events.webhooks.store import Store, woo
from tests.journeys.orders import order
from tests.ops.office import KEY, Office, open_office
from tests.rig.broker import Broker
from tests.rig.stack import order_event
from tests.rig.waiting import wait_for
from tests.workers.runtime.rig import FakeMail
from workers.errors import QuickBooksUnavailable, WaitsForSale
from workers.runtime.alone import run_alone
from workers.runtime.books import Books
from workers.runtime.delivery import TRACEPARENT, Delivery, read_delivery
from workers.runtime.round import Round
from workers.runtime.settlements import Settled
from workers.runtime.tracing import NoTraces
from workers.runtime.worker import Worker
from workers.secrets import Secrets

pytestmark = pytest.mark.slow

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SECRET = "MARKED-secret"
"""The webhook secret of the office."""


class NoSpool:
    """The broker is there, so nothing needs one."""

    def store(self, messages: Sequence[Outgoing]) -> object:
        raise AssertionError(f"{len(messages)} messages were not confirmed")


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> Iterator[TracerProvider]:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider
    provider.shutdown()


@pytest.fixture
def office(sqlite_url: str) -> Iterator[Office]:
    with SandboxServer(limits=False) as sandbox, open_office(sandbox, sqlite_url) as office:
        yield office


@contextmanager
def webhooks(office: Office, publisher: Publisher, provider: TracerProvider) -> Iterator[Store]:
    """The webhook application on a port of its own, traced."""
    tracer = provider.get_tracer(NAME)
    connections = Connections(Directory(office.engine, Secrets(KEY)))
    outbox = TracedOutbox(publisher, NoSpool(), tracer)  # type: ignore[arg-type]
    door = Door(connections, PLATFORMS, outbox, clock=lambda: datetime.now(UTC))
    app = traced_app(webhook_app(door, limit_bytes=50_000, observer=Metrics(), pages={}), tracer)
    config = uvicorn.Config(app, http="httptools", ws="none", lifespan="off", log_config=None)
    server, listener = uvicorn.Server(config), listen("127.0.0.1:0")
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    connections.start()
    thread.start()
    try:
        wait_for(lambda: server.started, timeout_seconds=30)
        yield Store(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(20)
        connections.close()
        listener.close()


@contextmanager
def worker(office: Office, broker: Broker, publisher: Publisher, provider: TracerProvider) -> Iterator[None]:
    """A worker for orders, traced."""
    services = replace(office.services(), mail=publisher, traces=worker_traces(provider))
    engine = Worker(services, broker_url=broker.url, workflows=["orders"])
    thread = threading.Thread(target=engine.run)
    thread.start()
    try:
        yield
    finally:
        engine.stop()
        thread.join(30)


@pytest.mark.broker
def test_webhook_event_delivery_and_calls_are_one_trace_across_the_broker(
    office: Office, broker: Broker, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    with Connection(broker.url) as connection:
        declare(connection)
    publisher = Publisher(broker.url)
    publisher.start()
    assert publisher.wait_connected(30)
    body = json.dumps(order(1001)).encode()

    with webhooks(office, publisher, provider) as store, worker(office, broker, publisher, provider):
        sent = woo("order.created", body, secret=SECRET)
        answer = store.send("acme-woo", replace(sent, headers={**sent.headers, TRACEPARENT: PARENT}))
        wait_for(lambda: "orders.created process" in named(exporter), timeout_seconds=60)
    publisher.close(5)

    assert answer.status == 200
    spans = named(exporter)
    webhook, event, delivery = (
        spans[name]
        for name in ("POST /webhooks/{connection}", "orders.created publish", "orders.created process")
    )
    assert webhook.parent is None, "a store does not say which trace it is"
    assert parent_of(event) == id_of(webhook)
    assert parent_of(delivery) == id_of(event)
    calls = [span for span in exporter.get_finished_spans() if span.name == "QuickBooks call"]
    assert {parent_of(call) for call in calls} == {id_of(delivery)}
    assert "ok" in {(call.attributes or {})["counterfoil.result"] for call in calls}
    assert len({span.context.trace_id for span in exporter.get_finished_spans() if span.context}) == 1
    assert (delivery.attributes or {})["counterfoil.settlement"] == "booked"
    assert "Olsen" not in "".join(span.to_json() for span in exporter.get_finished_spans())


def test_delayed_retry_stays_in_its_trace(
    office: Office, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    mail = FakeMail()

    def waits(_context: object, _data: object) -> object:
        raise WaitsForSale("its sale is not booked yet")

    traces = WorkerTraces(provider.get_tracer(NAME))
    services = replace(office.services(), mail=mail, steps_for=waits, traces=traces)  # type: ignore[arg-type]
    settled: list[Settled] = []

    run_alone(Round([delivered()], services, settled.extend), Books(services), lambda _seconds: None)
    for one in settled:
        traces.settled(one.delivery, one.word)

    (later,) = mail.sent
    assert later.headers[TRACEPARENT] == PARENT
    (span,) = exporter.get_finished_spans()
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == PARENT.split("-")[1]
    assert (span.attributes or {})["counterfoil.settlement"] == "delayed_retry"


def test_call_that_fails_and_a_failed_message_are_errors_in_their_trace(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    traces = WorkerTraces(provider.get_tracer(NAME))
    delivery = delivered()

    def away() -> None:
        raise QuickBooksUnavailable("no answer")

    with pytest.raises(QuickBooksUnavailable):
        traces.call(away, [delivery], request_id="r1")
    traces.settled(delivery, "dead_letter")

    call, process = exporter.get_finished_spans()
    assert (call.attributes or {})["counterfoil.result"] == "quickbooks_unavailable"
    assert (call.status.status_code, process.status.status_code) == (StatusCode.ERROR, StatusCode.ERROR)
    assert parent_of(call) == id_of(process)


@pytest.mark.parametrize("header", ["nonsense", "", "0" * 5000, 7, None], ids=str)
def test_header_that_is_no_trace_does_no_harm(
    header: object, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    traces = WorkerTraces(provider.get_tracer(NAME))

    traces.settled(delivered(header), "booked")

    (span,) = exporter.get_finished_spans()
    assert span.parent is None


def test_deliveries_that_never_end_do_not_fill_the_memory(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    traces = WorkerTraces(provider.get_tracer(NAME), most_open=3)

    for _ in range(5):
        traces.call(lambda: None, [delivered()], request_id="r")

    ended = [span for span in exporter.get_finished_spans() if span.name.endswith("process")]
    assert len(ended) == 2


def test_nothing_of_opentelemetry_is_imported_unless_it_is_switched_on() -> None:
    program = (
        "import sys, ops.processes.worker, ops.processes.webhooks, ops.tracing.switch as s;"
        "from ops.settings import Settings;"
        "assert s.open_traces(Settings(), 'worker') is None; s.worker_traces(None);"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    assert run(program) == "[]"
    assert isinstance(worker_traces(None), NoTraces)


def test_traces_that_are_wanted_but_not_installed_are_one_sentence() -> None:
    program = (
        "import sys; sys.modules['opentelemetry'] = None;"
        "from ops.cli.main import plain_sentence;from ops.settings import Settings;"
        "import ops.tracing.switch as s\n"
        "try: s.open_traces(Settings(traces_url='http://127.0.0.1:4318/v1/traces'), 'worker')\n"
        "except Exception as error: print(plain_sentence(error))"
    )
    assert "pip install 'counterfoil[traces]'" in run(program)


def test_switched_on_there_is_a_provider_that_names_the_process() -> None:
    provider = open_traces(Settings(traces_url="http://127.0.0.1:9/v1/traces"), "worker")

    assert provider is not None
    assert provider.resource.attributes["service.name"] == "counterfoil-worker"
    provider.shutdown()


def delivered(header: object = PARENT) -> Delivery:
    body = json.dumps(order_event(1)).encode()
    headers = {} if header is None else {TRACEPARENT: header}
    return read_delivery("orders", body, headers, "m1", received_at=datetime.now(UTC), handle=(1, None))


def named(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def id_of(span: ReadableSpan) -> tuple[int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def parent_of(span: ReadableSpan) -> tuple[int, int] | None:
    return (span.parent.trace_id, span.parent.span_id) if span.parent is not None else None


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
