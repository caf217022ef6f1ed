"""What is archived of recipients' wishes, and what else is let go of."""

from alembic import op

revision = "0014_letting_go"
down_revision = "0013_retention"
branch_labels = None
depends_on = None

_UP = """
CREATE TABLE unsubscribe_request_history (
    id uuid PRIMARY KEY,
    notification_id uuid NOT NULL,
    service_id uuid NOT NULL REFERENCES services (id),
    template_id uuid NOT NULL,
    template_version integer NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX unsubscribe_requests_created_at_idx ON unsubscribe_requests (created_at);
CREATE INDEX jobs_unarchived_idx ON jobs (id) WHERE NOT archived;
-- Lists that were removed before their names were forgotten with them.
UPDATE service_contact_lists SET original_file_name = id || '.csv' WHERE archived_at IS NOT NULL;
"""

_DOWN = """
DROP INDEX jobs_unarchived_idx;
DROP INDEX unsubscribe_requests_created_at_idx;
DROP TABLE unsubscribe_request_history;
"""


def upgrade() -> None:
    op.execute(_UP)


def downgrade() -> None:
    op.execute(_DOWN)
