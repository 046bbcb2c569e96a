"""Sources of a series, the language policy, and how sources do."""

import advanced_alchemy.types
import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "source_changes",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=300), server_default="", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('catalogue', 'hoster', 'host')", name=op.f("ck_source_changes_kind")),
        sa.CheckConstraint("state IN ('healthy', 'degraded', 'down')", name=op.f("ck_source_changes_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_changes")),
    )
    with op.batch_alter_table("source_changes", schema=None) as batch_op:
        batch_op.create_index("ix_source_changes_name", ["kind", "name", "id"], unique=False)

    op.create_table(
        "source_health",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("health", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False),
        sa.Column("updated_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('catalogue', 'hoster', 'host')", name=op.f("ck_source_health_kind")),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_source_health")),
    )
    op.create_table(
        "series_sources",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column(
            "position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("provider_key", sa.String(length=500), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_series_sources_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "position", name=op.f("pk_series_sources")),
    )
    with op.batch_alter_table("series_sources", schema=None) as batch_op:
        batch_op.create_index("ix_series_sources_provider_key", ["provider", "provider_key"], unique=False)

    with op.batch_alter_table("episode_files", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("replaced_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True)
        )
        batch_op.create_index(
            "ix_episode_files_replaced",
            ["id"],
            unique=False,
            sqlite_where=sa.text("replaced_at IS NOT NULL"),
            postgresql_where=sa.text("replaced_at IS NOT NULL"),
        )

    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.add_column(sa.Column("language_mode", sa.String(length=16), nullable=True))
        batch_op.add_column(
            sa.Column("language_wait_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
