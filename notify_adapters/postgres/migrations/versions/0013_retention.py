"""What retention needs: the facts of test keys and of letters by the day their contents go."""

revision = "0013_retention"
down_revision = "0012_nights"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
