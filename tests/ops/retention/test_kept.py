"""The doctor names what is kept too long."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from ops.doctor.finding import Finding
from ops.doctor.kept import check_kept
from schemas.connection import Connection
from tests.ops.desk.room import failure
from workers.erasure_requests import KIND
from workers.ledger.connections import add_connection, change_status
from workers.ledger.engine import open_ledger, writing
from workers.ledger.failures import record_failures, resolve_failures
from workers.ledger.mappings import Remembered, store_mappings
from workers.ledger.tables import metadata
from workers.ledger.tokens import put_tokens
from workers.steps import StoreKey, SyncMapping

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Engine]:
    engine = open_ledger(sqlite_url)
    metadata.create_all(engine)
    with writing(engine) as database:
        for name in ("acme-woo", "second"):
            connection = Connection(connection_id=name, platform="woocommerce", realm_id="7")
            add_connection(database, connection, secrets=b"", now=NOW)
        ends = NOW + timedelta(days=100)
        put_tokens(database, "7", sealed=b"", access_expires_at=ends, refresh_expires_at=ends, now=NOW)
    yield engine
    engine.dispose()


def found(ledger: Engine, days: int = 90) -> dict[str, Finding]:
    return {one.check: one for one in check_kept(ledger, days, NOW)}


def test_all_is_well_while_nothing_is_kept_too_long(ledger: Engine) -> None:
    assert {name: one.state for name, one in found(ledger).items()} == {"payloads": "good"}
    assert "for ever" in found(ledger, 0)["payloads"].text


def test_old_payloads_and_open_requests_want_a_desk(ledger: Engine) -> None:
    with writing(ledger) as database:
        record_failures(database, [failure(1)])
        long_ago = NOW - timedelta(days=92)
        resolve_failures(database, [("orders", ("acme-woo", "event-1"))], long_ago)
        request = SyncMapping(StoreKey(KIND, "77"), "", "")
        store_mappings(database, "acme-woo", [Remembered(request, "event-2")], NOW)

    shown = found(ledger)

    assert (shown["payloads"].state, shown["erasure"].state) == ("soon", "soon")
    assert shown["payloads"].text == "1 of resolved and ignored messages are older than 90 days."
    assert "counterfoil desk" in shown["payloads"].do and "counterfoil desk" in shown["erasure"].do


def test_tokens_that_only_closed_connections_have_must_be_revoked(ledger: Engine) -> None:
    with writing(ledger) as database:
        change_status(database, "acme-woo", "closed", now=NOW)
    one_open = found(ledger)
    with writing(ledger) as database:
        change_status(database, "second", "closed", now=NOW)

    assert "company 7" not in one_open
    finding = found(ledger)["company 7"]
    assert (finding.state, finding.do) == ("bad", "counterfoil connections close second")
