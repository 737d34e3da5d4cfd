"""The connection comes last in all indexes but keys: PostgreSQL took them for the key while a table was small."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEXES = {
    "sync_mappings": ["quickbooks_id entity"],  # an id tells more rows apart than the kind of what it names
    "entries": ["subject"],
    "intents": ["object_key"],
    "failed_messages": ["object_key", "subject"],
    "stock_moves": ["product_id", "sku"],
}


def upgrade() -> None:
    for table, old, new in _orders():
        _replace(table, old, new)


def downgrade() -> None:
    for table, old, new in _orders():
        _replace(table, new, old)


def _orders() -> list[tuple[str, list[str], list[str]]]:
    """Each index of each table: its columns before and after."""
    return [
        (table, ["connection_id", *reversed(names.split())], [*names.split(), "connection_id"])
        for table, indexes in INDEXES.items()
        for names in indexes
    ]


def _replace(table: str, old: list[str], new: list[str]) -> None:
    op.drop_index(op.f(f"ix_{table}_{'_'.join(old)}"), table_name=table)
    op.create_index(op.f(f"ix_{table}_{'_'.join(new)}"), table, new)
