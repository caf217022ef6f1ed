"""Attempts are written down before the provider is called; doubts are counted."""

from alembic import op

revision = "0004_attempts"
down_revision = "0003_document_download_count"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("")


def downgrade() -> None:
    op.execute("")
