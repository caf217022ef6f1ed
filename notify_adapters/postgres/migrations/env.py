"""Run the migrations on the connection that migrate.py opened and locked."""

from alembic import context

from notify_adapters.postgres.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
