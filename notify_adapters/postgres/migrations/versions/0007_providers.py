"""Providers' priorities have a history; how soon texts are delivered."""

from alembic import op

revision = "0007_providers"
down_revision = "0006_callbacks"
branch_labels = None
depends_on = None


# A change made by a person names the user; the platform's own changes name its own user.
DETAILS = """
ALTER TABLE provider_details ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE provider_details ALTER COLUMN version DROP DEFAULT;
ALTER TABLE provider_details ADD COLUMN updated_at timestamptz;
ALTER TABLE provider_details ADD COLUMN created_by_id uuid REFERENCES users (id);
ALTER TABLE provider_details ADD COLUMN reason text;
"""

# A full copy of every version, the first one too.
HISTORY = """
CREATE TABLE provider_details_history (
    name text NOT NULL REFERENCES provider_details (name),
    version integer NOT NULL,
    channel text NOT NULL,
    display_name text NOT NULL,
    priority smallint NOT NULL,
    active boolean NOT NULL,
    supports_international boolean NOT NULL,
    updated_at timestamptz,
    created_by_id uuid REFERENCES users (id),
    reason text,
    PRIMARY KEY (name, version)
);
INSERT INTO provider_details_history
    (name, version, channel, display_name, priority, active, supports_international)
SELECT name, version, channel, display_name, priority, active, supports_international FROM provider_details;
"""

# A row a minute and provider, kept for a week.
STATISTICS = """
CREATE TABLE sms_delivery_statistics (
    measured_at timestamptz NOT NULL,
    provider text NOT NULL,
    judged_1m integer NOT NULL,
    late_1m integer NOT NULL,
    judged_5m integer NOT NULL,
    late_5m integer NOT NULL,
    judged_10m integer NOT NULL,
    late_10m integer NOT NULL,
    errors integer NOT NULL,
    PRIMARY KEY (measured_at, provider)
);
"""


def upgrade() -> None:
    for statements in (DETAILS, HISTORY, STATISTICS):
        op.execute(statements)


def downgrade() -> None:
    op.execute("DROP TABLE sms_delivery_statistics")
    op.execute("DROP TABLE provider_details_history")
    for column in ("version", "updated_at", "created_by_id", "reason"):
        op.execute(f"ALTER TABLE provider_details DROP COLUMN {column}")
