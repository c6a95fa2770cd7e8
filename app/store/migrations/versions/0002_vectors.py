"""The vector each decision was scored with: what models are trained on. Older decisions have none."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    op.add_column("decisions", sa.Column("vector", sa.LargeBinary()))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("decisions", "vector")
