"""What is archived of recipients' wishes, and what else is let go of."""

revision = "0014_letting_go"
down_revision = "0013_retention"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
