"""What became of each day's messages, and how soon they were handed over."""

from alembic import op

revision = "0016_statistics"
down_revision = "0015_billing"
branch_labels = None
depends_on = None

# Days are London's, in summer too. A message of no job has the nil UUID for one, so that the key can hold it.
STATUS = """
CREATE TABLE ft_notification_status (
    bst_date date NOT NULL,
    template_id uuid NOT NULL,
    service_id uuid NOT NULL,
    job_id uuid NOT NULL,
    channel text NOT NULL,
    key_type text NOT NULL,
    status text NOT NULL,
    notification_count integer NOT NULL,
    PRIMARY KEY (bst_date, template_id, service_id, job_id, channel, key_type, status)
);
CREATE INDEX ft_notification_status_service_id_bst_date_idx ON ft_notification_status (service_id, bst_date);
CREATE INDEX ft_notification_status_template_id_bst_date_idx ON ft_notification_status (template_id, bst_date);
"""

PROCESSING_TIME = """
CREATE TABLE ft_processing_time (
    bst_date date NOT NULL PRIMARY KEY,
    messages_total integer NOT NULL,
    messages_within_10_secs integer NOT NULL
);
"""


def upgrade() -> None:
    op.execute(STATUS)
    op.execute(PROCESSING_TIME)


def downgrade() -> None:
    op.execute("DROP TABLE ft_processing_time")
    op.execute("DROP TABLE ft_notification_status")
