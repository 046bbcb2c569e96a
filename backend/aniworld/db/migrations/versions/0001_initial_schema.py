"""The first schema."""

import advanced_alchemy.types
import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "login_sessions",
        sa.Column("created_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=False),
        sa.Column("expires_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=False),
        sa.Column("last_seen_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=256), nullable=False),
        sa.Column("remembered", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
    )
    with op.batch_alter_table("login_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_login_sessions_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "login_throttle",
        sa.Column("bucket", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("blocked_until", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True),
        sa.Column("updated_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_login_throttle")),
    )
    with op.batch_alter_table("login_throttle", schema=None) as batch_op:
        batch_op.create_index("ix_login_throttle_updated_at", ["updated_at"], unique=False)

    op.create_table(
        "owner",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("stamp", sa.Uuid(), nullable=False),
        sa.Column("changed_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_owner_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner")),
    )
    op.create_table(
        "queue_state",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("running", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_queue_state_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_state")),
    )
    op.create_table(
        "series",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("name_folded", sa.String(length=500), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("provider_key", sa.String(length=500), nullable=False),
        sa.Column("site", sa.String(length=2000), server_default="", nullable=False),
        sa.Column("folder", sa.String(length=255), nullable=True),
        sa.Column("folder_folded", sa.String(length=500), nullable=True),
        sa.Column("year", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("status", sa.String(length=16), server_default="unknown", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "genres",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"),
            server_default="[]",
            nullable=False,
        ),
        sa.Column(
            "artwork",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=Text()), "postgresql"),
            server_default="{}",
            nullable=False,
        ),
        sa.Column("monitored", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("languages", sa.String(length=600), nullable=True),
        sa.Column(
            "total_episodes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False
        ),
        sa.Column(
            "downloaded_episodes",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
        sa.Column(
            "missing_episodes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False
        ),
        sa.Column("counted_languages", sa.String(length=600), server_default="", nullable=False),
        sa.Column("next_air_date", sa.Date(), nullable=True),
        sa.Column("loading_status", sa.String(length=24), server_default="pending", nullable=False),
        sa.Column("episodes_loaded", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("nfo_loaded", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("logo_loaded", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("images_loaded", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("replace_images", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("loading_started_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True),
        sa.Column("loading_completed_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True),
        sa.Column("loading_error", sa.String(length=2000), nullable=True),
        sa.Column(
            "loading_attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False
        ),
        sa.Column(
            "load_priority", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False
        ),
        sa.Column("load_after", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True),
        sa.Column("lease_token", sa.String(length=64), nullable=True),
        sa.Column("lease_until", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True),
        sa.Column("created_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=False),
        sa.Column("updated_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=False),
        sa.Column("deleted_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "loading_status IN ('pending', 'loading_episodes', 'loading_nfo', 'loading_logo', 'loading_images', 'completed', 'failed')",
            name=op.f("ck_series_loading_status"),
        ),
        sa.CheckConstraint("status IN ('ongoing', 'completed', 'unknown')", name=op.f("ck_series_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("folder_folded", name=op.f("uq_series_folder_folded")),
        sa.UniqueConstraint("key", name=op.f("uq_series_key")),
        sa.UniqueConstraint("provider", "provider_key", name=op.f("uq_series_provider_provider_key")),
    )
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.create_index(
            "ix_series_by_added",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_series_by_missing",
            ["missing_episodes", "name_folded", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_series_by_name",
            ["name_folded", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_series_by_year",
            ["year", "name_folded", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_series_to_load",
            ["load_priority", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL AND loading_status NOT IN ('completed', 'failed')"),
            postgresql_where=sa.text("deleted_at IS NULL AND loading_status NOT IN ('completed', 'failed')"),
        )

    op.create_table(
        "episodes",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("season", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("episode", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("absolute", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("title", sa.String(length=500), server_default="", nullable=False),
        sa.Column("aired", sa.Date(), nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_episodes_series_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episodes")),
        sa.UniqueConstraint("series_id", "season", "episode", name=op.f("uq_episodes_series_id_season_episode")),
    )
    op.create_table(
        "seasons",
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("season", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=500), server_default="", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_seasons_series_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seasons")),
        sa.UniqueConstraint("series_id", "season", name=op.f("uq_seasons_series_id_season")),
    )
    op.create_table(
        "series_genres",
        sa.Column("genre", sa.String(length=100), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_series_genres_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("genre", "series_id", name=op.f("pk_series_genres")),
    )
    with op.batch_alter_table("series_genres", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_series_genres_series_id"), ["series_id"], unique=False)

    op.create_table(
        "downloads",
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.String(length=24), nullable=False),
        sa.Column("series_key", sa.String(length=200), nullable=False),
        sa.Column("series_name", sa.String(length=500), nullable=False),
        sa.Column("season", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("episode", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "retry_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False
        ),
        sa.Column("not_before", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("error_message", sa.String(length=2000), nullable=True),
        sa.Column("provider", sa.String(length=64), nullable=True),
        sa.Column("hoster", sa.String(length=64), nullable=True),
        sa.Column(
            "downloaded_bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False
        ),
        sa.Column("total_bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("filing_path", sa.String(length=1024), nullable=True),
        sa.Column("filing_size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("file_path", sa.String(length=1024), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True),
        sa.Column("created_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=False),
        sa.Column("started_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True),
        sa.Column("completed_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'downloading', 'paused', 'completed', 'failed', 'cancelled')",
            name=op.f("ck_downloads_status"),
        ),
        sa.CheckConstraint("priority BETWEEN 0 AND 2", name=op.f("ck_downloads_priority")),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episodes.id"], name=op.f("fk_downloads_episode_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_downloads")),
    )
    with op.batch_alter_table("downloads", schema=None) as batch_op:
        batch_op.create_index("ix_downloads_done", ["status", "completed_at", "id"], unique=False)
        batch_op.create_index("ix_downloads_order", ["status", "priority", "position", "id"], unique=False)
        batch_op.create_index("ix_downloads_series_key_status", ["series_key", "status"], unique=False)
        batch_op.create_index(
            "uq_downloads_open",
            ["episode_id", "language"],
            unique=True,
            sqlite_where=sa.text("status IN ('pending', 'downloading', 'paused')"),
            postgresql_where=sa.text("status IN ('pending', 'downloading', 'paused')"),
        )

    op.create_table(
        "episode_files",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=24), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nfo_written_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=True),
        sa.Column("created_at", advanced_alchemy.types.datetime.DateTimeUTC(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episodes.id"], name=op.f("fk_episode_files_episode_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode_files")),
        sa.UniqueConstraint("episode_id", "language", name=op.f("uq_episode_files_episode_id_language")),
    )
    with op.batch_alter_table("episode_files", schema=None) as batch_op:
        batch_op.create_index(
            "ix_episode_files_without_nfo",
            ["id"],
            unique=False,
            sqlite_where=sa.text("nfo_written_at IS NULL"),
            postgresql_where=sa.text("nfo_written_at IS NULL"),
        )

    op.create_table(
        "episode_languages",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episodes.id"], name=op.f("fk_episode_languages_episode_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("episode_id", "language", name=op.f("pk_episode_languages")),
    )
