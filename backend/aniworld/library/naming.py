"""Numbers to names: where a series and its episodes lie in the anime directory. Pure, and stable: the same always.

What is written by any template is read back by :mod:`aniworld.naming` as the same numbers and languages: where a title
would say something else, it is left out.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from aniworld.config.schemas import LibrarySection
from aniworld.kit.files import NAME_BYTES, safe_name
from aniworld.library.text import same_name
from aniworld.naming.path import parse_path
from aniworld.naming.template import CODE, IDS, Template, code, template

_LONGEST_LANGUAGE = 24
_LONGEST_SUFFIX = len(" []") + _LONGEST_LANGUAGE + len("-thumb.jpg")
STEM_BYTES = NAME_BYTES - _LONGEST_SUFFIX
"""Longest name of an episode before its language and extension; leaves room for the files that lie beside it."""

_SHORTEST_TITLE = 16
"""Bytes; a title of which less would be left is left out."""
_SHORTEST_SERIES = 24
_EXTENSION = re.compile(r"[a-z0-9]{1,5}")
_LANGUAGE = re.compile(rf"[A-Za-z0-9+-]{{1,{_LONGEST_LANGUAGE}}}")
_BLANKS = re.compile(r" {2,}")


@dataclass(frozen=True, slots=True)
class SeriesName:
    """What a name may tell of a series."""

    title: str
    year: int | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    """By service: ``tmdb``, ``tvdb``, ``imdb``, ``anidb``, ``anilist``."""

    @property
    def plain(self) -> str:
        """The title without the year, should that stand in it."""
        return self.title.strip().removesuffix(f" ({self.year})") if self.year is not None else self.title.strip()


@dataclass(frozen=True, slots=True)
class EpisodeName:
    """What a name may tell of a file."""

    season: int
    episodes: tuple[int, ...]
    title: str = ""
    absolute: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    height: int | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """The templates in force. ``Names.of`` a section of the configuration, which was checked."""

    series: Template
    season: Template
    specials: Template
    episode: Template
    absolute: bool = False

    @classmethod
    def of(cls, section: LibrarySection) -> Names:
        """As configured. Raises :class:`~aniworld.naming.template.TemplateError` for what was not checked."""
        return _names(
            section.series_folder,
            section.season_folder,
            section.specials_folder,
            section.episode_name,
            section.absolute_numbers,
        )

    @property
    def needs_absolute(self) -> bool:
        """Whether names tell numbers over all seasons."""
        return self.absolute or self.episode.has("absolute")

    @property
    def needs_ids(self) -> bool:
        """Whether a name tells the series' ids at services."""
        return any(one.has(id_) for one in (self.series, self.season, self.specials, self.episode) for id_ in IDS)

    def folder(self, series: SeriesName, copy: int = 1) -> str:
        """``Name (Year)``. ``copy`` tells series of the same name and year apart: the second is ``Name (Year) (2)``."""
        suffix = f" ({copy})" if copy > 1 else ""
        values = _series_values(series)
        room = NAME_BYTES - len(suffix)
        if (over := len(_tidy(self.series.fill(values)).encode()) - room) > 0:
            left = len(values["series title"].encode()) - over
            values = _series_values(replace(series, title=safe_name(series.plain, max(_SHORTEST_TITLE, left))))
        return safe_name(safe_name(self.series.fill(values), room) + suffix)

    def season_folder(self, series: SeriesName, season: int) -> str:
        """``Season 01``; empty: files lie in the folder of the series."""
        wanted = self.season if season > 0 else self.specials
        name = _tidy(wanted.fill({**_series_values(series), "season": str(season)}))
        return safe_name(name) if name.strip() else ""

    def stem(self, series: SeriesName, episode: EpisodeName) -> str:
        """The name of a file without its extension, cut to :data:`STEM_BYTES`: the title first, then the series."""
        title = safe_name(episode.title) if episode.title.strip() else "_"
        title = "" if title == "_" else title
        room = STEM_BYTES - len(self._stem(series, episode, "x").encode()) + 1
        if title and len(title.encode()) > room:
            title = safe_name(title, room) if room >= _SHORTEST_TITLE else ""
        whole = self._stem(series, episode, title)
        if (over := len(whole.encode()) - STEM_BYTES) > 0:
            left = max(_SHORTEST_SERIES, len(safe_name(series.plain).encode()) - over)
            whole = self._stem(replace(series, title=safe_name(series.plain, left)), episode, "")
        return safe_name(whole, STEM_BYTES)

    def _stem(self, series: SeriesName, episode: EpisodeName, title: str) -> str:
        numbers = [f"{number:03d}" for number in episode.absolute]
        absolute = "-".join(dict.fromkeys((numbers[0], numbers[-1]))) if numbers else ""
        told = code(episode.season, episode.episodes)
        if self.absolute and absolute and not self.episode.has("absolute"):
            told = f"{told} - {absolute}"
        return _tidy(
            self.episode.fill({
                **_series_values(series),
                CODE: told,
                "season": str(episode.season),
                "episode": str(episode.episodes[0]),
                "absolute": absolute,
                "episode title": title,
                "language": episode.languages,
                "quality": f"{episode.height}p" if episode.height else "",
                "version": f"v{episode.version}" if (episode.version or 1) > 1 else "",
            })
        )  # fmt: skip

    def path(
        self, folder: str, series: SeriesName, episode: EpisodeName, extension: str, *, tagged: bool = False
    ) -> str:
        """``Series (Year)/Season 01/Series (Year) - S01E05 - Title.mkv``, relative to the anime directory.

        ``tagged``: the name says the languages, whatever the template: ``… - Title [de].mkv``; ``extension``: with or
        without its dot.
        """
        ending = extension.removeprefix(".").lower()
        if not _EXTENSION.fullmatch(ending):
            raise ValueError(f"{extension!r} is not a file name extension")
        for language in episode.languages:
            if not _LANGUAGE.fullmatch(language):
                raise ValueError(f"{language!r} is not a language")
        place = [folder, *([season] if (season := self.season_folder(series, episode.season)) else [])]

        def made(one: EpisodeName, *, tagged: bool) -> str:
            stem = self.stem(series, one)
            if tagged and not self.episode.has("language"):
                stem += "".join(f" [{language}]" for language in one.languages[:2])
            if (one.version or 1) > 1 and not self.episode.has("version"):
                stem += f" [v{one.version}]"
            return "/".join([*place, f"{stem}.{ending}"])

        plain = made(episode, tagged=tagged)
        if reads_back(plain, episode, languages=tagged):
            return plain
        marked = made(episode, tagged=True)
        if reads_back(marked, episode, languages=True):
            return marked
        return made(replace(episode, title=""), tagged=tagged)

    def free_path(
        self, folder: str, series: SeriesName, episode: EpisodeName, extension: str, *, taken: Iterable[str]
    ) -> str:
        """The plain path, or the one with the language where another file has that name, whatever its extension."""
        plain = self.path(folder, series, episode, extension)
        names = {same_name(_without_extension(path)) for path in taken}
        if same_name(_without_extension(plain)) not in names:
            return plain
        return self.path(folder, series, episode, extension, tagged=True)


def reads_back(path: str, episode: EpisodeName, *, languages: bool) -> bool:
    """Whether our own parser finds in the path what was put there. ``languages``: it has to tell them as well."""
    parsed = parse_path(path)
    if (parsed.season, parsed.episodes) != (episode.season, episode.episodes) or parsed.kind == "extra":
        return False
    return parsed.languages == episode.languages or not (parsed.languages or languages)


@functools.lru_cache(maxsize=8)
def _names(series: str, season: str, specials: str, episode: str, absolute: bool) -> Names:
    return Names(
        template(series, "series"),
        template(season, "season"),
        template(specials, "specials"),
        template(episode, "episode"),
        absolute,
    )


def _series_values(series: SeriesName) -> dict[str, str]:
    title = safe_name(series.plain)
    year = str(series.year) if series.year is not None else ""
    return {
        "series title": title,
        "series year": year,
        "series titleyear": f"{title} ({year})" if year else title,
        **{f"{service}id": safe_name(id_) for service, id_ in series.ids.items() if id_},
    }


def _tidy(name: str) -> str:
    """What an empty value left: doubled blanks, a dash at an end."""
    return _BLANKS.sub(" ", name).strip()


def _without_extension(path: str) -> str:
    return path.rpartition(".")[0]


DEFAULT_NAMES = Names.of(LibrarySection())
"""By the templates that hold where nobody chose others."""
