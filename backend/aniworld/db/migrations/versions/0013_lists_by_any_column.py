"""Lists by any column: sizes, seasons and languages counted, an index for each order."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_THERE = sa.text("deleted_at IS NULL")
_INDEXES = {
    "updated": ["updated_at", "id"],
    "status": ["status", "name_folded", "id"],
    "provider": ["provider", "name_folded", "id"],
    "total": ["total_episodes", "name_folded", "id"],
    "downloaded": ["downloaded_episodes", "name_folded", "id"],
    "next_air": ["next_air_date", "name_folded", "id"],
    "size": ["size", "name_folded", "id"],
    "loading": ["loading_status", "name_folded", "id"],
}


def upgrade() -> None:
    """Apply, and count what is there."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("series", sa.Column("season_count", number, server_default="0", nullable=False))
    op.add_column("series", sa.Column("size", number, server_default="0", nullable=False))
    op.create_table(
        "series_languages",
        sa.Column("language", sa.String(length=24), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("episodes", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_series_languages_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("language", "series_id", name=op.f("pk_series_languages")),
    )
    op.create_index(op.f("ix_series_languages_series_id"), "series_languages", ["series_id"])
    op.execute(
        "UPDATE series SET "
        "season_count = (SELECT count(DISTINCT e.season) FROM episodes e WHERE e.series_id = series.id AND e.season > 0), "
        "size = (SELECT coalesce(sum(f.size), 0) FROM episode_files f JOIN episodes e ON e.id = f.episode_id "
        "WHERE e.series_id = series.id AND f.replaced_at IS NULL)"
    )
    op.execute(
        "INSERT INTO series_languages (language, series_id, episodes) "
        "SELECT f.language, e.series_id, count(*) FROM episode_files f JOIN episodes e ON e.id = f.episode_id "
        "WHERE f.replaced_at IS NULL GROUP BY f.language, e.series_id"
    )
    for name, columns in _INDEXES.items():
        op.create_index(f"ix_series_by_{name}", "series", columns, sqlite_where=_THERE, postgresql_where=_THERE)
