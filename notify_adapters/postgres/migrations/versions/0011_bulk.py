"""Bulk: rows of requests that became no messages, because they were refused, or are for simulated recipients."""

from alembic import op

revision = "0011_bulk"
down_revision = "0010_contact_lists"
branch_labels = None
depends_on = None

# What is sealed holds who the row was for. It goes with its day, as the contents of messages do.
ROWS_APART = """
CREATE TABLE bulk_rows_apart (
    job_id uuid NOT NULL,
    row_number integer NOT NULL,
    expires_on date NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (job_id, row_number, expires_on)
) PARTITION BY RANGE (expires_on);
CREATE TABLE bulk_rows_apart_default PARTITION OF bulk_rows_apart DEFAULT;
"""


def upgrade() -> None:
    op.execute(ROWS_APART)


def downgrade() -> None:
    op.execute("DROP TABLE bulk_rows_apart")
