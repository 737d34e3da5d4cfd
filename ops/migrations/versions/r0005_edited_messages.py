"""Edit and retry keeps both messages: the original and the edited one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edited_messages",
        sa.Column("workflow", sa.String(length=10), nullable=False),
        sa.Column("command_id", sa.String(length=128), nullable=False),
        sa.Column("connection_id", sa.String(length=63), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("original", sa.LargeBinary(), nullable=False),
        sa.Column("edited", sa.LargeBinary(), nullable=False),
        sa.Column("edited_by", sa.String(length=200), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("workflow", "command_id", name=op.f("pk_edited_messages")),
        comment="Failed messages that were edited and retried: before and after",
    )
    op.create_index(op.f("ix_edited_messages_event_id"), "edited_messages", ["event_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_edited_messages_event_id"), table_name="edited_messages")
    op.drop_table("edited_messages")
