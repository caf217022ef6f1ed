"""Rates, allowances, and what each day cost."""

revision = "0015_billing"
down_revision = "0014_letting_go"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing."""


def downgrade() -> None:
    """Change nothing."""
