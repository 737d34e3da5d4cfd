"""What orders and refunds move in stock, as the ledger keeps it (rule A74; the reckoning is in ``workers.stock``)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, or_, select, update

from workers.ledger.lists import among, insert_rows, new_rows
from workers.ledger.tables import intents, sync_mappings
from workers.ledger.tables import stock_moves as rows
from workers.stock import NoteStock, RecallStock, StockMoves, StockRow, noted

KEPT = timedelta(days=180)
"""An order that is edited later than that after it last moved stock is counted as if it were new."""


def note_stock(connection: Connection, connection_id: str, notes: Sequence[NoteStock], now: datetime) -> None:
    """Write what these notes say; a row that moves nothing and was never stored leaves none."""
    if not notes:
        return
    stored = _of_sources(connection, connection_id, {note.source for note in notes})
    current = {source: dict(of_source) for source, of_source in stored.items()}
    for note in notes:
        current[note.source] = noted(current.get(note.source, {}), note)
    changed = [
        row if row.noted_at is not None else replace(row, noted_at=now)
        for source, of_source in current.items()
        for product, row in of_source.items()
        if row is not stored.get(source, {}).get(product) and not (row.empty and not stored.get(source))
    ]
    if changed:
        values = [_values(connection_id, row) for row in changed]
        dialect = connection.dialect.name
        connection.execute(_store(dialect), new_rows(dialect, rows, values))


def moves_of_item(connection: Connection, connection_id: str, asked: RecallStock) -> StockMoves:
    """Read the rows of an item that matter for a count, and whether one of its orders is under way."""
    dialect = connection.dialect.name
    parameters = {
        "of": connection_id,
        "item": asked.item_id,
        "ids": list(asked.store_ids),
        "skus": [sku for sku in asked.skus if sku],
        "counted": asked.counted_at,
    }
    found = connection.execute(_moves(dialect), parameters)
    busy = connection.scalars(
        _busy(dialect), {name: parameters[name] for name in ("of", "item", "ids", "skus")}
    )
    return StockMoves(tuple(_row(row) for row in found), busy.first() is not None)


def see_stock(connection: Connection, connection_id: str, counted: Iterable[StockRow]) -> None:
    """Note that a count has looked at these rows, unless they changed since; those that move nothing go."""
    for row in counted:
        if row.unseen:
            connection.execute(
                update(rows)
                .where(*_same(connection_id, row), rows.c.noted_at == row.noted_at)
                .values(unseen=0)
            )
        if row.empty:
            connection.execute(
                delete(rows).where(*_same(connection_id, row), rows.c.noted_at == row.noted_at)
            )


def forget_old_moves(connection: Connection, now: datetime) -> None:
    """Remove what was counted long ago."""
    connection.execute(
        delete(rows).where(rows.c.unseen == 0, rows.c.noted_at < now - KEPT, rows.c.wanted == rows.c.booked)
    )


def _of_sources(
    connection: Connection, connection_id: str, sources: set[str]
) -> dict[str, dict[str, StockRow]]:
    found: dict[str, dict[str, StockRow]] = {}
    statement = _sources(connection.dialect.name)
    for row in connection.execute(statement, {"of": connection_id, "sources": sorted(sources)}):
        found.setdefault(row.source, {})[row.product_id] = _row(row)
    return found


@cache
def _sources(dialect: str) -> Any:
    return select(rows).where(
        rows.c.connection_id == bindparam("of"), among(dialect, rows.c.source, "sources")
    )


@cache
def _moves(dialect: str) -> Any:
    counted = bindparam("counted", type_=rows.c.moved_at.type)
    return (
        select(rows)
        .where(
            rows.c.connection_id == bindparam("of"),
            _of_item(dialect),
            or_(
                rows.c.wanted != rows.c.booked,
                rows.c.moved_at > counted,
                rows.c.known_at >= counted,
                rows.c.unseen == 1,
            ),
        )
        .order_by(rows.c.source, rows.c.product_id)
    )


@cache
def _busy(dialect: str) -> Any:
    under_way = select(intents.c.object_key).where(intents.c.connection_id == bindparam("of"))
    return (
        select(rows.c.source)
        .where(rows.c.connection_id == bindparam("of"), rows.c.object_key.in_(under_way), _of_item(dialect))
        .limit(1)
    )


def _of_item(dialect: str) -> ColumnElement[bool]:
    mapped = select(sync_mappings.c.store_id).where(
        sync_mappings.c.connection_id == bindparam("of"),
        sync_mappings.c.entity == "Item",
        sync_mappings.c.quickbooks_id == bindparam("item"),
        sync_mappings.c.kind == "product",
    )
    return or_(
        rows.c.product_id.in_(mapped),
        among(dialect, rows.c.product_id, "ids"),
        among(dialect, rows.c.sku, "skus"),
    )


@cache
def _store(dialect: str) -> Any:
    insert = insert_rows(dialect, rows)
    keys = ("connection_id", "source", "product_id")
    changed = {column.name: insert.excluded[column.name] for column in rows.c if column.name not in keys}
    return insert.on_conflict_do_update(index_elements=list(keys), set_=changed)


def _same(connection_id: str, row: StockRow) -> tuple[ColumnElement[bool], ...]:
    return (
        rows.c.connection_id == connection_id,
        rows.c.source == row.source,
        rows.c.product_id == row.product_id,
    )


def _values(connection_id: str, row: StockRow) -> dict[str, object]:
    return {
        "connection_id": connection_id,
        "source": row.source[:200],
        "product_id": row.product_id[:200],
        "object_key": row.object_key[:200],
        "sku": row.sku[:200],
        "moved_at": row.moved_at,
        "version": row.version,
        "known_at": row.known_at,
        "before": _text(row.before),
        "wanted": _text(row.wanted),
        "booked": _text(row.booked),
        "unseen": int(row.unseen),
        "noted_at": row.noted_at,
    }


def _row(row: Row[Any]) -> StockRow:
    return StockRow(
        source=row.source,
        object_key=row.object_key,
        product_id=row.product_id,
        sku=row.sku,
        moved_at=row.moved_at,
        version=row.version,
        known_at=row.known_at,
        before=Decimal(row.before),
        wanted=Decimal(row.wanted),
        booked=Decimal(row.booked),
        unseen=bool(row.unseen),
        noted_at=row.noted_at,
    )


def _text(quantity: Decimal) -> str:
    """One text for one number: rows are compared by it."""
    return f"{quantity.normalize():f}"
