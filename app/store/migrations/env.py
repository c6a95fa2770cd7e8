"""What Alembic runs: the migrations over the connection, and in the transaction, that `migrate` opened."""

from alembic import context

from app.store.sql import (  # their tables are in the same metadata
    act_tables,  # noqa: F401
    case_tables,  # noqa: F401
    console_tables,  # noqa: F401
    feedback_tables,  # noqa: F401
    figure_tables,  # noqa: F401
    lock_tables,  # noqa: F401
    passkey_tables,  # noqa: F401
    token_tables,  # noqa: F401
    webhook_tables,  # noqa: F401
)
from app.store.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite's too: a migration that fails leaves nothing behind
)
context.run_migrations()
