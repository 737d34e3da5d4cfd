"""Two connections may use one event id: a failed message is named by its connection too."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("failed_messages") as table:
        table.drop_constraint(op.f("pk_failed_messages"), type_="primary")
        table.create_primary_key(op.f("pk_failed_messages"), ["event_id", "workflow", "connection_id"])


def downgrade() -> None:
    with op.batch_alter_table("failed_messages") as table:
        table.drop_constraint(op.f("pk_failed_messages"), type_="primary")
        table.create_primary_key(op.f("pk_failed_messages"), ["event_id", "workflow"])
