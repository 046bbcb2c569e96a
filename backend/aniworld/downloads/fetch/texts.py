"""Fetches subtitles that are files of their own, and makes WebVTT of them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from pathlib import Path

from aniworld.catalog.types import Stream, Subtitle
from aniworld.downloads.fetch.errors import DiskError, NotAVideoError
from aniworld.downloads.fetch.hls_small import SmallFiles, headers_for
from aniworld.downloads.fetch.playlist import LONGEST
from aniworld.downloads.fetch.types import Limits, Transport
from aniworld.downloads.fetch.writer import in_thread
from aniworld.kit.errors import AppError
from aniworld.kit.files import durable_write
from aniworld.kit.languages import same_language
from aniworld.media.types import TextTrack

log = logging.getLogger(__name__)

_MOST = 8
_SRT_TIMES = re.compile(r"((?:\d{1,3}:)?\d{1,2}:\d{2}),(\d{3}[ \t]*-->[ \t]*(?:\d{1,3}:)?\d{1,2}:\d{2}),(\d{3})")


async def fetch_texts(
    subtitles: Iterable[Subtitle], directory: Path, language: str | None, *, client: Transport, limits: Limits
) -> tuple[TextTrack, ...]:
    """Those that belong to ``language`` (``audio[+subtitles]``), into files in the directory.

    What cannot be fetched is left out, unless its language was asked for: then its error is raised.
    """
    tracks = []
    for number, subtitle in enumerate(chosen(subtitles, language)):
        try:
            tracks.append(await _fetch(subtitle, directory / f"subtitles-{number}.vtt", client, limits))
        except DiskError:
            raise
        except AppError as error:
            if same_language((language or "").partition("+")[2], subtitle.language):
                raise
            log.info("Subtitles are left out: %s", error.detail)
    return tuple(tracks)


def chosen(subtitles: Iterable[Subtitle], language: str | None) -> list[Subtitle]:
    """In the wanted language; all where no language is wanted at all; none where only the sound's is."""
    audio, _plus, wanted = (language or "").partition("+")
    there = list(subtitles)
    if wanted:
        fitting = [subtitle for subtitle in there if same_language(wanted, subtitle.language)]
        there = fitting or (there if len(there) == 1 and not there[0].language else [])
    elif audio:
        there = []
    return there[:_MOST]


def to_webvtt(text: str, format_: str) -> str:
    """SubRip differs in its head and in how it writes times. Raises where it is neither."""
    text = text.removeprefix("\ufeff")
    if format_ == "vtt" or text.startswith("WEBVTT"):
        if not text.startswith("WEBVTT"):
            raise NotAVideoError("What the host sent are no subtitles")
        return text
    converted, count = _SRT_TIMES.subn(r"\1.\2.\3", text)
    if not count:
        raise NotAVideoError("What the host sent are no subtitles")
    return "WEBVTT\n\n" + converted


async def _fetch(subtitle: Subtitle, path: Path, client: Transport, limits: Limits) -> TextTrack:
    home = Stream(url=subtitle.url, protocol="http", headers=subtitle.headers)
    text = to_webvtt(await SmallFiles(client, headers_for(home), limits).text(subtitle.url), subtitle.format)
    try:
        await in_thread(lambda: durable_write(path, text.encode()))
    except OSError as error:
        raise DiskError.of(error, "Writing subtitles") from error
    return TextTrack(pieces=(path,), times=((0.0, LONGEST),), language=subtitle.language, name=subtitle.name)
