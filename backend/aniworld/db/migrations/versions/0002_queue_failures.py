"""Why each hoster failed, whose work files they are, and a claim that passes over nothing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_READY = sa.text("status = 'pending' AND not_before IS NULL")
_WAITS = sa.text("not_before IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("downloads", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "failures",
                sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
                nullable=True,
            )
        )
        batch_op.create_index("ix_downloads_status", ["status"], unique=False)
        batch_op.create_index(
            "ix_downloads_next",
            ["status", "priority", "position", "id"],
            unique=False,
            sqlite_where=_READY,
            postgresql_where=_READY,
        )
        batch_op.create_index(
            "ix_downloads_not_before", ["not_before"], unique=False, sqlite_where=_WAITS, postgresql_where=_WAITS
        )
    with op.batch_alter_table("queue_state", schema=None) as batch_op:
        batch_op.add_column(sa.Column("installation", sa.String(length=16), nullable=True))
