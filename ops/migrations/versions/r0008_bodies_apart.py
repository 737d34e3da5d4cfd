"""The messages of failed messages lie apart: a command changes many rows without writing them anew."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = ("event_id", "workflow", "connection_id")
NAMES = ", ".join(KEY)
OBJECTS = ("object_key", "subject")


def upgrade() -> None:
    op.create_table(
        "failed_bodies",
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("workflow", sa.String(length=10), nullable=False),
        sa.Column("connection_id", sa.String(length=63), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_failed_bodies")),
        comment="The message of each failed message, to the byte, as long as it is kept",
    )
    op.execute(
        f"INSERT INTO failed_bodies ({NAMES}, body) "  # noqa: S608
        f"SELECT {NAMES}, body FROM failed_messages WHERE length(body) > 0"
    )
    with op.batch_alter_table("failed_messages") as table:
        table.drop_column("body")
        for name in OBJECTS:
            table.drop_index(op.f(f"ix_failed_messages_connection_id_{name}_status"))
            table.create_index(op.f(f"ix_failed_messages_connection_id_{name}"), ["connection_id", name])


def downgrade() -> None:
    same = " AND ".join(f"b.{name} = failed_messages.{name}" for name in KEY)
    with op.batch_alter_table("failed_messages") as table:
        table.add_column(sa.Column("body", sa.LargeBinary(), nullable=True))
        for name in OBJECTS:
            table.drop_index(op.f(f"ix_failed_messages_connection_id_{name}"))
            table.create_index(
                op.f(f"ix_failed_messages_connection_id_{name}_status"), ["connection_id", name, "status"]
            )
    op.execute(
        f"UPDATE failed_messages SET body = (SELECT b.body FROM failed_bodies b WHERE {same})"  # noqa: S608
    )
    op.execute(sa.text("UPDATE failed_messages SET body = :empty WHERE body IS NULL").bindparams(empty=b""))
    with op.batch_alter_table("failed_messages") as table:
        table.alter_column("body", existing_type=sa.LargeBinary(), nullable=False)
    op.drop_table("failed_bodies")
