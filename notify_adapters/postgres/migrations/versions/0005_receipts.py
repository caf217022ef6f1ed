"""Receipts are stored before they are applied."""

from alembic import op

revision = "0005_receipts"
down_revision = "0004_attempts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("")


def downgrade() -> None:
    op.execute("")
