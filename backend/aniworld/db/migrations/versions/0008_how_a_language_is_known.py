"""How the language of a file is known, and what the tracks of a video tell."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Files that no download put there, and whose names tell no language, were assumed to be in theirs."""
    with op.batch_alter_table("videos", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tracks", sa.String(length=200), nullable=True))
    with op.batch_alter_table("episode_files", schema=None) as batch_op:
        batch_op.add_column(sa.Column("language_source", sa.String(length=16), server_default="name", nullable=False))
    op.execute(
        "UPDATE episode_files SET language_source = 'download' "
        "WHERE path IN (SELECT file_path FROM downloads WHERE file_path IS NOT NULL)"
    )
    op.execute(
        "UPDATE episode_files SET language_source = 'assumed' "
        "WHERE language_source = 'name' AND path IN (SELECT path FROM videos WHERE languages = '')"
    )
