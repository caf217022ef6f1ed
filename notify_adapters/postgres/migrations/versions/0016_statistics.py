"""What became of each day's messages."""

revision = "0016_statistics"
down_revision = "0015_billing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
