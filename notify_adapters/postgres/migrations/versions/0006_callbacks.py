"""Callbacks to services, and what became of each."""

from alembic import op

revision = "0006_callbacks"
down_revision = "0005_receipts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("")


def downgrade() -> None:
    op.execute("")
