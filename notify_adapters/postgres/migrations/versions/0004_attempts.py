"""Attempts are written down before the provider is called; doubts are counted."""

from alembic import op

revision = "0004_attempts"
down_revision = "0003_document_download_count"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE notifications
            ADD COLUMN attempting_with text,
            ADD COLUMN doubts smallint NOT NULL DEFAULT 0,
            ADD COLUMN in_doubt_until timestamptz;
        CREATE INDEX notifications_in_doubt_idx ON notifications (id) WHERE in_doubt_until IS NOT NULL;
        CREATE INDEX notifications_doubts_idx ON notifications (id) WHERE doubts > 0;
        ALTER TABLE services ADD COLUMN when_in_doubt text NOT NULL DEFAULT 'resend';
    """)


def downgrade() -> None:
    op.execute("""
        ALTER TABLE services DROP COLUMN when_in_doubt;
        DROP INDEX notifications_doubts_idx;
        DROP INDEX notifications_in_doubt_idx;
        ALTER TABLE notifications
            DROP COLUMN attempting_with,
            DROP COLUMN doubts,
            DROP COLUMN in_doubt_until;
    """)
