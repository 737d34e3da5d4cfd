"""What orders and refunds move in stock, so that a stock level never counts a sale twice."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stock_moves",
        sa.Column("connection_id", sa.String(length=63), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("product_id", sa.String(length=200), nullable=False),
        sa.Column("object_key", sa.String(length=200), nullable=False),
        sa.Column("sku", sa.String(length=200), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.String(length=40), nullable=False),
        sa.Column("wanted", sa.String(length=40), nullable=False),
        sa.Column("booked", sa.String(length=40), nullable=False),
        sa.Column("unseen", sa.Integer(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "source", "product_id", name=op.f("pk_stock_moves")),
        comment="What orders and refunds move in stock, and whether QuickBooks has followed",
    )
    op.create_index(
        op.f("ix_stock_moves_connection_id_product_id"), "stock_moves", ["connection_id", "product_id"]
    )
    op.create_index(op.f("ix_stock_moves_connection_id_sku"), "stock_moves", ["connection_id", "sku"])
    op.create_index(op.f("ix_stock_moves_unseen_noted_at"), "stock_moves", ["unseen", "noted_at"])


def downgrade() -> None:
    op.drop_table("stock_moves")
