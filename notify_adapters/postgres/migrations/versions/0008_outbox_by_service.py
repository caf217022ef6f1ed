"""The outbox is taken from service by service."""

from alembic import op

revision = "0008_outbox_by_service"
down_revision = "0007_providers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("")


def downgrade() -> None:
    op.execute("")
