"""What a source tells about series, episodes, links and streams. Knows no database and none of our ids."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, NamedTuple, NewType

import msgspec
from msgspec import Meta

from aniworld.kit.schema import Schema

Language = NewType("Language", str)
"""``audio[+subtitles]`` in BCP 47: ``de``, ``ja+de``, ``ja+en``."""

SeriesStatus = Literal["ongoing", "completed", "unknown"]


class SeriesHit(Schema, frozen=True):
    """One answer to a search."""

    provider_key: str
    """The series' name at the source, opaque to everyone else."""
    name: str
    year: int | None = None
    cover_url: str | None = None
    synonyms: tuple[str, ...] = ()
    """Other titles that the source knows it by."""


class Artwork(Schema, frozen=True):
    """Addresses of pictures at the source."""

    poster: str | None = None
    fanart: str | None = None
    logo: str | None = None
    banner: str | None = None
    thumb: str | None = None


class EpisodeInfo(Schema, frozen=True):
    """An episode as the source lists it."""

    season: int
    """0 holds the specials."""
    episode: int
    title: str = ""
    absolute: int | None = None
    aired: dt.date | None = None
    """A date in the future: announced, not out."""
    duration: float | None = None
    """Seconds, where the source tells."""
    languages: tuple[Language, ...] = ()
    """What can be had now; empty: nothing yet."""


class SeasonInfo(Schema, frozen=True):
    """A season and its episodes, in order."""

    season: int
    name: str = ""
    episodes: tuple[EpisodeInfo, ...] = ()


class SeriesInfo(Schema, frozen=True):
    """Everything a source tells about one series."""

    provider_key: str
    name: str
    year: int | None = None
    description: str = ""
    genres: tuple[str, ...] = ()
    status: SeriesStatus = "unknown"
    site: str = ""
    """Address of the series' page, for a person to open."""
    artwork: Artwork = msgspec.field(default_factory=Artwork)
    seasons: tuple[SeasonInfo, ...] = ()


class EpisodeRef(Schema, frozen=True):
    """Names an episode at its source."""

    provider_key: str
    season: int
    episode: int


Address = Annotated[str, Meta(pattern=r"^https?://[!-~]+$", max_length=8192)]


class Fragment(Schema, frozen=True):
    """A piece of a track; all pieces behind one another are the track."""

    url: Address
    duration: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    """Seconds; 0 for what a decoder has to read first."""


class Subtitle(Schema, frozen=True):
    """Subtitles in a file of their own."""

    url: Address
    format: Literal["vtt", "srt"]
    language: Annotated[str, Meta(max_length=40)] | None = None
    """BCP 47, where the host tells."""
    name: Annotated[str, Meta(max_length=200)] | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Subtitle({self.format} {self.url} {self.language})"  # headers may be secret


class Link(Schema, frozen=True):
    """One place where an episode can be had in one language."""

    hoster: str
    """Name of the hoster as the source shows it (for people)."""
    kind: str
    """Name of the hoster adapter that can resolve it: ``direct``, ``hls``, ``ytdlp``."""
    url: str
    language: Language
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """What the host wants to be sent (a credential, a ``Referer``), to the address's own origin only."""
    subtitles: tuple[Subtitle, ...] = ()
    """What lies beside the file."""

    def __repr__(self) -> str:
        return f"Link({self.kind} {self.url} {self.language})"  # headers may be secret


class Stream(Schema, frozen=True):
    """What can be fetched: the end of the chain source → link → stream."""

    url: Address
    protocol: Literal["http", "hls", "fragments"]
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """Headers that the host wants (``Referer``), sent to the URL's own origin only."""
    size: Annotated[int, Meta(ge=0)] | None = None
    """Bytes, where known in advance."""
    expires_at: dt.datetime | None = None
    """When the address dies, where known."""
    fragments: Annotated[tuple[Fragment, ...], Meta(max_length=20_000)] = ()
    """What ``fragments`` are fetched; ``url`` is then the first one's."""
    audio: Stream | None = None
    """The sound, where it is apart; what the picture's stream holds of it is then left out."""
    subtitles: Annotated[tuple[Subtitle, ...], Meta(max_length=100)] = ()
    """All there are."""

    def __repr__(self) -> str:
        return f"Stream({self.protocol} {self.url} {self.size})"  # headers may be secret


class Answer(NamedTuple):
    """What one source said to a search."""

    source: str
    hits: tuple[SeriesHit, ...] = ()
    problem: str | None = None
    """Why it did not answer."""


class Found(Schema, frozen=True):
    """One series and the entries of the sources that are it, the best source first."""

    hits: tuple[tuple[str, SeriesHit], ...]
    """(source, entry)."""
    year: int | None
    score: int = 0
    """How well it answers the search."""


State = Literal["healthy", "degraded", "down"]
Phase = Literal["closed", "open", "half_open"]
"""Whether somebody may be asked: always, not now, once to see."""
SubjectKind = Literal["catalogue", "hoster", "host"]


class Subject(NamedTuple):
    """Who is watched."""

    kind: SubjectKind
    name: str


class Change(NamedTuple):
    """A state that became another."""

    subject: Subject
    at: dt.datetime
    before: State
    after: State
    reason: str


class Outcome(Schema, frozen=True):
    """One request and what became of it."""

    at: dt.datetime
    """When it ended."""
    ok: bool
    seconds: float


class Health(Schema, frozen=True):
    """What is remembered of one source, hoster or host."""

    outcomes: tuple[Outcome, ...] = ()
    """The oldest first."""
    in_row: int = 0
    """Above 0: successes since the last failure; below: failures since the last success."""
    level: int = 0
    """Which cool-down comes next."""
    down_until: dt.datetime | None = None
    """Set: it is down, and is asked again from then on."""
    last_error: str | None = None
    last_error_at: dt.datetime | None = None


class Report(Schema, frozen=True):
    """How a source, hoster or host is, in numbers."""

    state: State
    success_rate: float | None
    """0 to 1; None: nothing was asked lately."""
    median_latency: float | None
    """Seconds of a success; None: there was none."""
    requests: int
    """How many that is made of."""
    last_error: str | None
    last_error_at: dt.datetime | None
    last_checked_at: dt.datetime | None
    down_until: dt.datetime | None
