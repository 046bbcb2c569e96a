"""The pictures beside the files of episodes."""

import advanced_alchemy.types
import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("episode_files", schema=None) as batch_op:
        batch_op.add_column(sa.Column("thumb", sa.String(length=20), nullable=True))
        batch_op.add_column(
            sa.Column("thumb_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True)
        )
        batch_op.create_index(
            "ix_episode_files_without_thumb",
            ["id"],
            unique=False,
            sqlite_where=sa.text("thumb_at IS NULL"),
            postgresql_where=sa.text("thumb_at IS NULL"),
        )
