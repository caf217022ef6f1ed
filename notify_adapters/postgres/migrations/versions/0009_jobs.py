"""Jobs: their rows are messages, found by the range that their ids are in, and stored in chunks."""

from alembic import op

revision = "0009_jobs"
down_revision = "0008_outbox_by_service"
branch_labels = None
depends_on = None

JOBS = """
ALTER TABLE notifications ADD COLUMN job_id uuid, ADD COLUMN job_row_number integer;

CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES services (id),
    template_id uuid NOT NULL REFERENCES templates (id),
    template_version integer NOT NULL,
    channel text NOT NULL,
    original_file_name text NOT NULL,
    notification_count integer NOT NULL,
    created_at timestamptz NOT NULL,
    status text NOT NULL,
    source text NOT NULL,
    created_by_id uuid REFERENCES users (id),
    api_key_id uuid REFERENCES api_keys (id),
    key_type text NOT NULL,
    client_reference text,
    sender_id uuid,
    contact_list_id uuid,
    scheduled_for timestamptz,
    processing_started timestamptz,
    processing_finished timestamptz,
    updated_at timestamptz,
    archived boolean NOT NULL,
    encoding text,
    delimiter text,
    header text[],
    rows_checked integer NOT NULL,
    bytes_checked bigint NOT NULL,
    international_count integer NOT NULL,
    error_count integer NOT NULL,
    errors json NOT NULL
);
CREATE INDEX jobs_service_id_created_at_idx ON jobs (service_id, created_at);
CREATE INDEX jobs_unfinished_idx ON jobs (status)
    WHERE status IN ('scheduled', 'pending', 'in progress', 'finished');

CREATE TABLE job_chunks (
    id uuid PRIMARY KEY,
    job_id uuid NOT NULL REFERENCES jobs (id),
    first_row integer NOT NULL,
    row_count integer NOT NULL,
    byte_start bigint NOT NULL,
    byte_end bigint NOT NULL,
    done_at timestamptz,
    accepted integer NOT NULL,
    refused integer NOT NULL,
    UNIQUE (job_id, first_row)
);
"""


def upgrade() -> None:
    op.execute(JOBS)


def downgrade() -> None:
    op.execute(
        "DROP TABLE job_chunks, jobs; ALTER TABLE notifications DROP COLUMN job_id, DROP COLUMN job_row_number"
    )
