"""Whether a video's numbers are those of the description beside it; all directories are read once more to learn it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("videos", sa.Column("described", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute("UPDATE directories SET mtime_ns = -1")
