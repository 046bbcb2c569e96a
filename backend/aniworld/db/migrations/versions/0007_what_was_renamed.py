"""What was renamed."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "organise_changes",
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("series", number, server_default="0", nullable=False),
        sa.Column("moved", number, server_default="0", nullable=False),
        sa.Column("left", number, server_default="0", nullable=False),
        sa.Column("created_at", DateTimeUTC(timezone=True), nullable=False),
        sa.Column("finished_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("undone_at", DateTimeUTC(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status IN ('running', 'done', 'undoing', 'undone')", name=op.f("ck_organise_changes_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organise_changes")),
    )
    op.create_table(
        "organise_moves",
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("position", number, autoincrement=False, nullable=False),
        sa.Column("series_key", sa.String(length=200), nullable=False),
        sa.Column("series_name", sa.String(length=500), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=1024), nullable=False),
        sa.Column("target", sa.String(length=1024), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.CheckConstraint("kind IN ('folder', 'video', 'beside')", name=op.f("ck_organise_moves_kind")),
        sa.CheckConstraint(
            "state IN ('moving', 'moved', 'left', 'undoing', 'undone')", name=op.f("ck_organise_moves_state")
        ),
        sa.ForeignKeyConstraint(
            ["change_id"], ["organise_changes.id"], name=op.f("fk_organise_moves_change_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("change_id", "position", name=op.f("pk_organise_moves")),
    )
    with op.batch_alter_table("organise_moves", schema=None) as batch_op:
        batch_op.create_index(
            "ix_organise_moves_open",
            ["change_id", "position"],
            unique=False,
            sqlite_where=sa.text("state IN ('moving', 'undoing')"),
            postgresql_where=sa.text("state IN ('moving', 'undoing')"),
        )
