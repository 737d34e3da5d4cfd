"""The banner and the blocks, on both databases."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from ops.cli.status import status
from ops.settings import Settings
from schemas.connection import Connection
from tests.ops.desk.room import failure, minutes_ago, now
from workers.ledger.connections import add_connection, change_status
from workers.ledger.engine import open_ledger, writing
from workers.ledger.failure_changes import Order, Target, claim_for_retry
from workers.ledger.failures import Failure, record_failures
from workers.ledger.tables import metadata


@pytest.fixture
def ledger(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    metadata.create_all(engine)
    with writing(engine) as connection:
        for name in ("acme-woo", "other-shop"):
            add_connection(
                connection, Connection(connection_id=name, platform="shopify"), secrets=b"", now=now()
            )
    yield engine
    engine.dispose()


def record(ledger: Engine, *failures: Failure) -> None:
    with writing(ledger) as connection:
        record_failures(connection, failures)


def shown(ledger: Engine, *words: str) -> str:
    settings = Settings(database_url=ledger.url.render_as_string(hide_password=False))
    result = CliRunner().invoke(status, words, obj=settings)
    assert result.exit_code == 0, result.output
    return result.output


def as_json(ledger: Engine) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shown(ledger, "--json"))
    return found


def test_without_failures_every_connection_has_a_tick(ledger: Engine) -> None:
    text = shown(ledger)

    assert text.splitlines() == ["✓ acme-woo: all is well", "✓ other-shop: all is well"]
    assert as_json(ledger)["ok"] is True


def test_one_missing_tax_code_is_one_group_however_many_orders_it_stops(ledger: Engine) -> None:
    record(ledger, *(failure(number) for number in range(25)), failure(90, cause="PST 7%"))

    found = as_json(ledger)

    (first, second) = found["connections"]
    assert (found["ok"], found["unresolved"], second["ok"]) == (False, 26, True)
    assert first["warning"] == "26 failed messages need you"
    (block,) = first["blocks"]
    assert block["workflow"] == "orders"
    assert [(group["count"], group["cause"]) for group in block["groups"]] == [(25, "GST 5%"), (1, "PST 7%")]


def test_group_says_since_when_how_often_again_and_what_to_do_next(ledger: Engine) -> None:
    record(ledger, failure(1, failed_at=minutes_ago(30)), failure(2, failed_at=minutes_ago(20)))
    with writing(ledger) as connection:
        claim_for_retry(connection, Target("orders", "event-1"), Order("c", "anna", now()))
    last = failure(1, failed_at=minutes_ago(5))
    record(ledger, last)

    (group,) = as_json(ledger)["connections"][0]["blocks"][0]["groups"]

    assert (group["count"], group["failed_again"]) == (2, 1)
    assert group["last_seen"] == last.failed_at.isoformat()
    assert group["first_seen"] < minutes_ago(29).isoformat()
    assert group["next"] == f"counterfoil errors fix {last.group_id}"
    text = shown(ledger)
    assert "2 × tax_code_unmapped" in text and "1 failed again after a retry" in text
    assert "⚠ acme-woo: 2 failed messages need you" in text


def test_retried_message_leaves_the_list_at_once(ledger: Engine) -> None:
    record(ledger, failure(1))

    with writing(ledger) as connection:
        claim_for_retry(connection, Target("orders"), Order("c", "anna", now() + timedelta(seconds=1)))

    assert as_json(ledger)["unresolved"] == 0


def test_paused_connection_and_unknown_connection_are_warned_of(ledger: Engine) -> None:
    with writing(ledger) as connection:
        change_status(connection, "acme-woo", "paused", reason="reconnect needed", now=now())
    record(ledger, failure(1, connection_id="", reason="invalid_event", cause="x", fix=""))

    nameless, acme, _ = as_json(ledger)["connections"]

    assert acme["warning"] == "paused: reconnect needed"
    assert (nameless["connection"], nameless["status"]) == ("", "unknown")
    next_step = nameless["blocks"][0]["groups"][0]["next"]
    assert next_step.startswith("counterfoil errors retry-all ")
