"""Which source has which episode, and where they count differently."""

import advanced_alchemy.types
import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "episode_offers",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("provider_key", sa.String(length=500), nullable=False),
        sa.Column("season", _INT, nullable=False),
        sa.Column("episode", _INT, nullable=False),
        sa.Column("languages", sa.String(length=2000), nullable=False),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episodes.id"], name=op.f("fk_episode_offers_episode_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("episode_id", "provider", "provider_key", name=op.f("pk_episode_offers")),
    )
    op.create_table(
        "series_conflicts",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("provider_key", sa.String(length=500), nullable=False),
        sa.Column(
            "episodes", sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"), nullable=False
        ),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('renumbered', 'doubtful')", name=op.f("ck_series_conflicts_kind")),
        sa.CheckConstraint("state IN ('open', 'kept', 'accepted')", name=op.f("ck_series_conflicts_state")),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_series_conflicts_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_conflicts")),
        sa.UniqueConstraint(
            "series_id",
            "kind",
            "provider",
            "provider_key",
            name=op.f("uq_series_conflicts_series_id_kind_provider_provider_key"),
        ),
    )
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.add_column(sa.Column("loading_note", sa.String(length=500), nullable=True))
    op.execute(
        "INSERT INTO episode_offers (episode_id, provider, provider_key, season, episode, languages) "
        "SELECT e.id, s.provider, s.provider_key, e.season, e.episode, coalesce("
        "(SELECT string_agg(l.language, ',') FROM episode_languages l WHERE l.episode_id = e.id), '') "
        "FROM episodes e JOIN series s ON s.id = e.series_id".replace(
            "string_agg", "string_agg" if op.get_bind().dialect.name == "postgresql" else "group_concat"
        )
    )
