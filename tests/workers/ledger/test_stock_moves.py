"""What orders move in stock, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, insert

from workers.ledger.engine import open_ledger, reading, writing
from workers.ledger.intents import Intent, start_intents
from workers.ledger.mappings import Remembered, store_mappings
from workers.ledger.recounts import drop_ignored, mark_asked, unseen_moves
from workers.ledger.stock_moves import forget_old_moves, moves_of_item, note_stock, see_stock
from workers.ledger.tables import failed_messages, metadata
from workers.steps import StoreKey, SyncMapping
from workers.stock import Movement, NoteStock, RecallStock, StockMoves

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SOLD = NoteStock(
    "order/1",
    "order/1",
    "seen",
    NOW,
    NOW,
    (Movement("v-1", "MUG", Decimal("-2")), Movement("v-2", "TIN", Decimal(-1))),
)
BOOKED = replace(SOLD, phase="booked")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_ledger(database_url)
    metadata.create_all(engine)
    mappings = [
        SyncMapping(StoreKey("product", "v-1"), "Item", "13"),
        SyncMapping(StoreKey("level", "i-1"), "Item", "13", version=LATER),
    ]
    with writing(engine) as database:
        store_mappings(database, "acme", [Remembered(one, "event") for one in mappings], NOW)
    yield engine
    engine.dispose()


def note(engine: Engine, *notes: NoteStock, at: datetime = NOW) -> None:
    with writing(engine) as database:
        note_stock(database, "acme", notes, at)


def moves(engine: Engine, item_id: str = "13", *, skus: tuple[str, ...] = ()) -> StockMoves:
    with reading(engine) as database:
        return moves_of_item(database, "acme", RecallStock(item_id, LATER, skus=skus))


def see(engine: Engine, counted: StockMoves) -> None:
    with writing(engine) as database:
        see_stock(database, "acme", counted.rows)


def due(engine: Engine) -> list[tuple[str, str]]:
    with reading(engine) as database:
        found = unseen_moves(database, noted_before=LATER)
    return [(one.product_id, one.level_id) for one in found]


def test_rows_of_an_item_are_found_by_its_product_and_by_sku(engine: Engine) -> None:
    note(engine, SOLD)

    assert [(row.product_id, int(row.wanted)) for row in moves(engine).rows] == [("v-1", -2)]
    assert [row.product_id for row in moves(engine, "99", skus=("TIN",)).rows] == ["v-2"]
    assert moves(engine, "99").rows == ()


def test_what_both_sides_hold_is_left_out_once_it_was_counted(engine: Engine) -> None:
    note(engine, SOLD, BOOKED)

    see(engine, moves(engine))

    assert moves(engine).rows == ()
    assert due(engine) == [("v-2", "")]


def test_order_with_an_open_intent_is_in_flight(engine: Engine) -> None:
    note(engine, SOLD)
    under_way = Intent("acme", "e", "sale", "order/1", "1", "r", "", "SalesReceipt", "create", "{}", NOW)
    with writing(engine) as database:
        start_intents(database, [under_way])

    assert moves(engine).in_flight
    assert not moves(engine, "99").in_flight


def test_change_after_a_count_read_it_stays_unseen(engine: Engine) -> None:
    note(engine, SOLD)
    counted = moves(engine)
    note(engine, BOOKED, at=NOW + timedelta(seconds=1))

    see(engine, counted)

    assert ("v-1", "i-1") in due(engine)


def test_count_is_due_until_it_was_asked_for(engine: Engine) -> None:
    note(engine, SOLD)
    with writing(engine) as database:
        mark_asked(database, unseen_moves(database, noted_before=LATER))

    assert due(engine) == []


def test_skipped_order_that_was_never_stored_leaves_no_row(engine: Engine) -> None:
    note(engine, SOLD, replace(SOLD, phase="dropped"))

    assert (moves(engine).rows, due(engine)) == ((), [])


def test_ignored_order_no_longer_waits_to_be_booked(engine: Engine) -> None:
    note(engine, SOLD)
    see(engine, moves(engine))
    texts = ("reason", "cause", "group_id", "message", "fix", "fault_code", "copy_id", "command_id")
    row: dict[str, object] = {
        **dict.fromkeys((*texts, "changed_by", "ignore_reason"), ""),
        **dict.fromkeys(("first_failed_at", "failed_at", "changed_at"), NOW),
        **dict.fromkeys(("attempts", "failures", "sequence"), 1),
        "event_id": "e",
        "workflow": "orders",
        "connection_id": "acme",
        "status": "ignored",
        "subject": "order/1",
        "object_key": "order/1",
    }
    with writing(engine) as database:
        database.execute(insert(failed_messages).values(row))
        assert drop_ignored(database, NOW) == 2

    assert ("v-1", "i-1") in due(engine)
    assert [row.wanted for row in moves(engine).rows] == [0]


def test_settled_rows_are_forgotten_after_half_a_year(engine: Engine) -> None:
    note(engine, SOLD, BOOKED)
    see(engine, moves(engine))
    open_order = replace(SOLD, source="order/2", object_key="order/2")
    note(engine, open_order)
    with writing(engine) as database:
        forget_old_moves(database, NOW + timedelta(days=181))

    note(engine, replace(SOLD, movements=()), at=LATER)

    assert [row.source for row in moves(engine).rows] == ["order/2"]
