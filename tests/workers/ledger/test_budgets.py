"""Budgets in the ledger: permits are seen by all workers, and reads are counted by the month."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from workers.ledger.budgets import BudgetState, add_reads, close_gate, lock_budgets, reads_in, store_permits
from workers.ledger.engine import open_ledger, writing
from workers.ledger.tables import budgets, metadata

MONTH = datetime(2026, 11, 1, tzinfo=UTC)
NEXT_MONTH = datetime(2026, 12, 1, tzinfo=UTC)


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    metadata.create_all(engine, tables=[budgets])
    yield engine
    engine.dispose()


def look(engine: Engine, realm_id: str = "9130", app: str = "app") -> BudgetState:
    with writing(engine) as connection:
        return lock_budgets(connection, [realm_id], app, clock=clock)[realm_id]


def test_a_new_company_has_all_its_permits(engine: Engine) -> None:
    state = look(engine)

    assert state.used_at == {}
    assert (state.blocked_until, state.withheld_percent) == (None, 0)


def test_a_used_permit_is_seen_by_the_next_worker_and_by_no_other_company_or_app(engine: Engine) -> None:
    at = look(engine).now

    with writing(engine) as connection:
        store_permits(connection, "app", {"9130": {"batch-01": at}})

    assert look(engine).used_at == {"batch-01": at}
    assert look(engine, realm_id="9131").used_at == {}
    assert look(engine, app="other").used_at == {}


def test_the_budgets_of_many_companies_are_read_and_written_together(engine: Engine) -> None:
    with writing(engine) as connection:
        states = lock_budgets(connection, ["9131", "9130"], "app", clock=clock)
        used = {realm_id: {"request-00": state.now} for realm_id, state in states.items()}
        store_permits(connection, "app", used)

    assert {realm_id: look(engine, realm_id).used_at for realm_id in ("9130", "9131")} == used


def test_a_closed_gate_is_seen_by_the_next_worker(engine: Engine) -> None:
    now = look(engine).now

    with writing(engine) as connection:
        close_gate(connection, "9130", "app", until=now + timedelta(minutes=1), withheld_percent=25, now=now)

    state = look(engine)
    assert (state.blocked_until, state.withheld_percent) == (now + timedelta(minutes=1), 25)
    assert state.throttled_at == now


def test_reads_add_up_over_companies_and_start_again_with_the_month(engine: Engine) -> None:
    with writing(engine) as connection:
        add_reads(connection, "9130", "app", 20, month=MONTH)
        add_reads(connection, "9130", "app", 5, month=MONTH)
        add_reads(connection, "9131", "app", 3, month=MONTH)
        add_reads(connection, "9130", "other", 100, month=MONTH)
        november = reads_in(connection, "app", month=MONTH)
        add_reads(connection, "9130", "app", 7, month=NEXT_MONTH)
        december = reads_in(connection, "app", month=NEXT_MONTH)

    assert (november, december) == (28, 7)
