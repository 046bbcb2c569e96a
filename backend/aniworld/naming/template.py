"""Templates of names: what a person writes in the settings, checked once and filled in for each file. Pure.

A token stands in braces, as users of Sonarr and Jellyfin know it: ``{Series Title}``, ``{season:00}``. Signs beside its
name, within the braces, vanish with an empty value: ``{ - Episode Title}``. A group, braces around text and further
tokens, vanishes when all of its tokens are empty: ``{ [tmdbid-{TmdbId}]}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

LONGEST = 300
"""Characters of a template."""

Kind = Literal["series", "season", "specials", "episode"]

IDS = {"tmdbid": "TmdbId", "tvdbid": "TvdbId", "imdbid": "ImdbId", "anidbid": "AniDbId", "anilistid": "AniListId"}
_SERIES = {
    "series title": "Series Title", "series year": "Series Year", "series titleyear": "Series TitleYear", **IDS,
}  # fmt: skip
_NUMBERS = {"season": "season", "episode": "episode", "absolute": "absolute"}
_WIDTHS = {"season": "season:00", "episode": "episode:00", "absolute": "absolute:000"}
_EPISODE = {"episode title": "Episode Title", "language": "Language", "quality": "Quality", "version": "Version"}
TOKENS: Mapping[Kind, Mapping[str, str]] = {
    "series": _SERIES,
    "season": _SERIES | {"season": "season"},
    "specials": _SERIES | {"season": "season"},
    "episode": _SERIES | _NUMBERS | _EPISODE,
}
"""Folded name → how it is written, for each kind of name."""

_TOKEN = re.compile(r"(?P<before>[^\w{}]*)(?P<name>[a-z][a-z ]*[a-z])(?::(?P<zeros>0+))?(?P<after>[^\w{}]*)", re.I)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_CODE = "Write S{season:00}E{episode:00} in it: players tell season and episode by that alone"


class TemplateError(ValueError):
    """What is wrong with a template, and what to do."""


@dataclass(frozen=True, slots=True)
class Token:
    """A value to be filled in, and the signs that vanish with it."""

    name: str
    width: int = 0
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Text and tokens that vanish together."""

    parts: tuple[str | Token, ...]


Part = str | Token | Group
Values = Mapping[str, Sequence[str] | str]
"""By folded token name. Of several values each gets the signs beside the token."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was found to be right. Made by :func:`template`."""

    text: str
    parts: tuple[Part, ...]

    def fill(self, values: Values) -> str:
        """The name; nothing of it is made safe or cut yet."""
        return "".join(_filled(part, values) for part in self.parts)

    def has(self, name: str) -> bool:
        """Whether a token of that folded name stands in it."""
        return any(token.name == name for token in _tokens(self.parts))


def template(text: str, kind: Kind) -> Template:
    """Read a template. Raises :class:`TemplateError`."""
    if len(text) > LONGEST:
        raise TemplateError(f"At most {LONGEST} characters")
    parts = tuple(_parts(text, kind))
    if kind in ("series", "episode") and not text.strip():
        raise TemplateError("It must not be empty")
    for literal in _literals(parts):
        if (match := _FORBIDDEN.search(literal)) is not None:
            raise TemplateError(f"{match[0]!r} may not stand in a name: leave it out, or write - instead")
    made = Template(text, parts)
    if kind == "series" and not (made.has("series title") or made.has("series titleyear")):
        raise TemplateError("Write {Series Title} or {Series TitleYear} in it, or all series would share a folder")
    if kind == "season" and text.strip() and not made.has("season"):
        raise TemplateError("Write {season:00} in it, or leave it empty for no folders of seasons")
    if kind == "episode":
        parts = _with_code(parts)
        made = Template(text, parts)
    return made


CODE = "code"
"""The token that stands for the whole of ``S{season:00}E{episode:00}``."""


def _with_code(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Season and episode as one token, so that several episodes can be told. Raises :class:`TemplateError`."""
    for at in range(1, len(parts) - 2):
        before, season, between, episode = parts[at - 1 : at + 3]
        if not (
            isinstance(before, str)
            and isinstance(season, Token)
            and between in ("E", "e")
            and isinstance(episode, Token)
            and (season.name, episode.name) == ("season", "episode")
            and re.search(r"(?<![^\W_])[Ss]$", before)
            and not (season.before or season.after or episode.before or episode.after)
        ):
            continue
        rest = parts[at + 3 :]
        if rest and isinstance(rest[0], str) and re.match(r"\w", rest[0]):
            raise TemplateError("A sign, such as a blank, has to follow S{season:00}E{episode:00}")
        if rest and isinstance(rest[0], Token) and not rest[0].before:
            raise TemplateError("A sign, such as a blank, has to follow S{season:00}E{episode:00}")
        return (*parts[: at - 1], *([before[:-1]] if before[:-1] else []), Token(CODE), *rest)
    raise TemplateError(_CODE)


def _parts(text: str, kind: Kind) -> Iterable[Part]:
    position = 0
    while position < len(text):
        begin = text.find("{", position)
        if "}" in text[position : begin if begin >= 0 else None]:
            raise TemplateError("A } without its {")
        if begin < 0:
            yield text[position:]
            return
        if begin > position:
            yield text[position:begin]
        end = _closing(text, begin)
        inner = text[begin + 1 : end]
        yield _group(inner, kind) if "{" in inner else _token(inner, kind)
        position = end + 1


def _closing(text: str, begin: int) -> int:
    depth = 0
    for at in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth > 2:
            raise TemplateError("Groups do not stand in groups")
        if depth == 0:
            return at
    raise TemplateError("A { without its }")


def _group(inner: str, kind: Kind) -> Group:
    parts = tuple(_parts(inner, kind))
    return Group(tuple(part for part in parts if not isinstance(part, Group)))


def _token(inner: str, kind: Kind) -> Token:
    match = _TOKEN.fullmatch(inner)
    name = "" if match is None else " ".join(match["name"].lower().split())
    if match is None or name not in TOKENS[kind]:
        known = ", ".join(tokens_of(kind))
        raise TemplateError(f"{{{inner}}} is not known here; known are {known}")
    if match["zeros"] and name not in _NUMBERS:
        raise TemplateError(f"{{{inner}}}: only numbers take zeros; write {{{TOKENS[kind][name]}}}")
    return Token(name, len(match["zeros"] or ""), match["before"], match["after"])


def tokens_of(kind: Kind) -> list[str]:
    """What may stand in a template of that kind, as it is written."""
    return [f"{{{_WIDTHS.get(token, token)}}}" for token in TOKENS[kind].values()]


def _tokens(parts: Iterable[Part]) -> Iterable[Token]:
    for part in parts:
        if isinstance(part, Token):
            yield part
        elif isinstance(part, Group):
            yield from _tokens(part.parts)


def _literals(parts: Iterable[Part]) -> Iterable[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, Token):
            yield part.before + part.after
        else:
            yield from _literals(part.parts)


def _filled(part: Part, values: Values) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Group):
        tokens = [one for one in part.parts if isinstance(one, Token)]
        return (
            "".join(_filled(one, values) for one in part.parts) if any(_values(one, values) for one in tokens) else ""
        )
    return "".join(f"{part.before}{value}{part.after}" for value in _values(part, values))


def _values(token: Token, values: Values) -> list[str]:
    value = values.get(token.name, "")
    told = [value] if isinstance(value, str) else list(value)
    return [one.zfill(token.width) if token.width else one for one in told if one]


def code(season: int, episodes: Sequence[int]) -> str:
    """``S01E05``, of a range ``S01E01-E02``, of others ``S01E01E03``."""
    first, last = episodes[0], episodes[-1]
    head = f"S{season:02d}E{first:02d}"
    if len(episodes) > 1 and list(episodes) == list(range(first, last + 1)):
        return f"{head}-E{last:02d}"
    return head + "".join(f"E{number:02d}" for number in episodes[1:])
