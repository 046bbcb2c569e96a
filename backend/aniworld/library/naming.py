"""Numbers to names: where a series and its episodes lie in the anime directory. Pure, and stable: the same always."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aniworld.kit.files import NAME_BYTES, safe_name
from aniworld.library.text import same_name

_LONGEST_LANGUAGE = 24
_LONGEST_SUFFIX = len(" []") + _LONGEST_LANGUAGE + len("-thumb.jpg")
STEM_BYTES = NAME_BYTES - _LONGEST_SUFFIX
"""Longest name of an episode before its language and extension; leaves room for the files that lie beside it."""

_SHORTEST_TITLE = 16
"""Bytes; a title of which less would be left is left out."""
_EXTENSION = re.compile(r"[a-z0-9]{1,5}")
_LANGUAGE = re.compile(rf"[A-Za-z0-9+-]{{1,{_LONGEST_LANGUAGE}}}")


def folder_name(name: str, year: int | None, copy: int = 1) -> str:
    """``Name (Year)``. ``copy`` tells series of the same name and year apart: the second is ``Name (Year) (2)``."""
    suffix = f" ({year})" if year is not None else ""
    plain = name.strip().removesuffix(suffix) if suffix else name
    if copy > 1:
        suffix += f" ({copy})"
    return safe_name(safe_name(plain, NAME_BYTES - len(suffix)) + suffix)


def season_folder(season: int) -> str:
    """``Season 01``; the specials are ``Season 00``."""
    return f"Season {season:02d}"


def episode_stem(folder: str, season: int, episode: int, title: str) -> str:
    """``Series (Year) - S01E05 - Title``, cut to :data:`STEM_BYTES`: the title first, then the series."""
    code = f" - S{season:02d}E{episode:02d}"
    series = safe_name(folder, STEM_BYTES - len(code))
    head = f"{series}{code}"
    room = STEM_BYTES - len(head.encode()) - len(" - ")
    told = safe_name(title) if title.strip() else "_"
    if told == "_" or (len(told.encode()) > room and room < _SHORTEST_TITLE):
        return safe_name(head, STEM_BYTES)
    if len(told.encode()) > room:
        told = safe_name(told, room)
    return safe_name(f"{head} - {told}", STEM_BYTES)


def episode_path(
    folder: str, season: int, episode: int, title: str, extension: str, *, language: str | None = None
) -> str:
    """``Series (Year)/Season 01/Series (Year) - S01E05 - Title.mkv``, relative to the anime directory.

    With a ``language`` the name says so: ``… - Title [de].mkv``. ``extension``: with or without its dot.
    """
    ending = extension.removeprefix(".").lower()
    if not _EXTENSION.fullmatch(ending):
        raise ValueError(f"{extension!r} is not a file name extension")
    if language is not None and not _LANGUAGE.fullmatch(language):
        raise ValueError(f"{language!r} is not a language")
    tag = f" [{language}]" if language is not None else ""
    return f"{folder}/{season_folder(season)}/{episode_stem(folder, season, episode, title)}{tag}.{ending}"


def free_episode_path(
    folder: str, season: int, episode: int, title: str, extension: str, *, language: str, taken: Iterable[str]
) -> str:
    """The plain path, or the one with the language where another file has that name already, whatever its extension."""
    plain = episode_path(folder, season, episode, title, extension)
    names = {same_name(_without_extension(path)) for path in taken}
    if same_name(_without_extension(plain)) not in names:
        return plain
    return episode_path(folder, season, episode, title, extension, language=language)


def _without_extension(path: str) -> str:
    return path.rpartition(".")[0]
