"""``counterfoil ledger export``: everything that was booked, nothing that is secret."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from ops.cli.main import cli
from ops.connections import change_settings
from ops.settings import Settings
from schemas.connection import Connection
from tests.ops.desk.room import failure, now
from workers.ledger.connections import add_connection, change_status
from workers.ledger.engine import open_ledger, writing
from workers.ledger.entries import Entry, record_entries
from workers.ledger.failures import record_failures
from workers.ledger.intents import Intent, start_intents
from workers.ledger.mappings import Remembered, store_mappings
from workers.ledger.tables import metadata
from workers.outcomes import Booked, Document
from workers.steps import StoreKey, SyncMapping

SECRETS = b"MARKED-secret"
PAYLOAD = b'{"data": "MARKED-payload"}'


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return filled(sqlite_url)


@pytest.fixture
def both(database_url: str) -> Settings:
    return filled(database_url)


def filled(database_url: str) -> Settings:
    """A closed connection with some of everything, and another one."""
    ledger = open_ledger(database_url)
    metadata.create_all(ledger)
    for name in ("acme-woo", "other"):
        with writing(ledger) as database:
            connection = Connection(connection_id=name, platform="woocommerce", realm_id="1")
            add_connection(database, connection, secrets=SECRETS, now=now())
            booked = Booked((Document("SalesReceipt", "17"),))
            ended = Entry(name, "event-1", "orders", "orders.paid", "order/1", now(), booked, 1)
            record_entries(database, [ended], now())
            mapping = SyncMapping(StoreKey("order", "1"), "SalesReceipt", "17", detail={"total": "12.50"})
            store_mappings(database, name, [Remembered(mapping, "event-1")], now())
            record_failures(
                database, [failure(2, connection_id=name, body=PAYLOAD, message="=1+1 is no tax code")]
            )
            write = Intent(
                *(name, "event-3", "receipt", "order/3", "1", "request-3", "", "SalesReceipt", "create"),
                document="MARKED-document",
                started_at=now(),
            )
            start_intents(database, [write])
        change_settings(ledger, name, {"document": "invoice"}, now=now(), by="ann")
        with writing(ledger) as database:
            change_status(database, name, "closed", now=now())
    ledger.dispose()
    return Settings(database_url=database_url, secret_key=SecretStr("A" * 43 + "="))


def run(settings: Settings, *words: str) -> str:
    done = CliRunner().invoke(cli, ["ledger", "export", *words], obj=settings)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_export_of_a_closed_connection_has_all_facts_and_nothing_secret(
    both: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "books.jsonl"

    told = json.loads(run(both, "acme-woo", str(file), "--json"))

    records = [json.loads(line) for line in file.read_text().splitlines()]
    kinds = ["entry", "mapping", "failed_message", "open_write", "settings", "settings"]
    assert [one["record"] for one in records] == kinds
    assert told["records"] == {kind: kinds.count(kind) for kind in kinds}
    entry, mapping, failed, write, _, newest = records
    assert (entry["subject"], entry["documents"]) == ("order/1", [["SalesReceipt", "17"]])
    assert (mapping["quickbooks_id"], mapping["detail"]) == ("17", {"total": "12.50"})
    assert (failed["reason"], failed["status"]) == ("tax_code_unmapped", "unresolved")
    assert (write["operation"], write["request_id"]) == ("create", "request-3")
    assert (newest["settings"]["document"], newest["changed_by"]) == ("invoice", "ann")
    assert "MARKED" not in file.read_text()
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_csv_has_a_column_for_each_fact_and_no_formula(settings: Settings) -> None:
    rows = list(csv.DictReader(io.StringIO(run(settings, "acme-woo", "-", "--format", "csv"))))

    assert [row["record"] for row in rows][:3] == ["entry", "mapping", "failed_message"]
    assert rows[0]["documents"] == '[["SalesReceipt","17"]]'
    assert rows[2]["message"] == "'=1+1 is no tax code"
    assert "MARKED" not in str(rows)


def test_file_that_cannot_be_written_is_a_sentence(settings: Settings) -> None:
    done = CliRunner().invoke(cli, ["ledger", "export", "acme-woo", "/nowhere/x"], obj=settings)

    assert (done.exit_code, "Cannot write /nowhere/x" in done.output) == (1, True)


def test_unknown_connection_is_a_sentence_and_leaves_no_file(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"

    done = CliRunner().invoke(cli, ["ledger", "export", "nobody", str(file)], obj=settings)

    assert (done.exit_code, 'There is no connection "nobody"' in done.output) == (1, True)
    assert not file.exists()
