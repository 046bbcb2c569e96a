"""Joins the pieces of WebVTT subtitles into one file. Pure; the text comes from strangers."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CLOCK = r"(?:(\d{1,4}):)?([0-5]\d):([0-5]\d)[.,](\d{3})"
_CUE = re.compile(rf"\s*{_CLOCK}[ \t]+-->[ \t]+{_CLOCK}[ \t]*(.*)")
_LOCAL = re.compile(rf"LOCAL:\s*{_CLOCK}")
_MPEGTS = re.compile(r"MPEGTS:\s*(\d{1,15})")
_BLANK = re.compile(r"\n[ \t]*\n\s*")
_TICKS = 90_000
_WRAP = 2**33
"""Ticks after which the clock of a transport stream begins again."""
_AROUND = 10.0
"""Seconds by which a cue may lie outside its piece."""

Cue = tuple[float, float, str, str]
"""Begin, end (seconds), settings, text."""


def join(pieces: Iterable[tuple[str, float, float]], video_start: float) -> str | None:
    """One file of all pieces: (text, begin, end), in seconds, as the playlist has it. None: there are no cues.

    ``video_start`` is the time by which the video's own clock begins; cues are timed from there.
    """
    styles: dict[str, None] = {}
    cues: dict[Cue, None] = {}
    for text, start, stop in pieces:
        header, *blocks = _BLANK.split(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").strip())
        found = []
        for block in blocks:
            if block.startswith(("STYLE", "REGION")):
                styles[block] = None
            elif not block.startswith("NOTE") and (cue := _cue(block)) is not None:
                found.append(cue)
        shift = _shift(header, found[0][0], (start, stop), video_start) if found else 0.0
        for begin, end, settings, words in found:
            if end + shift > 0:
                cues[max(0.0, round(begin + shift, 3)), round(end + shift, 3), settings, words] = None
    if not cues:
        return None
    shown = [
        f"{_time(begin)} --> {_time(end)}{' ' + settings if settings else ''}\n{words}"
        for begin, end, settings, words in sorted(cues, key=lambda cue: cue[:2])
    ]
    return "\n\n".join(["WEBVTT", *styles, *shown]) + "\n"


def _cue(block: str) -> Cue | None:
    first, _, rest = block.partition("\n")
    match = _CUE.fullmatch(first)
    if match is None:  # the first line may be the cue's name
        first, _, rest = rest.partition("\n")
        match = _CUE.fullmatch(first)
    if match is None or not rest.strip() or "-->" in rest:
        return None
    begin, end = _seconds(*match.group(1, 2, 3, 4)), _seconds(*match.group(5, 6, 7, 8))
    return (begin, end, match[9].strip(), rest) if end > begin else None


def _shift(header: str, first: float, piece: tuple[float, float], video_start: float) -> float:
    """Seconds to add to a piece's cues.

    What the piece says of the video's clock counts, as long as its first cue then lies where the piece does. It does
    not where that clock was set anew in between; then the cues tell the time of the whole, or of the piece.
    """
    mapped = 0.0
    if (ticks := _MPEGTS.search(header)) is not None:
        local = _LOCAL.search(header)
        clock = (int(ticks[1]) % _WRAP) / _TICKS - video_start
        if clock < -_WRAP / _TICKS / 2:
            clock += _WRAP / _TICKS
        mapped = clock - (_seconds(*local.groups()) if local else 0.0)
    for shift in (mapped, 0.0, piece[0]):
        if piece[0] - _AROUND <= first + shift <= piece[1] + _AROUND:
            return shift
    return mapped


def _seconds(hours: str | None, minutes: str, seconds: str, thousandths: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(thousandths) / 1000


def _time(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths:03}"
