"""What has been put into the archive of old facts."""

revision = "0017_archive"
down_revision = "0016_statistics"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
