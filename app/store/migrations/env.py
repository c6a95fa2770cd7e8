"""What Alembic runs: the migrations over the connection, and in the transaction, that `migrate` opened."""

from alembic import context

from app.store.sql import passkey_tables, token_tables, webhook_tables  # noqa: F401 - their tables are in the same metadata
from app.store.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite's too: a migration that fails leaves nothing behind
)
context.run_migrations()
