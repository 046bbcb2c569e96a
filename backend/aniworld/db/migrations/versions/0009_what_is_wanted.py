"""Seasons and specials that are wanted, or not."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Everything was counted as wanted; what is not is counted again at the next start."""
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.add_column(sa.Column("specials", sa.Boolean(), nullable=True))
        batch_op.add_column(
            sa.Column("counted_specials", sa.Boolean(), server_default=sa.text("(true)"), nullable=False)
        )
    with op.batch_alter_table("seasons", schema=None) as batch_op:
        batch_op.add_column(sa.Column("monitored", sa.Boolean(), server_default=sa.text("(true)"), nullable=False))
