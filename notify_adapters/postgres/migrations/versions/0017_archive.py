"""What has been put into the archive of old facts, hour by hour; and which months are nowhere else.

While a month is being archived, a trigger on its partition alone notices each change of a fact. It undoes what was known
about the file with that fact. No table that messages are written to has a trigger, until it is a year old.
"""

from alembic import op

revision = "0017_archive"
down_revision = "0016_statistics"
branch_labels = None
depends_on = None


HOURS = """
CREATE TABLE archived_hours (
    month date NOT NULL,
    hour timestamptz NOT NULL,
    key text NOT NULL UNIQUE,
    rows bigint NOT NULL DEFAULT 0,
    checksum numeric NOT NULL DEFAULT 0,
    changes integer NOT NULL DEFAULT 0,
    fingerprint text,
    leased_until timestamptz,
    uploaded_at timestamptz,
    verified_at timestamptz,
    contents_deleted_at timestamptz,
    PRIMARY KEY (month, hour)
);
CREATE INDEX archived_hours_uploaded_at_idx ON archived_hours (uploaded_at);
"""

# `facts_until` is the end of the last hour of which a fact was removed.
MONTHS = """
CREATE TABLE archived_months (
    month date NOT NULL PRIMARY KEY,
    rows bigint NOT NULL,
    checksum numeric NOT NULL,
    facts_until timestamptz,
    removed_at timestamptz NOT NULL
);
"""

# Whoever changes a fact waits for who is just then writing down that its file is verified, or has them find out.
WATCH = """
CREATE FUNCTION archived_fact_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE archived_hours SET changes = changes + 1, uploaded_at = NULL, verified_at = NULL
    WHERE month = TG_ARGV[0]::date
        AND hour IN (date_trunc('hour', OLD.created_at, 'UTC'), date_trunc('hour', NEW.created_at, 'UTC'));
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    for statements in (HOURS, MONTHS, WATCH):
        op.execute(statements)


def downgrade() -> None:
    op.execute("DROP FUNCTION archived_fact_changed() CASCADE")
    op.execute("DROP TABLE archived_months")
    op.execute("DROP TABLE archived_hours")
