"""A day's messages are found by when they were accepted: what nights count, whatever their ids say.

The rows of a file have ids of the moment at which their job was made, days before they were accepted perhaps. Rows
stand in the order in which they came, so an index of which pages hold which times is enough, and costs nothing to keep.
Pages that it does not know yet count as holding anything, so it is told of them as soon as they are full.
"""

from alembic import op

revision = "0012_nights"
down_revision = "0011_bulk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX notifications_created_at_idx ON notifications USING brin (created_at) WITH (autosummarize = on)")


def downgrade() -> None:
    op.execute("DROP INDEX notifications_created_at_idx")
