"""Alembic's entry: runs the revisions on the connection that ``migrate`` hands over."""

from alembic import context

from workers.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=False,
)
with context.begin_transaction():
    context.run_migrations()
