"""A company's permits lie in one row: taking one locks and writes one row instead of fifty."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("budgets", sa.Column("permits", sa.JSON(), nullable=False, server_default="{}"))
    op.execute("DELETE FROM budgets WHERE kind NOT IN ('gate', 'reads')")


def downgrade() -> None:
    op.drop_column("budgets", "permits")
