"""The configuration: typed sections with limits. The same structs are the file, the API and the form's limits."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from aniworld.kit.errors import FieldError
from aniworld.kit.schema import Input, Schema

LanguageTag = Annotated[
    str,
    Meta(
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?(\+[a-z]{2,3}(-[A-Za-z0-9]{2,8})?)?$",
        max_length=24,
        description="audio[+subtitles] in BCP 47, such as de or ja+en",
    ),
]
HostPort = Annotated[
    str,
    Meta(pattern=r"^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253}):[0-9]{1,5}$", description="host:port"),
]
HostName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$", description="A host name")]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]


NameTemplate = Annotated[str, Meta(max_length=300)]
LanguageMode = Literal["one", "replace", "all"]
WatchMode = Literal["auto", "on", "off"]


class LibrarySection(Input, frozen=True):
    """Where the anime lies and in which languages it is wanted."""

    anime_directory: Annotated[
        str | None, Meta(description="Absolute path of the folder that holds one folder a series")
    ] = None
    languages: Annotated[
        list[LanguageTag],
        Meta(
            min_length=1,
            max_length=20,
            description="Wanted languages, the best first",
            extra_json_schema={"uniqueItems": True},
        ),
    ] = msgspec.field(default_factory=lambda: ["ja+en", "de", "ja+de", "en"])
    language_mode: Annotated[
        LanguageMode,
        Meta(
            description="Of several wanted languages, one: the first that comes is kept; replace: a better one that "
            "comes later takes its place; all: every one is fetched and kept"
        ),
    ] = "one"
    language_wait_days: Annotated[
        int, Meta(ge=0, le=365, description="Days after an episode aired in which a better language is waited for")
    ] = 0
    specials: Annotated[
        bool,
        Meta(
            description="Whether specials (season 0, recaps among them) are wanted of series that do not say otherwise"
        ),
    ] = False
    watch: Annotated[
        WatchMode,
        Meta(
            description="Whether changes in the folder are seen at once; auto: where its file system tells them, which "
            "network shares do not"
        ),
    ] = "auto"
    rescan_minutes: Annotated[
        int,
        Meta(
            ge=0,
            le=10080,
            description="Minutes between two looks through the folder while changes are not seen at once; 0: never",
        ),
    ] = 60
    series_folder: Annotated[NameTemplate, Meta(description="Name of a series' folder")] = "{Series TitleYear}"
    season_folder: Annotated[
        NameTemplate, Meta(description="Name of a season's folder; empty: episodes lie in the folder of the series")
    ] = "Season {season:00}"
    specials_folder: Annotated[NameTemplate, Meta(description="Name of the folder of the specials")] = "Season 00"
    episode_name: Annotated[
        NameTemplate,
        Meta(description="Name of an episode's file, without its extension; S{season:00}E{episode:00} is in it"),
    ] = "{Series TitleYear} - S{season:00}E{episode:00}{ - Episode Title}"
    absolute_numbers: Annotated[
        bool, Meta(description="The number over all seasons follows: Show (2024) - S02E05 - 017 - Title")
    ] = False


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ClockTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="HH:MM, the server's own time")]
Rate = Annotated[int, Meta(ge=16384, le=2**40)]


class QuietHours(Input, frozen=True):
    """A window of time, on some days of the week, with a speed of its own."""

    days: Annotated[
        list[Weekday],
        Meta(
            min_length=1, max_length=7, description="Days on which it begins", extra_json_schema={"uniqueItems": True}
        ),
    ]
    start: ClockTime
    end: Annotated[
        ClockTime, Meta(description="Not after the start: on the next day; the same time: a whole day later")
    ]
    pause: Annotated[bool, Meta(description="Fetch nothing at all meanwhile")] = False
    speed_limit: Annotated[Rate, Meta(description="Bytes per second meanwhile; empty: no limit")] | None = None


class DownloadsSection(Input, frozen=True):
    """How episodes are fetched."""

    slots: Annotated[int, Meta(ge=1, le=8, description="Episodes fetched at the same time")] = 2
    auto_start: Annotated[bool, Meta(description="Begin as soon as something is queued")] = False
    container: Annotated[
        Literal["mkv", "original"],
        Meta(
            description="mkv: put into Matroska with language tags, not re-encoded; original: keep what the host sent"
        ),
    ] = "mkv"
    subtitles: Annotated[
        Literal["sidecar", "mux", "none"],
        Meta(
            description="Subtitles that a stream has apart: sidecar: a .vtt file beside the video; mux: a track in it; "
            "none: left out"
        ),
    ] = "sidecar"
    max_retries: Annotated[int, Meta(ge=0, le=20, description="Further attempts after the first one fails")] = 4
    retry_delay: Annotated[
        float, Meta(ge=0.1, le=3600, description="Seconds before the second attempt; it doubles with each further one")
    ] = 30.0
    max_height: (
        Annotated[
            int, Meta(ge=144, le=4320, description="Tallest picture to choose, in pixels; empty: the best there is")
        ]
        | None
    ) = None
    connections: Annotated[
        int, Meta(ge=1, le=16, description="Connections for one file, where more than one make it faster")
    ] = 8
    connections_per_host: Annotated[
        int, Meta(ge=1, le=64, description="Connections to one host, for all downloads together")
    ] = 16
    speed_limit: (
        Annotated[Rate, Meta(description="Bytes per second, all downloads together; empty: no limit")] | None
    ) = None
    speed_limit_per_host: (
        Annotated[Rate, Meta(description="Bytes per second from one host; empty: no limit")] | None
    ) = None
    quiet_hours: Annotated[
        list[QuietHours],
        Meta(max_length=20, description="Times with a speed of their own; of several that fit, the first counts"),
    ] = msgspec.field(default_factory=list)
    min_free_space: Annotated[
        int, Meta(ge=0, le=2**50, description="Bytes that downloads leave free where the anime directory lies")
    ] = 500_000_000
    hosters: Annotated[
        list[Name], Meta(max_length=50, description="Hosters to prefer, the best first; others follow")
    ] = msgspec.field(default_factory=list)
    disabled_hosters: Annotated[list[Name], Meta(max_length=50, description="Hosters that are not used")] = (
        msgspec.field(default_factory=list)
    )


class ProvidersSection(Input, frozen=True):
    """Which sources are asked and what they may reach."""

    disabled: Annotated[list[Name], Meta(max_length=200, description="Sources that are not asked")] = msgspec.field(
        default_factory=list
    )
    order: Annotated[
        list[Name], Meta(max_length=200, description="Sources to prefer, the best first; others follow")
    ] = msgspec.field(default_factory=list)
    search_seconds: Annotated[
        float, Meta(ge=1, le=60, description="Seconds that each source has to answer a search")
    ] = 10.0
    allowed_hosts: Annotated[
        list[HostPort],
        Meta(max_length=200, description="host:port that may be reached although the address is private"),
    ] = msgspec.field(default_factory=list)


MetadataService = Literal["anilist", "tmdb", "fanart"]
MetadataOrigin = Literal["source", "anilist", "tmdb", "fanart"]
MetadataField = Literal[
    "title", "plot", "genres", "rating", "people", "episodes", "poster", "fanart", "logo", "banner", "thumb"
]
TextLanguage = Annotated[
    str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$", max_length=12, description="BCP 47, such as de or en-US")
]
Secret = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=1000,
        pattern=r"^[!-~]+$",
        description="Is taken and never shown: answers have null here",
    ),
]
SecretSet = Annotated[
    bool, Meta(description="Whether there is one. Sent as true with a null: the one that is there stays")
]


class MetadataSection(Input, frozen=True):
    """Who is asked for descriptions and pictures, and who is preferred."""

    anilist: Annotated[bool, Meta(description="Ask AniList, which needs no key")] = True
    tmdb: Annotated[bool, Meta(description="Ask TMDB as soon as there is a key")] = True
    fanart: Annotated[bool, Meta(description="Ask fanart.tv as soon as there is a key")] = True
    tmdb_key: Secret | None = None
    """The API read access token, or the older API key."""
    tmdb_key_set: SecretSet = False
    fanart_key: Secret | None = None
    """The personal API key."""
    fanart_key_set: SecretSet = False
    anime_lists: Annotated[
        bool, Meta(description="Fetch a public list of which ids of the services belong together, once a week")
    ] = False
    languages: Annotated[
        list[TextLanguage],
        Meta(
            min_length=1,
            max_length=5,
            description="Languages of titles and descriptions, the best first",
            extra_json_schema={"uniqueItems": True},
        ),
    ] = msgspec.field(default_factory=lambda: ["en"])
    picture_languages: Annotated[
        list[TextLanguage],
        Meta(
            max_length=5,
            description="Languages of the words in pictures, the best first; empty: as the texts",
            extra_json_schema={"uniqueItems": True},
        ),
    ] = msgspec.field(default_factory=list)
    prefer: Annotated[
        dict[MetadataField, Annotated[list[MetadataOrigin], Meta(max_length=4)]],
        Meta(description="Whose value is taken, the best first; who is not named follows in the usual order"),
    ] = msgspec.field(default_factory=dict)
    write_nfo: Annotated[bool, Meta(description="Write descriptions (NFO files) that Jellyfin, Emby and Kodi read")] = (
        True
    )
    episode_pictures: Annotated[
        bool, Meta(description="Put a picture beside each video: that of a service, else a frame of the video itself")
    ] = True
    nfo_streamdetails: Annotated[
        bool,
        Meta(description="Tell in them what a video holds: codecs, size of the picture, languages of the sound"),
    ] = True


class AccessSection(Input, frozen=True):
    """Who may come in, and for how long."""

    allowed_hosts: Annotated[
        list[HostName],
        Meta(max_length=50, description="Host names under which this server is opened, beside addresses and localhost"),
    ] = msgspec.field(default_factory=list)
    session_hours: Annotated[int, Meta(ge=1, le=720, description="A login lasts this long")] = 24
    remember_days: Annotated[int, Meta(ge=1, le=365, description="A remembered login lasts this long")] = 30


class LoggingSection(Input, frozen=True):
    """What is written to the log."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class AppConfig(Input, frozen=True):
    """The whole configuration."""

    library: LibrarySection = msgspec.field(default_factory=LibrarySection)
    downloads: DownloadsSection = msgspec.field(default_factory=DownloadsSection)
    providers: ProvidersSection = msgspec.field(default_factory=ProvidersSection)
    metadata: MetadataSection = msgspec.field(default_factory=MetadataSection)
    access: AccessSection = msgspec.field(default_factory=AccessSection)
    logging: LoggingSection = msgspec.field(default_factory=LoggingSection)


SectionName = Literal["library", "downloads", "providers", "metadata", "access", "logging"]
Section = LibrarySection | DownloadsSection | ProvidersSection | MetadataSection | AccessSection | LoggingSection


class Validation(Schema, frozen=True):
    """Whether a configuration would be taken."""

    valid: bool
    errors: list[FieldError]
    warnings: list[FieldError]
