"""The product over a backlog: P1 to P3, P5, P11 and P12 are made of such runs."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import text

from ops.bench.engine.events import event_id, order_event
from ops.bench.engine.place import Place, wait_until
from ops.bench.engine.product import Client, Product
from ops.bench.engine.runs import Run, check_books, rate_of, watch_backlog

SECONDS = 300.0


def run_backlog(
    place: Place,
    name: str,
    *,
    events: int,
    companies: int = 1,
    workers: int = 1,
    ledger_rows: int = 0,
    lines: int = 0,
    **settings: Any,
) -> Run:
    """Let ``events`` wait, spread over the companies in turn, and start the workers on them."""
    product = Product(place, count=companies, **settings)
    try:
        if ledger_rows:
            _age(product, ledger_rows)
        place.stub.reset()
        before = place.stub.counted()
        product.publish(_events(product.companies, events, lines))
        with product.running("worker", "orders", count=workers) as started:
            usage = watch_backlog(place, started, events, SECONDS)
            wait_until(
                lambda: product.count_settled() >= events + ledger_rows,
                what="every event has an entry",
                seconds=SECONDS,
                look_every=0.1,
            )
        settled = product.settled()
        moments = [settled[event_id(*_sent(product.companies, number))] for number in range(events)]
        rate = rate_of([moment.timestamp() for moment in moments])
        run = Run(name, events, rate, usage.cpu_ms, usage.memory_mb / workers)
        run.lost += product.count_failed()
        return check_books(run, place, _expected(product.companies, events), before)
    finally:
        product.close()


def _events(companies: Sequence[Client], events: int, lines: int) -> Iterator[dict[str, Any]]:
    more = {"lines": lines} if lines else {}
    for number in range(events):
        connection_id, order = _sent(companies, number)
        yield order_event(order, connection_id, **more)


def _sent(companies: Sequence[Client], number: int) -> tuple[str, int]:
    """The connection and order number of the nth event: the companies take turns."""
    return companies[number % len(companies)].connection_id, number


def _expected(companies: Sequence[Client], events: int) -> dict[str, set[str]]:
    expected: dict[str, set[str]] = {one.realm_id: set() for one in companies}
    for number in range(events):
        expected[companies[number % len(companies)].realm_id].add(str(number))
    return expected


def _age(product: Product, rows: int) -> None:
    """A ledger with a past: entries and mappings of so many earlier orders."""
    first = product.companies[0].connection_id
    with product.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO entries (connection_id, event_id, workflow, type, subject, version, status, why,"
                " documents, attempts, settled_at) SELECT :connection, 'old-' || n || '-' || md5(n::text),"
                " 'orders', 'orders.paid', 'order/old' || n, now(), 'booked', '', '[[\"SalesReceipt\", \"1\"]]',"
                " 1, now() FROM generate_series(1, :rows) n"
            ),
            {"connection": first, "rows": rows},
        )
        connection.execute(
            text(
                "INSERT INTO sync_mappings (connection_id, kind, store_id, entity, quickbooks_id, sync_token,"
                " version, document_hash, removed, detail, event_id, updated_at) SELECT :connection, 'order',"
                " 'old' || n, 'SalesReceipt', n::text, '0', now(), md5(n::text) || md5(n::text), 0, '{}',"
                " 'old-' || n, now() FROM generate_series(1, :rows) n"
            ),
            {"connection": first, "rows": rows},
        )
    with product.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE entries"))
        connection.execute(text("VACUUM ANALYZE sync_mappings"))
