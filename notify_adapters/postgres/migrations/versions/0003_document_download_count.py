"""Files by email: how many files a message links to."""

from alembic import op

revision = "0003_document_download_count"
down_revision = "0002_public_api"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE notifications ADD COLUMN document_download_count integer")


def downgrade() -> None:
    op.execute("ALTER TABLE notifications DROP COLUMN document_download_count")
