"""Contact lists: what is known of the files of recipients that services keep."""

from alembic import op

revision = "0010_contact_lists"
down_revision = "0009_jobs"
branch_labels = None
depends_on = None

_UP = """
CREATE TABLE service_contact_lists (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES services (id),
    original_file_name text NOT NULL,
    row_count integer NOT NULL,
    channel text NOT NULL,
    created_by_id uuid NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL,
    archived_at timestamptz
);
CREATE INDEX service_contact_lists_service_id_idx ON service_contact_lists (service_id);
"""


def upgrade() -> None:
    op.execute(_UP)


def downgrade() -> None:
    op.execute("DROP TABLE service_contact_lists")
