"""The tables, one comment each. Migrations in ops/migrations follow them; a test compares the two.

The connection is last in every index that is no key. PostgreSQL keeps the plan of a statement; one made while a table
is small would take an index that begins with it for as good as the key, and read all rows of a connection ever after.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC times in and out, also on SQLite, which forgets the offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without an offset does not go into the ledger")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"}
)

connections = Table(
    "connections",
    metadata,
    Column("connection_id", String(63), primary_key=True),
    Column("platform", String(20), nullable=False),
    Column("realm_id", String(32), nullable=False),
    Column("status", String(10), nullable=False),
    Column("pause_reason", Text, nullable=False),
    Column("paused_until", UtcTime),  # None while paused: until a person resumes
    Column("country", String(2), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("settings_version", Integer, nullable=False),
    Column("secrets", LargeBinary, nullable=False),  # encrypted JSON: webhook secrets
    Column("company", JSON, nullable=False),  # what we know of the QuickBooks company; {} = not read yet
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    comment="One store linked to one QuickBooks company",
)

setting_versions = Table(
    "setting_versions",
    metadata,
    Column("connection_id", String(63), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("settings", JSON, nullable=False),  # all of them, as they were from then on
    Column("mappings", JSON, nullable=False),  # sync mappings that a person chose with this change
    Column("changed_by", String(200), nullable=False),
    Column("why", Text, nullable=False),  # the command that changed them
    Column("changed_at", UtcTime, nullable=False),
    comment="Who changed a connection's settings, and when",
)

quickbooks_tokens = Table(
    "quickbooks_tokens",
    metadata,
    Column("realm_id", String(32), primary_key=True),
    Column("tokens", LargeBinary, nullable=False),  # encrypted JSON: access and refresh token
    Column("access_expires_at", UtcTime, nullable=False),
    Column("refresh_expires_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("refreshing_by", String(64), nullable=False),  # "" = nobody
    Column("refreshing_until", UtcTime),
    Column("revoked", String(200), nullable=False),  # "" = good; else why a person must connect again
    Column("updated_at", UtcTime, nullable=False),
    comment="OAuth tokens of one company, refreshed by one worker at a time",
)

sync_mappings = Table(
    "sync_mappings",
    metadata,
    Column("connection_id", String(63), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("store_id", String(200), primary_key=True),
    Column("entity", String(30), nullable=False),
    Column("quickbooks_id", String(40), nullable=False),
    Column("sync_token", String(20), nullable=False),
    Column("version", UtcTime),
    Column("document_hash", String(64), nullable=False),
    Column("removed", Integer, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("event_id", String(128), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "quickbooks_id", "entity", "connection_id"),
    comment="Store id and QuickBooks id, and what was booked",
)

entries = Table(
    "entries",
    metadata,
    Column("connection_id", String(63), primary_key=True),
    Column("event_id", String(128), primary_key=True),
    Column("workflow", String(10), nullable=False),
    Column("type", String(60), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("version", UtcTime, nullable=False),
    Column("status", String(12), nullable=False),  # booked, superseded, skipped
    Column("why", String(60), nullable=False),
    Column("documents", JSON, nullable=False),  # [["SalesReceipt", "17"], …]
    Column("attempts", Integer, nullable=False),
    Column("settled_at", UtcTime, nullable=False),
    Index(None, "subject", "connection_id"),
    comment="How each event ended: one row for each event that needs nothing more",
)

intents = Table(
    "intents",
    metadata,
    Column("connection_id", String(63), primary_key=True),
    Column("event_id", String(128), primary_key=True),
    Column("name", String(60), primary_key=True),  # the step of the event: customer, receipt, …
    Column("object_key", String(200), nullable=False),
    Column("realm_id", String(32), nullable=False),
    Column("request_id", String(50), nullable=False),
    Column("item_id", String(10), nullable=False),  # "" = a call of its own, not a batch
    Column("entity", String(30), nullable=False),
    Column("operation", String(10), nullable=False),
    Column("document", Text, nullable=False),  # the JSON we sent, to the byte: a repeat must not differ
    Column("mapping_kind", String(20), nullable=False),  # "" = no mapping follows
    Column("mapping_id", String(200), nullable=False),
    Column("version", UtcTime),
    Column("detail", JSON, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Index(None, "object_key", "connection_id"),
    comment="Writes whose outcome is not known yet: written before the call, removed with its result",
)

claims = Table(
    "claims",
    metadata,
    Column("connection_id", String(63), primary_key=True),
    Column("object_key", String(200), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("until", UtcTime, nullable=False),
    comment="Which worker works on which store object just now",
)

failed_messages = Table(
    "failed_messages",
    metadata,
    Column("event_id", String(128), primary_key=True),
    Column("workflow", String(10), primary_key=True),
    Column("connection_id", String(63), primary_key=True),  # senders choose ids: two stores may use the same
    Column("subject", String(200), nullable=False),
    Column("object_key", String(200), nullable=False),
    Column("reason", String(60), nullable=False),
    Column("cause", Text, nullable=False),
    Column("group_id", String(12), nullable=False),
    Column("message", Text, nullable=False),
    Column("fix", Text, nullable=False),
    Column("fault_code", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),  # how often it came here, retries included
    Column("status", String(12), nullable=False),  # unresolved, retry_issued, resolved, ignored
    Column("copy_id", String(32), nullable=False),  # the copy in the error queue that belongs to this row
    Column("command_id", String(128), nullable=False),  # the command that changed the status last
    Column("changed_by", String(200), nullable=False),
    Column("ignore_reason", Text, nullable=False),
    Column("first_failed_at", UtcTime, nullable=False),
    Column("failed_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("sequence", BigInteger, nullable=False),  # order of arrival in the error queue (nanoseconds)
    Index(None, "workflow", "status", "group_id"),
    Index(None, "object_key", "connection_id"),  # without the status, which many rows change at once
    Index(None, "subject", "connection_id"),
    comment="One row for each failed message, as an operator sees it",
)

failed_bodies = Table(
    "failed_bodies",
    metadata,
    Column("event_id", String(128), primary_key=True),
    Column("workflow", String(10), primary_key=True),
    Column("connection_id", String(63), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    comment="The message of each failed message, to the byte, as long as it is kept",
)

commands = Table(
    "commands",
    metadata,
    Column("workflow", String(10), primary_key=True),
    Column("command_id", String(128), primary_key=True),
    Column("command", String(20), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("given_by", String(200), nullable=False),
    Column("status", String(10), nullable=False),  # running, done, cancelled, refused
    Column("why", Text, nullable=False),
    Column("matched", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    comment="Every command that was carried out or refused",
)

budgets = Table(
    "budgets",
    metadata,
    Column("realm_id", String(32), primary_key=True),
    Column("app", String(64), primary_key=True),
    Column("kind", String(12), primary_key=True),  # gate (what may be called when), reads (of the month)
    Column("window_start", UtcTime, nullable=False),
    Column("used", Integer, nullable=False),
    Column("blocked_until", UtcTime),
    Column("permits", JSON, nullable=False, server_default="{}"),  # when each was used last, in microseconds
    comment="What is used of a company's request limits in the current window",
)

stock_moves = Table(
    "stock_moves",
    metadata,
    Column("connection_id", String(63), primary_key=True),
    Column("source", String(200), primary_key=True),  # subject of the order or refund
    Column("product_id", String(200), primary_key=True),  # as products are named in sync_mappings
    Column("object_key", String(200), nullable=False),
    Column("sku", String(200), nullable=False),
    Column("moved_at", UtcTime, nullable=False),
    Column("version", UtcTime, nullable=False),
    Column("known_at", UtcTime, nullable=False),
    Column("before", String(40), nullable=False),  # quantities are text: negative out of stock
    Column("wanted", String(40), nullable=False),
    Column("booked", String(40), nullable=False),
    Column("unseen", Integer, nullable=False),  # 1 = no count of its item has looked at it since it changed
    Column("noted_at", UtcTime, nullable=False),
    Index(None, "product_id", "connection_id"),
    Index(None, "sku", "connection_id"),
    Index(None, "unseen", "noted_at"),
    comment="What orders and refunds move in stock, and whether QuickBooks has followed",
)

edited_messages = Table(
    "edited_messages",
    metadata,
    Column("workflow", String(10), primary_key=True),
    Column("command_id", String(128), primary_key=True),  # the command that edited it
    Column("connection_id", String(63), nullable=False),
    Column("event_id", String(128), nullable=False),
    Column("original", LargeBinary, nullable=False),
    Column("edited", LargeBinary, nullable=False),
    Column("edited_by", String(200), nullable=False),
    Column("edited_at", UtcTime, nullable=False),
    Index(None, "event_id"),
    comment="Failed messages that were edited and retried: before and after",
)

backfills = Table(
    "backfills",
    metadata,
    Column("connection_id", String(63), primary_key=True),
    Column("kind", String(12), primary_key=True),  # products, customers, orders
    Column("run_id", String(32), nullable=False),  # whose cursor counts: the run that began last
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime),  # None = to the end
    Column("cursor", Text, nullable=False),  # "" = at the beginning
    Column("objects", Integer, nullable=False),
    Column("published", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("covered_until", UtcTime),  # what changed in the store before this has been read
    comment="How far the store was read, for each kind of object: where to resume, where the next run begins",
)
