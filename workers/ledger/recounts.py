"""Which stock must be looked at again: an order changed after its item was counted, or will never be booked (A74)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, and_, exists, or_, select, update

from workers.ledger.connections import read_connections
from workers.ledger.tables import failed_messages, stock_moves, sync_mappings

ROWS_AT_ONCE = 500
"""What one look takes; the next one takes the rest."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """A row that no count has looked at since it changed, and the level that must be counted again for it.

    ``level_id`` "": none, either nobody counts this product or its level is older than the movement.
    """

    connection_id: str
    source: str
    product_id: str
    noted_at: datetime
    level_id: str


def drop_ignored(connection: Connection, now: datetime) -> int:
    """Orders that an operator ignores will not be booked: what the store moved for them is an adjustment after all.

    Returns how many rows that is.
    """
    moves, failed = stock_moves, failed_messages
    ignored = exists().where(
        failed.c.connection_id == moves.c.connection_id,
        failed.c.workflow == "orders",
        failed.c.status == "ignored",
        or_(failed.c.subject == moves.c.source, failed.c.subject == moves.c.object_key),
    )
    result = connection.execute(
        update(moves)
        .where(moves.c.wanted != moves.c.booked, ignored)
        .values(wanted=moves.c.booked, before=moves.c.booked, unseen=1, noted_at=now)
    )
    return result.rowcount


def unseen_moves(connection: Connection, *, noted_before: datetime) -> list[Unseen]:
    """The rows that changed before then and were not counted since, oldest first."""
    moves = stock_moves
    product = sync_mappings.alias("product")
    level = sync_mappings.alias("level")
    statement = (
        select(moves, level.c.store_id.label("level_id"), level.c.version.label("counted_at"))
        .select_from(moves)
        .outerjoin(
            product,
            and_(
                product.c.connection_id == moves.c.connection_id,
                product.c.kind == "product",
                product.c.store_id == moves.c.product_id,
                product.c.quickbooks_id != "",
            ),
        )
        .outerjoin(
            level,
            and_(
                level.c.connection_id == moves.c.connection_id,
                level.c.entity == "Item",
                level.c.kind == "level",
                level.c.quickbooks_id == product.c.quickbooks_id,
            ),
        )
        .where(moves.c.unseen == 1, moves.c.noted_at < noted_before)
        .order_by(moves.c.noted_at)
        .limit(ROWS_AT_ONCE)
    )
    found = connection.execute(statement).all()
    by_hand = _by_hand(connection, found)
    return [_unseen(row, by_hand) for row in found]


def mark_asked(connection: Connection, asked: Iterable[Unseen]) -> None:
    """These rows need no more: their count is asked for, or nobody counts them. Rows that changed since stay."""
    for row in asked:
        connection.execute(
            update(stock_moves)
            .where(
                stock_moves.c.connection_id == row.connection_id,
                stock_moves.c.source == row.source,
                stock_moves.c.product_id == row.product_id,
                stock_moves.c.noted_at == row.noted_at,
            )
            .values(unseen=0)
        )


def _unseen(row: Row[tuple[object, ...]], by_hand: dict[tuple[str, str], tuple[str, datetime]]) -> Unseen:
    level_id, counted_at = row.level_id, row.counted_at
    if level_id is None:
        level_id, counted_at = by_hand.get((row.connection_id, row.sku), ("", None))
    if counted_at is None or counted_at < row.moved_at:
        level_id = ""
    return Unseen(row.connection_id, row.source, row.product_id, row.noted_at, level_id)


def _by_hand(
    connection: Connection, found: Sequence[Row[tuple[object, ...]]]
) -> dict[tuple[str, str], tuple[str, datetime]]:
    """The levels of SKUs that settings map to an item: the ledger keeps no product for them."""
    if all(row.level_id is not None or not row.sku for row in found):
        return {}
    level = sync_mappings
    levels: dict[tuple[str, str], tuple[str, datetime]] = {}
    for stored in read_connections(connection):
        of, products = stored.connection.connection_id, stored.connection.settings.products
        skus = {row.sku for row in found if row.connection_id == of and row.sku in products}
        for sku in sorted(skus):
            statement = select(level.c.store_id, level.c.version).where(
                level.c.connection_id == of,
                level.c.entity == "Item",
                level.c.quickbooks_id == products[sku],
                level.c.kind == "level",
            )
            first = connection.execute(statement).first()
            if first is not None and first.version is not None:
                levels[of, sku] = (first.store_id, first.version)
    return levels
