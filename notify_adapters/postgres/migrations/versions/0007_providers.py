"""Providers' priorities have a history; how soon texts are delivered."""

from alembic import op

revision = "0007_providers"
down_revision = "0006_callbacks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("")


def downgrade() -> None:
    op.execute("")
