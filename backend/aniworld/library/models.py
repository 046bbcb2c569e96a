"""The library's tables. The unit of work is (episode, language): a dub and a sub are two things to have."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from aniworld.db.base import Base, Entity

_LOADING = "'pending', 'loading_episodes', 'loading_nfo', 'loading_logo', 'loading_images', 'completed', 'failed'"
_THERE = text("deleted_at IS NULL")
_UNFINISHED = text("deleted_at IS NULL AND loading_status NOT IN ('completed', 'failed')")


def _listed(name: str, *columns: Any) -> Index:
    """An index for a list: of the series that are not deleted."""
    return Index(f"ix_series_{name}", *columns, sqlite_where=_THERE, postgresql_where=_THERE)


class Series(Entity):
    """A series of the library. The counts are written with every change of what they count."""

    __tablename__ = "series"
    __table_args__ = (
        UniqueConstraint("provider", "provider_key"),
        CheckConstraint(f"loading_status IN ({_LOADING})", name="loading_status"),
        CheckConstraint("status IN ('ongoing', 'completed', 'unknown')", name="status"),
        _listed("by_name", "name_folded", "id"),
        _listed("by_added", "created_at", "id"),
        _listed("by_updated", "updated_at", "id"),
        _listed("by_missing", "missing_episodes", "name_folded", "id"),
        _listed("by_year", "year", "name_folded", "id"),
        _listed("by_status", "status", "name_folded", "id"),
        _listed("by_provider", "provider", "name_folded", "id"),
        _listed("by_total", "total_episodes", "name_folded", "id"),
        _listed("by_downloaded", "downloaded_episodes", "name_folded", "id"),
        _listed("by_next_air", "next_air_date", "name_folded", "id"),
        _listed("by_size", "size", "name_folded", "id"),
        _listed("by_loading", "loading_status", "name_folded", "id"),
        Index(
            "ix_series_to_load",
            "load_priority",
            "created_at",
            "id",
            sqlite_where=_UNFINISHED,
            postgresql_where=_UNFINISHED,
        ),
    )

    key: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(500))
    name_folded: Mapped[str] = mapped_column(String(500))
    """For search and sort: without case and accents."""
    named: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """The name is a person's: what source and services tell does not replace it."""
    provider: Mapped[str] = mapped_column(String(64))
    provider_key: Mapped[str] = mapped_column(String(500))
    site: Mapped[str] = mapped_column(String(2000), default="", server_default="")
    folder: Mapped[str | None] = mapped_column(String(255))
    """Name of the folder in the anime directory; decided when it is first needed."""
    folder_folded: Mapped[str | None] = mapped_column(String(500), unique=True)
    """Two folders that differ only in case or composition are one folder on many file systems."""
    year: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(16), default="unknown", server_default="unknown")
    description: Mapped[str] = mapped_column(Text, default="", server_default="")
    genres: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """As shown; the filter uses :class:`SeriesGenre`."""
    artwork: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """Addresses of pictures at the source, by kind."""
    images: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What the pictures in the folder are, by kind."""
    images_seen: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """By what it is told whether their files are others now."""
    monitored: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    languages: Mapped[str | None] = mapped_column(String(600))
    """Wanted languages of its own, comma-separated, the best first; None: those of the library."""
    language_mode: Mapped[str | None] = mapped_column(String(16))
    language_wait_days: Mapped[int | None]
    """Of its own; None: those of the library."""
    specials: Mapped[bool | None]
    """Whether season 0 is wanted; None: as the library says."""

    facts: Mapped[dict[str, Any] | None]
    """What all tell about it, as :class:`~aniworld.metadata.types.MergedSeries` without its seasons."""

    total_episodes: Mapped[int] = mapped_column(default=0, server_default="0")
    downloaded_episodes: Mapped[int] = mapped_column(default=0, server_default="0")
    missing_episodes: Mapped[int] = mapped_column(default=0, server_default="0")
    season_count: Mapped[int] = mapped_column(default=0, server_default="0")
    """Without the specials."""
    size: Mapped[int] = mapped_column(default=0, server_default="0")
    """Bytes of its files on disk."""
    counted_languages: Mapped[str] = mapped_column(String(600), default="", server_default="")
    """The wanted languages under which was counted."""
    counted_specials: Mapped[bool] = mapped_column(default=False, server_default=text("true"))
    """Whether specials were wanted when was counted."""
    next_air_date: Mapped[dt.date | None] = mapped_column(Date)
    """When the counts change by themselves: the first air date after the day of counting."""

    loading_status: Mapped[str] = mapped_column(String(24), default="pending", server_default="pending")
    episodes_loaded: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    nfo_loaded: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    logo_loaded: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    images_loaded: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    replace_images: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Asked for again by a person: pictures that are there are replaced."""
    loading_started_at: Mapped[dt.datetime | None]
    loading_completed_at: Mapped[dt.datetime | None]
    loading_error: Mapped[str | None] = mapped_column(String(2000))
    loading_note: Mapped[str | None] = mapped_column(String(500))
    """Who answered in place of the leading source, and why."""
    loading_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    load_priority: Mapped[int] = mapped_column(default=0, server_default="0")
    """1: somebody waits for it; 0: found unfinished at a start."""
    load_after: Mapped[dt.datetime | None]
    """After a failure: not tried again before this."""
    lease_token: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[dt.datetime | None]

    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    deleted_at: Mapped[dt.datetime | None]


class SeriesSource(Base):
    """Another source that has the series, beside the one that its row names. The position is the order."""

    __tablename__ = "series_sources"
    __table_args__ = (Index("ix_series_sources_provider_key", "provider", "provider_key"),)

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    provider: Mapped[str] = mapped_column(String(64))
    provider_key: Mapped[str] = mapped_column(String(500))
    name: Mapped[str] = mapped_column(String(500))
    """What the source calls it."""


class SeriesMetadata(Base):
    """What one service, or the source itself, told about a series. Kept, so that one that is down empties nothing."""

    __tablename__ = "series_metadata"
    __table_args__ = (Index("ix_series_metadata_ask_after", "ask_after"),)

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), primary_key=True)
    origin: Mapped[str] = mapped_column(String(16), primary_key=True)
    """A service, or ``source``."""
    service_id: Mapped[str | None] = mapped_column(String(64))
    """Which of its series it is; None: not known, or (pinned) none."""
    confidence: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")
    pinned: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """A person chose it."""
    told: Mapped[dict[str, Any] | None]
    """:class:`~aniworld.library.merging.Kept`."""
    candidates: Mapped[list[Any] | None]
    """What else may be meant."""
    problem: Mapped[str | None] = mapped_column(String(500))
    """Why it told nothing when it was asked last."""
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    fetched_at: Mapped[dt.datetime | None]
    ask_after: Mapped[dt.datetime | None]
    """When it is asked again; None: as soon as the series is loaded."""


class SeriesId(Base):
    """What a service calls a series."""

    __tablename__ = "series_ids"
    __table_args__ = (Index("ix_series_ids_value", "kind", "value"),)

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))
    from_nfo: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """It stood in the ``tvshow.nfo`` that lay in the folder, which is believed more than a guess."""


class SeriesTitle(Base):
    """A title or synonym of a series in any language, folded; search finds it by them."""

    __tablename__ = "series_titles"

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), primary_key=True)
    folded: Mapped[str] = mapped_column(String(500), primary_key=True)


class SeasonPlace(Base):
    """Where episodes of one of the source's seasons lie at a service (:mod:`aniworld.library.mapping`)."""

    __tablename__ = "season_places"

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), primary_key=True)
    service: Mapped[str] = mapped_column(String(16), primary_key=True)
    season: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int | None]
    service_id: Mapped[str | None] = mapped_column(String(64))
    """None: nowhere; in doubt, or (pinned) because a person says so."""
    service_season: Mapped[int]
    shift: Mapped[int]
    """Added to the source's number it is the service's."""
    order_id: Mapped[str | None] = mapped_column(String(64))
    confidence: Mapped[float] = mapped_column(Float)
    pinned: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class SeriesGenre(Base):
    """A genre of a series, folded."""

    __tablename__ = "series_genres"

    genre: Mapped[str] = mapped_column(String(100), primary_key=True)
    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), primary_key=True, index=True)


class SeriesLanguage(Base):
    """How many episodes of a series are there in a language; written with the counts."""

    __tablename__ = "series_languages"

    language: Mapped[str] = mapped_column(String(24), primary_key=True)
    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), primary_key=True, index=True)
    episodes: Mapped[int]


class Season(Entity):
    """A season; number 0 holds the specials."""

    __tablename__ = "seasons"
    __table_args__ = (UniqueConstraint("series_id", "season"),)

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    season: Mapped[int]
    name: Mapped[str] = mapped_column(String(500), default="", server_default="")
    monitored: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    """Whether it is wanted. Of the specials the series says that (``Series.specials``), not their season."""


class Episode(Entity):
    """An episode, named by (series, season, episode): its id survives every reload."""

    __tablename__ = "episodes"
    __table_args__ = (UniqueConstraint("series_id", "season", "episode"),)

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    season: Mapped[int]
    episode: Mapped[int]
    absolute: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(500), default="", server_default="")
    aired: Mapped[dt.date | None] = mapped_column(Date)
    duration: Mapped[float | None] = mapped_column(Float)
    """Seconds, where the source tells."""
    plot: Mapped[str] = mapped_column(Text, default="", server_default="")
    still: Mapped[str | None] = mapped_column(String(2000))
    """Address of a picture of it."""
    rating: Mapped[float | None] = mapped_column(Float)
    """Of the one that counts, 0 to 10."""
    facts: Mapped[dict[str, Any] | None]
    """What else the services tell, as :class:`~aniworld.library.types.MoreOfEpisode`."""


class EpisodeLanguage(Base):
    """A language in which any of the series' sources offers an episode now."""

    __tablename__ = "episode_languages"

    episode_id: Mapped[UUID] = mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(24), primary_key=True)


class EpisodeOffer(Base):
    """An episode at one of its series' sources, as that listed it last: under its own number."""

    __tablename__ = "episode_offers"

    episode_id: Mapped[UUID] = mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"), primary_key=True)
    provider: Mapped[str] = mapped_column(String(64), primary_key=True)
    provider_key: Mapped[str] = mapped_column(String(500), primary_key=True)
    season: Mapped[int]
    episode: Mapped[int]
    languages: Mapped[str] = mapped_column(String(2000))
    """What can be had there, comma-separated; empty: nothing yet."""


class SeriesConflict(Entity):
    """Episodes that a source counts differently than the library."""

    __tablename__ = "series_conflicts"
    __table_args__ = (
        UniqueConstraint("series_id", "kind", "provider", "provider_key"),
        CheckConstraint("kind IN ('renumbered', 'doubtful')", name="kind"),
        CheckConstraint("state IN ('open', 'kept', 'accepted')", name="state"),
    )

    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    provider: Mapped[str] = mapped_column(String(64))
    provider_key: Mapped[str] = mapped_column(String(500))
    episodes: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[dt.datetime]


class EpisodeFile(Entity):
    """An episode in one language, on disk."""

    __tablename__ = "episode_files"
    __table_args__ = (
        UniqueConstraint("episode_id", "language"),
        Index(
            "ix_episode_files_without_nfo",
            "id",
            sqlite_where=text("nfo_written_at IS NULL"),
            postgresql_where=text("nfo_written_at IS NULL"),
        ),
        Index(
            "ix_episode_files_without_thumb",
            "id",
            sqlite_where=text("thumb_at IS NULL"),
            postgresql_where=text("thumb_at IS NULL"),
        ),
        Index(
            "ix_episode_files_replaced",
            "id",
            sqlite_where=text("replaced_at IS NOT NULL"),
            postgresql_where=text("replaced_at IS NOT NULL"),
        ),
    )

    episode_id: Mapped[UUID] = mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(24))
    path: Mapped[str] = mapped_column(String(1024))
    """Relative to the anime directory, with slashes."""
    language_source: Mapped[str] = mapped_column(String(16), default="name", server_default="name")
    """:data:`~aniworld.library.types.LanguageSource`."""
    size: Mapped[int]
    """Bytes."""
    media: Mapped[dict[str, Any] | None]
    """What the file holds, as :class:`~aniworld.media.types.MediaInfo`; None: nobody has looked yet."""
    nfo_written_at: Mapped[dt.datetime | None]
    thumb: Mapped[str | None] = mapped_column(String(20))
    """The hash of the picture beside it."""
    thumb_at: Mapped[dt.datetime | None]
    """When that was looked after; None: it is due."""
    replaced_at: Mapped[dt.datetime | None]
    """A better language is there: no longer counted, and moved out of the library soon."""
    created_at: Mapped[dt.datetime]


class EpisodeVersion(Base):
    """Another file of an (episode, language) beside the best one: another version or quality. Never counted."""

    __tablename__ = "episode_versions"

    episode_id: Mapped[UUID] = mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(24), primary_key=True)
    path: Mapped[str] = mapped_column(String(1024), primary_key=True)
    """Relative to the anime directory, with slashes."""
    size: Mapped[int]
    """Bytes."""
