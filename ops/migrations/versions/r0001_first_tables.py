"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("realm_id", sa.String(length=32), nullable=False),
        sa.Column("app", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("realm_id", "app", "kind", name=op.f("pk_budgets")),
        comment="What is used of a company's request limits in the current window",
    )
    op.create_table(
        "claims",
        sa.Column("connection_id", sa.String(length=63), nullable=False),
        sa.Column("object_key", sa.String(length=200), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "object_key", name=op.f("pk_claims")),
        comment="Which worker works on which store object just now",
    )
    op.create_table(
        "commands",
        sa.Column("workflow", sa.String(length=10), nullable=False),
        sa.Column("command_id", sa.String(length=128), nullable=False),
        sa.Column("command", sa.String(length=20), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("given_by", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("workflow", "command_id", name=op.f("pk_commands")),
        comment="Every command that was carried out or refused",
    )
    op.create_table(
        "connections",
        sa.Column("connection_id", sa.String(length=63), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("realm_id", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("settings_version", sa.Integer(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("company", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_connections")),
        comment="One store linked to one QuickBooks company",
    )
    op.create_table(
        "entries",
        sa.Column("connection_id", sa.String(length=63), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("workflow", sa.String(length=10), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("version", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("why", sa.String(length=60), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "event_id", name=op.f("pk_entries")),
        comment="How each event ended: one row for each event that needs nothing more",
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_entries_connection_id_subject"), ["connection_id", "subject"], unique=False
        )

    op.create_table(
        "failed_messages",
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("workflow", sa.String(length=10), nullable=False),
        sa.Column("connection_id", sa.String(length=63), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("object_key", sa.String(length=200), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("group_id", sa.String(length=12), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("fix", sa.Text(), nullable=False),
        sa.Column("fault_code", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("copy_id", sa.String(length=32), nullable=False),
        sa.Column("command_id", sa.String(length=128), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("ignore_reason", sa.Text(), nullable=False),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "workflow", name=op.f("pk_failed_messages")),
        comment="One row for each failed message, as an operator sees it",
    )
    with op.batch_alter_table("failed_messages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_failed_messages_connection_id_object_key_status"),
            ["connection_id", "object_key", "status"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_failed_messages_connection_id_subject_status"),
            ["connection_id", "subject", "status"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_failed_messages_workflow_status_group_id"),
            ["workflow", "status", "group_id"],
            unique=False,
        )

    op.create_table(
        "intents",
        sa.Column("connection_id", sa.String(length=63), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("object_key", sa.String(length=200), nullable=False),
        sa.Column("realm_id", sa.String(length=32), nullable=False),
        sa.Column("request_id", sa.String(length=50), nullable=False),
        sa.Column("item_id", sa.String(length=10), nullable=False),
        sa.Column("entity", sa.String(length=30), nullable=False),
        sa.Column("operation", sa.String(length=10), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("mapping_kind", sa.String(length=20), nullable=False),
        sa.Column("mapping_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.DateTime(timezone=True), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "event_id", "name", name=op.f("pk_intents")),
        comment="Writes whose outcome is not known yet: written before the call, removed with its result",
    )
    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_intents_connection_id_object_key"), ["connection_id", "object_key"], unique=False
        )

    op.create_table(
        "quickbooks_tokens",
        sa.Column("realm_id", sa.String(length=32), nullable=False),
        sa.Column("tokens", sa.LargeBinary(), nullable=False),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refresh_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("refreshing_by", sa.String(length=64), nullable=False),
        sa.Column("refreshing_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked", sa.String(length=200), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("realm_id", name=op.f("pk_quickbooks_tokens")),
        comment="OAuth tokens of one company, refreshed by one worker at a time",
    )
    op.create_table(
        "sync_mappings",
        sa.Column("connection_id", sa.String(length=63), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("store_id", sa.String(length=200), nullable=False),
        sa.Column("entity", sa.String(length=30), nullable=False),
        sa.Column("quickbooks_id", sa.String(length=40), nullable=False),
        sa.Column("sync_token", sa.String(length=20), nullable=False),
        sa.Column("version", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document_hash", sa.String(length=64), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "kind", "store_id", name=op.f("pk_sync_mappings")),
        comment="Store id and QuickBooks id, and what was booked",
    )
    with op.batch_alter_table("sync_mappings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sync_mappings_connection_id_entity_quickbooks_id"),
            ["connection_id", "entity", "quickbooks_id"],
            unique=False,
        )


def downgrade() -> None:
    with op.batch_alter_table("sync_mappings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sync_mappings_connection_id_entity_quickbooks_id"))

    op.drop_table("sync_mappings")
    op.drop_table("quickbooks_tokens")
    with op.batch_alter_table("intents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_intents_connection_id_object_key"))

    op.drop_table("intents")
    with op.batch_alter_table("failed_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_failed_messages_workflow_status_group_id"))
        batch_op.drop_index(batch_op.f("ix_failed_messages_connection_id_subject_status"))
        batch_op.drop_index(batch_op.f("ix_failed_messages_connection_id_object_key_status"))

    op.drop_table("failed_messages")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entries_connection_id_subject"))

    op.drop_table("entries")
    op.drop_table("connections")
    op.drop_table("commands")
    op.drop_table("claims")
    op.drop_table("budgets")
