"""Receipts are stored before they are applied."""

from alembic import op

revision = "0005_receipts"
down_revision = "0004_attempts"
branch_labels = None
depends_on = None


# The default is for processes of the version before, which go on until they are replaced.
UP = """
ALTER TABLE waiting_receipts
    DROP CONSTRAINT waiting_receipts_pkey,
    ADD COLUMN id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    ADD COLUMN code text,
    ADD COLUMN notification_id uuid,
    ADD COLUMN feedback_id text,
    ADD COLUMN complaint_type text,
    ADD COLUMN complained_at timestamptz,
    ADD COLUMN tried_at timestamptz,
    ADD CONSTRAINT waiting_receipts_said_key
        UNIQUE NULLS NOT DISTINCT (provider, reference, status, code, feedback_id, notification_id);
CREATE INDEX waiting_receipts_notification_id_idx ON waiting_receipts (notification_id)
    WHERE notification_id IS NOT NULL;
"""

# The version before keeps receipts of emails only, and one of each status.
DOWN = """
DELETE FROM waiting_receipts AS other
WHERE provider <> 'ses' OR status = 'complaint' OR EXISTS (
    SELECT FROM waiting_receipts AS one
    WHERE one.provider = other.provider AND one.reference = other.reference AND one.status = other.status
        AND (one.received_at, one.id) < (other.received_at, other.id)
);
ALTER TABLE waiting_receipts
    DROP CONSTRAINT waiting_receipts_pkey,
    DROP CONSTRAINT waiting_receipts_said_key,
    DROP COLUMN id, DROP COLUMN code, DROP COLUMN notification_id, DROP COLUMN feedback_id,
    DROP COLUMN complaint_type, DROP COLUMN complained_at, DROP COLUMN tried_at,
    ADD PRIMARY KEY (provider, reference, status);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
