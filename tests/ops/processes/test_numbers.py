"""What the desk reads from the ledger for the metrics alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import Engine

from ops.metrics import Metrics
from ops.migrations.migrate import upgrade
from ops.processes.numbers import LedgerNumbers
from schemas.connection import Connection
from workers.ledger.connections import add_connection, change_status
from workers.ledger.engine import open_ledger, writing
from workers.ledger.tokens import mark_revoked, put_tokens, read_tokens
from workers.quickbooks.reads import ReadMeter

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ENDS = NOW + timedelta(days=90)
APP = "the app"


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Engine]:
    engine = open_ledger(sqlite_url)
    upgrade(engine)
    with writing(engine) as database:
        for name, realm_id in (("good", "11"), ("revoked", "12"), ("closed", "13"), ("unlinked", "")):
            connection = Connection.model_validate(
                {"connection_id": name, "platform": "woocommerce", "realm_id": realm_id}
            )
            add_connection(database, connection, secrets=b"", now=NOW)
            if realm_id:
                put_tokens(
                    database,
                    realm_id,
                    sealed=b"",
                    access_expires_at=NOW,
                    refresh_expires_at=ENDS,
                    now=NOW,
                )
        seen = read_tokens(database, "12")
        assert seen is not None
        mark_revoked(database, seen, why="Token revoked.")
        change_status(database, "closed", "closed", now=NOW)
    yield engine
    engine.dispose()


def test_metrics_show_the_ends_of_good_consents_and_the_reads_of_the_whole_app(ledger: Engine) -> None:
    metrics = Metrics()
    reads = ReadMeter(engine=ledger, app=APP, clock=lambda: NOW)
    reads.count_reads("11", 25)
    reads.count_reads("12", 30)

    LedgerNumbers(ledger, reads, metrics, Event()).look()

    name = "counterfoil_consent_ends_timestamp_seconds"
    (family,) = [family for family in metrics.registry.collect() if family.name == name]
    shown = {sample.labels["connection"]: sample.value for sample in family.samples}
    assert shown == {"good": ENDS.timestamp()}
    assert metrics.registry.get_sample_value("counterfoil_quickbooks_month_reads") == 55.0
