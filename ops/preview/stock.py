"""What previewed orders and refunds would move in stock, on top of what the ledger knows."""

from collections.abc import Mapping

from sqlalchemy import Engine

from workers.ledger.engine import reading
from workers.ledger.mappings import recall_mappings
from workers.ledger.stock_moves import moves_of_item
from workers.steps import StoreKey, SyncMapping
from workers.stock import NoteStock, RecallStock, SeeStock, StockMoves, StockRow, noted


class PretendedStock:
    """Keeps notes for the time of a preview; ``remembered`` are the mappings that the preview would store."""

    def __init__(
        self, engine: Engine, connection_id: str, remembered: Mapping[StoreKey, SyncMapping]
    ) -> None:
        self._engine = engine
        self._connection_id = connection_id
        self._remembered = remembered
        self._noted: dict[str, dict[str, StockRow]] = {}

    def answer(self, step: NoteStock | RecallStock | SeeStock) -> StockMoves | None:
        """As the ledger would answer."""
        match step:
            case NoteStock():
                self._noted[step.source] = noted(self._noted.get(step.source, {}), step)
                return None
            case SeeStock():
                return None
            case RecallStock():
                return self._recalled(step)

    def _recalled(self, asked: RecallStock) -> StockMoves:
        with reading(self._engine) as database:
            known = moves_of_item(database, self._connection_id, asked)
            noted_now = [row for rows in self._noted.values() for row in rows.values()]
            keys = [StoreKey("product", row.product_id) for row in noted_now]
            mapped = {**recall_mappings(database, self._connection_id, keys), **self._remembered}
        kept = [row for row in known.rows if row.source not in self._noted]
        mine = [row for row in noted_now if _is_of(row, asked, mapped)]
        return StockMoves((*kept, *mine), known.in_flight)


def _is_of(row: StockRow, asked: RecallStock, mapped: Mapping[StoreKey, SyncMapping]) -> bool:
    mapping = mapped.get(StoreKey("product", row.product_id))
    return (
        row.product_id in asked.store_ids
        or (row.sku != "" and row.sku in asked.skus)
        or (mapping is not None and mapping.quickbooks_id == asked.item_id)
    )
