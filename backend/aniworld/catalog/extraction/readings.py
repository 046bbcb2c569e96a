"""Makes of what yt-dlp says what we say. Pure; its values come from pages and may be of any type."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urljoin

from aniworld.catalog.extraction.expiry import earliest, expiry
from aniworld.catalog.extraction.formats import Choice, Format, Protocol
from aniworld.catalog.extraction.types import MOST_ENTRIES, Entry, Listed
from aniworld.catalog.types import Fragment, Stream, Subtitle

Raw = Mapping[str, Any]

MOST_FORMATS = 500
MOST_FRAGMENTS = 20_000
MOST_SUBTITLES = 100
_LONGEST_URL = 8192
_PROTOCOLS: dict[str, Protocol] = {
    "http": "http",
    "https": "http",
    "m3u8": "hls",
    "m3u8_native": "hls",
    "http_dash_segments": "fragments",
}
_SPECIAL = ("extra_param_to_segment_url", "extra_param_to_key_url", "hls_aes", "hls_media_playlist_data")
"""What only yt-dlp's own downloader understands."""
_HEADERS = frozenset({"authorization", "cookie", "origin", "referer", "user-agent"})
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{1,4096}")
_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_NOT_SAFE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")


def formats(info: Raw, cookies: Callable[[str], str]) -> list[Format]:
    """What can be fetched here, in yt-dlp's order. ``cookies``: the value of the field for an address."""
    raws = info.get("formats")
    found = raws if isinstance(raws, Sequence) and raws else [info]
    return [made for raw in found[-MOST_FORMATS:] if (made := _format(raw, cookies)) is not None]


def is_protected(info: Raw) -> bool:
    """Whether all that there is has DRM."""
    raws = [raw for raw in info.get("formats") or () if isinstance(raw, Mapping)]
    return bool(raws) and all(raw.get("has_drm") for raw in raws)


def stream(choice: Choice, subtitles: tuple[Subtitle, ...] = ()) -> Stream:
    """What was chosen, to be fetched."""
    picture, sound = choice
    if picture.protocol == "hls" and picture.manifest and (sound is None or sound.manifest == picture.manifest):
        # Our own reader chooses among the variants of a list, and finds sound and subtitles in it.
        return _one(picture, url=picture.manifest)
    made = _one(picture)
    audio = _one(sound) if sound is not None else None
    return Stream(
        url=made.url,
        protocol=made.protocol,
        headers=made.headers,
        size=made.size,
        expires_at=earliest([made.expires_at, audio.expires_at if audio else None]),
        fragments=made.fragments,
        audio=audio,
        subtitles=subtitles,
    )


def subtitles(info: Raw, cookies: Callable[[str], str]) -> tuple[Subtitle, ...]:
    """Those that people made, each language in the format we know best."""
    raws = info.get("subtitles")
    made: list[Subtitle] = []
    for language, files in raws.items() if isinstance(raws, Mapping) else ():
        candidates = [
            raw
            for raw in (files if isinstance(files, Sequence) else ())
            if isinstance(raw, Mapping)
            and raw.get("ext") in ("vtt", "srt")
            and address(raw.get("url")) is not None
            # Those in pieces belong to a list of variants.
            and raw.get("protocol", "https") in ("http", "https")
        ]
        best = min(candidates, key=lambda raw: raw["ext"] != "vtt", default=None)
        if best is None:
            continue
        url = address(best["url"])
        assert url is not None
        made.append(
            Subtitle(
                url=url,
                format=best["ext"],
                language=text(language, 40) or None,
                name=text(best.get("name"), 200) or None,
                headers=_headers(best, url, cookies),
            )
        )
    return tuple(made[:MOST_SUBTITLES])


def listed(info: Raw, most: int) -> Listed:
    """A list as far as yt-dlp told it without looking behind its entries."""
    raws = list(info.get("entries") or ())
    entries = [made for raw in raws[:most] if (made := _entry(raw)) is not None]
    return Listed(
        title=text(info.get("title"), 500),
        description=text(info.get("description"), 10_000),
        entries=tuple(entries[:MOST_ENTRIES]),
        more=len(raws) > most,
    )


def text(value: object, longest: int) -> str:
    """Plain text in one line, nothing invisible in it."""
    return " ".join(_NOT_SAFE.sub(" ", value).split())[:longest] if isinstance(value, str) else ""


def address(value: object, base: str | None = None) -> str | None:
    """An address on the web, in ASCII; None for anything else."""
    if not isinstance(value, str) or len(value) > _LONGEST_URL:
        return None
    joined = urljoin(base, value) if base else value
    joined = quote(joined.strip(), safe="!#$%&'()*+,/:;=?@[]~-._")
    return joined if len(joined) <= _LONGEST_URL and _URL.fullmatch(joined) else None


def _one(format_: Format, url: str | None = None) -> Stream:
    url = url or format_.url
    moments = [expiry(url), *(expiry(fragment.url) for fragment in format_.fragments[:1])]
    return Stream(
        url=url,
        protocol=format_.protocol,
        headers=format_.headers,
        size=format_.size if format_.protocol == "http" else None,
        expires_at=earliest(moments),
        fragments=format_.fragments,
    )


def _format(raw: object, cookies: Callable[[str], str]) -> Format | None:
    """One way to fetch it; None: not one of ours."""
    if not isinstance(raw, Mapping) or raw.get("has_drm") or any(raw.get(name) for name in _SPECIAL):
        return None
    protocol = _PROTOCOLS.get(str(raw.get("protocol") or "https"))
    picture, sound = raw.get("vcodec") != "none", raw.get("acodec") != "none"
    if protocol is None or not (picture or sound) or raw.get("ext") == "mhtml":
        return None
    fragments: tuple[Fragment, ...] = ()
    url = address(raw.get("url"))
    if protocol == "fragments":
        fragments = tuple(_fragments(raw))
        # Headers go to the origin that the pieces come from.
        url = fragments[0].url if fragments else None
    if url is None:
        return None
    return Format(
        url=url,
        protocol=protocol,
        picture=picture,
        sound=sound,
        height=_whole(raw.get("height")),
        bitrate=number(raw.get("tbr") or raw.get("abr")) or 0.0,
        language=text(raw.get("language"), 40) or None,
        language_rank=_signed(raw.get("language_preference")),
        manifest=address(raw.get("manifest_url")) if protocol == "hls" else None,
        size=_whole(raw.get("filesize")),
        headers=_headers(raw, url, cookies),
        fragments=fragments,
    )


def _fragments(raw: Raw) -> Iterator[Fragment]:
    """All of them, or none: a track with a gap is no track. A list without an end is one of a live stream."""
    pieces = raw.get("fragments")
    if not isinstance(pieces, Sequence) or not 0 < len(pieces) <= MOST_FRAGMENTS:
        return
    base = address(raw.get("fragment_base_url"))
    made = []
    for piece in pieces:
        if not isinstance(piece, Mapping):
            return
        url = address(piece.get("url")) or (address(piece.get("path"), base) if base else None)
        if url is None:
            return
        made.append(Fragment(url=url, duration=min(number(piece.get("duration")) or 0.0, 86_400.0)))
    yield from made


def _headers(raw: Raw, url: str, cookies: Callable[[str], str]) -> dict[str, str]:
    """What the host may insist on; nothing that is about the connection or the coding."""
    given = raw.get("http_headers")
    found = {str(name): value for name, value in given.items()} if isinstance(given, Mapping) else {}
    if value := cookies(url):
        found["Cookie"] = value
    return {
        name: value
        for name, value in found.items()
        if name.lower() in _HEADERS and isinstance(value, str) and _HEADER_VALUE.fullmatch(value)
    }


def _entry(raw: object) -> Entry | None:
    if not isinstance(raw, Mapping):
        return None
    url = address(raw.get("url")) or address(raw.get("webpage_url"))
    if url is None:
        return None
    return Entry(
        url=url,
        title=text(raw.get("title"), 500),
        season=_whole(raw.get("season_number"), 100_000),
        episode=_whole(raw.get("episode_number"), 100_000),
        duration=_duration(raw.get("duration")),
        date=_date(raw),
    )


def _date(raw: Raw) -> dt.date | None:
    """The first that is told; days come as ``20261124``, moments as seconds."""
    for name in ("release_date", "upload_date"):
        value = raw.get(name)
        if isinstance(value, str) and re.fullmatch(r"[0-9]{8}", value):
            try:
                return dt.date(int(value[:4]), int(value[4:6]), int(value[6:]))
            except ValueError:
                continue
    for name in ("release_timestamp", "timestamp"):
        seconds = number(raw.get(name))
        if seconds is not None and seconds < 4e9:
            return dt.datetime.fromtimestamp(seconds, dt.UTC).date()
    return None


def number(value: object) -> float | None:
    """A number that is none below zero and none out of this world."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value) if 0 <= value <= 1e15 else None


def _duration(value: object) -> float | None:
    found = number(value)
    return found if found is not None and found <= 1e6 else None


def _whole(value: object, largest: int = 2**62) -> int | None:
    found = number(value)
    return int(found) if found is not None and found <= largest else None


def _signed(value: object) -> int:
    return max(-100, min(100, value)) if isinstance(value, int) else 0
