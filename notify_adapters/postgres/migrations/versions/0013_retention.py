"""What retention needs: the facts of test keys and of letters by the day their contents go.

And what it has to remember: the letters whose PDFs are still to be removed, and how far a service's data were moved to
the days of its new setting.
"""

from alembic import op

revision = "0013_retention"
down_revision = "0012_nights"
branch_labels = None
depends_on = None

REMEMBERED = """
CREATE TABLE letter_files_due (
    notification_id uuid PRIMARY KEY,
    reference text NOT NULL,
    created_at timestamptz NOT NULL,
    key_type text NOT NULL,
    status text NOT NULL
);
CREATE TABLE redatings (
    service_id uuid PRIMARY KEY,
    change_id uuid NOT NULL,
    stage text NOT NULL,
    before uuid
);
"""


def upgrade() -> None:
    """Make both indexes and both tables."""
    op.execute("CREATE INDEX notifications_test_expires_on_idx ON notifications (expires_on) WHERE key_type = 'test'")
    op.execute("CREATE INDEX notifications_letter_expires_on_idx ON notifications (expires_on) WHERE channel = 'letter'")
    op.execute(REMEMBERED)


def downgrade() -> None:
    """Remove them."""
    op.execute("DROP TABLE redatings")
    op.execute("DROP TABLE letter_files_due")
    op.execute("DROP INDEX notifications_letter_expires_on_idx")
    op.execute("DROP INDEX notifications_test_expires_on_idx")
