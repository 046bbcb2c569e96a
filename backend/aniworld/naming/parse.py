"""From a name to what it means. Names that say it plainly take the short way; the others are looked at more closely.

Pure. What is right for a name was taken from how people and groups name their files, not from one program's patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from aniworld.naming import numbers
from aniworld.naming.languages import languages
from aniworld.naming.specials import extra, extra_beside, special
from aniworld.naming.text import (
    Bracket,
    blank,
    brackets,
    core,
    outside,
    plain,
    tidy,
    without_brackets,
    without_extension,
)
from aniworld.naming.types import Kind, Numbers, Parsed
from aniworld.naming.words import NAMED_SEASON, TECHNICAL, named_season

LONGEST_NAME = 1000
_YEAR = re.compile(r"[\[(](19\d{2}|20\d{2})(?:-\d{2,4})?[\])]|(?<=[ .])(19\d{2}|20\d{2})(?=[ .-]*$)")
_KNOWN_REST = re.compile(r"[ ._]*(?:[\[(](19\d{2}|20\d{2})[\])])?")
_IDS = re.compile(r"[\[({](?:tvdb|tmdb|imdb|anidb|anilist|mal)(?:id)?[-=]\w+[\])}]", re.IGNORECASE)
_LEADING_GROUP = re.compile(r"^\s*(?:\[([^\[\]]{1,60})\]|\(([^()]{1,40})\)|\{([^{}]{1,40})\})(?:[.]|\s*-)?\s*(?=\S)")
_TRAILING_GROUP = re.compile(r"-([A-Za-z][A-Za-z0-9_]{1,24})(?:\[[^\]]*\]|\([^)]*\))*$")
_EMPTY_BRACKET = re.compile(r"\s*[\[(]\s*[\])]?\s*$")
_WORD = re.compile(r"[a-z]+")
_TELLING = frozenset(
    "season seasons staffel staffeln saison saisons temporada temporadas stagione stagioni seizoen sesong kausi sezon "
    "sezona musim episode episodes ep epi eps epis e episodio episodios folge folgen teil capitulo capitulos cap "
    "puntata puntate aflevering afleveringen avsnitt afsnit jakso odcinek ova ovas oav oavs oad oads sp special "
    "specials omake sonderfolge sonderfolgen picture drama recap anime gaiden gekijouban gekijoban movie film speciale "
    "especial especiales nc ncop nced creditless credit clean textless opening openings ending endings op ed pv cm "
    "menu menus trailer trailers teaser teasers preview previews promo promos sample samples making behind "
    "featurette featurettes interview interviews deleted blooper bloopers gag scan scans ost odc "
    "bolum evad pelicula".split()
)
"""Words for which the closer look would look, in names that are ASCII."""
_SEASON_IN_BRACKETS = re.compile(r"(?:s|t[vв]-|тв-?)(\d{1,2})", re.IGNORECASE)
_PART = re.compile(r"[ ._-]*(?:part|cour|teil|partie|parte)[ ._]?\d{1,2}[ ._-]*", re.IGNORECASE)
_OPEN = re.compile(r"[\[({]\s*$")
_VERSION = re.compile(r"[\[(]v(\d)[\])]")
_SEASON_CODE = re.compile(r"[ .-]+s\d{2}[ .-]*$", re.IGNORECASE)
_PACK = re.compile(r"[ ._-]+s(\d{1,2})(?=[ ._-]|$)", re.IGNORECASE)


def parse(name: str, known: str = "") -> Parsed:
    """What the name of a file (or of a folder or release) says. Never fails: at worst nothing is known.

    ``known``: the title that the folder tells. Where the name begins with it, no number is looked for in it.
    """
    shown = name[:LONGEST_NAME]
    stem = without_extension(shown)
    text = plain(stem)
    if known:
        text = _hidden(text, known)
    found = numbers.season_and_episode(text)
    if found is not None:
        return _plainly(shown, stem, text, found, known)
    return _closely(shown, stem, text)


def title_of(folder: str) -> tuple[str, int | None, int | None]:
    """Title, year and season of a folder's name, in which a number is part of the title."""
    text = plain(folder)
    _, begin = _leading_group(text)
    end = min((match.start() for match in TECHNICAL.finditer(text, begin)), default=len(text))
    # Of a later season it is part of what tells two series apart.
    if (code := _PACK.search(text, begin, end)) is not None and int(code[1]) == 1:
        end = code.start()
    return _title(folder[begin:end], text[begin:end]) if end > begin else (tidy(folder), None, None)


def _hidden(text: str, known: str) -> str:
    """The text with letters in place of a title that is known, as long as before."""
    _, begin = _leading_group(text)
    title = plain(known)
    for spelling in (title, title.replace(" ", ".")):
        end = begin + len(spelling)
        if text[begin:end].casefold() == spelling.casefold() and not text[end : end + 1].isalnum():
            return text[:begin] + "x" * len(spelling) + text[end:]
    return text


def _plainly(name: str, stem: str, text: str, found: Numbers, known: str) -> Parsed:
    """A name with SxxEyy: what is before it is the title, what is behind it tells the rest."""
    head, tail = text[: found.start], text[found.end :]
    group, begin = _leading_group(head)
    rest = head[begin:].strip(" -._")
    if known and rest.startswith("x" * len(known)) and (match := _KNOWN_REST.fullmatch(rest, len(known))):
        title, year = known, int(match[1]) if match[1] else None
    else:
        title, year, _ = _title(stem[begin : found.start], head[begin:])
    group = group or _trailing_group(tail)
    kind: Kind = "special" if found.special else "episode"
    if extra_beside(text, found):
        kind, found = "extra", replace(found, episodes=(), absolute=())
    return Parsed(
        name=name, title=title, year=year, season=found.season, episodes=found.episodes, absolute=found.absolute,
        special=found.special or kind == "extra", kind=kind, version=_version(found, tail), group=group,
        languages=languages(tail), rule=found.rule,
    )  # fmt: skip


def _closely(name: str, stem: str, text: str) -> Parsed:
    group, begin = _leading_group(text)
    if (found := _at_once(text, begin)) is not None:
        return _episode(name, stem, text, begin, group, (), found)
    parts = [part for part in brackets(text) if part.start >= begin]
    flat = " " * begin + core(text)[begin:]
    if word := extra(text, flat, begin):
        code = _SEASON_CODE.search(text, begin, word.start())
        end = code.start() if code else word.start()
        title, year, season = _title(stem[begin:end], text[begin:end])
        return Parsed(
            name=name, title=title or _bracket_title(parts), year=year, season=season, special=True, kind="extra",
            group=group, languages=languages(text[begin:]), rule="word for an extra",
        )  # fmt: skip
    found = _numbers(text, flat, parts, begin)
    if other := special(text, flat, found, begin):
        found = other
    if found is None:
        return _unknown(name, stem, text, begin, group, parts)
    return _episode(name, stem, text, begin, group, parts, found)


def _at_once(text: str, begin: int) -> Numbers | None:
    """``[Group] Title - 05 [1080p]``, where no word in it could mean anything else."""
    if not text.isascii() or not _TELLING.isdisjoint(_WORD.findall(text.lower(), begin)):
        return None
    if text[begin : begin + 1] in "sS" and (pair := numbers.season_dash(text[begin:])):
        return pair
    return numbers.after_dash(" " * begin + without_brackets(text)[begin:])


def _episode(
    name: str, stem: str, text: str, begin: int, group: str | None, parts: Iterable[Bracket], found: Numbers
) -> Parsed:
    """A name of which the numbers are found."""
    end = found.start
    if found.special and (code := _SEASON_CODE.search(text, begin, end)):
        end = code.start()
    title, year, season = _title(stem[begin:end], text[begin:end])
    if not title and end <= begin + 1:
        title = ""
    elif not title:
        before = [part for part in parts if part.end <= found.start]
        title = _bracket_title(before) or next((part.content for part in before if part.content.isdecimal()), "")
    if year is None:
        year = _year(text[found.end :])
    if found.season is not None:
        season = found.season
    group = group or _trailing_group(text[found.end :])
    kind: Kind = "special" if found.special else "episode"
    return Parsed(
        name=name, title=title, year=year, season=0 if found.special and season is None and found.episodes else season,
        episodes=found.episodes, absolute=found.absolute, special=found.special, kind=kind,
        version=_version(found, text[found.end :]), group=group, languages=languages(text[found.end :]),
        rule=found.rule,
    )  # fmt: skip


def _numbers(text: str, flat: str, parts: list[Bracket], begin: int) -> Numbers | None:
    """The first rule that finds something."""
    found = (
        numbers.season_dash(flat)
        or numbers.temporada(text)
        or numbers.named(_without_noise(text, begin))
        or numbers.after_dash(flat)
        or numbers.in_brackets(parts, alone=False)
        or numbers.after_dash_loosely(flat)
    )
    if found is not None:
        return found
    flat = NAMED_SEASON.sub(lambda match: _hide_season(match, begin), flat)
    return (
        _first_or_last(_before_technical(flat, text, begin))
        or _first_or_last(flat)
        or numbers.in_the_middle(flat)
        or numbers.in_brackets(parts, alone=True)
        or numbers.glued(flat)
    )


def _hide_season(match: re.Match[str], begin: int) -> str:
    """No number of an episode where a season is said; at the start ``05 Season of Rain`` says none."""
    return match[0] if match["before"] and match.start() <= begin else "x" * (match.end() - match.start())


def _before_technical(flat: str, text: str, begin: int) -> str:
    """Only what stands before the first word about how the file was made."""
    first = next(
        (match for match in TECHNICAL.finditer(text, begin) if not flat[match.start() : match.end()].strip()), None
    )
    return flat[: first.start()] if first is not None and flat[: first.start()].strip() else flat


def _first_or_last(flat: str) -> Numbers | None:
    """A number at the start is believed where a dash or dot follows, or where there is none at the end."""
    first, last = numbers.at_the_start(flat), numbers.at_the_end(flat)
    if first is None or last is None:
        return first or last
    lead = flat[: first.end].strip()
    if lead.endswith("-") and flat[first.end - 2 : first.end - 1].isdigit() and flat[last.start] == "0":
        return last  # "07-Ghost 05"
    if flat[last.start : last.end].strip().startswith("0") and not lead.startswith("0"):
        return last
    return first if lead[-1:] in ("-", ".") or lead.startswith("0") else last


def _without_noise(text: str, begin: int) -> str:
    """Technical words blanked, brackets kept: ``[EP05]`` counts."""
    return " " * begin + TECHNICAL.sub(blank, text[begin:])


def _unknown(name: str, stem: str, text: str, begin: int, group: str | None, parts: list[Bracket]) -> Parsed:
    end = min((match.start() for match in TECHNICAL.finditer(text, begin)), default=len(text))
    code = _PACK.search(text, begin, end)
    title, year, season = _title(
        stem[begin : code.start() if code else end], text[begin : code.start() if code else end]
    )
    if code:
        season = int(code[1])
    return Parsed(
        name=name, title=title or _bracket_title(parts), year=year, season=season,
        group=group or _trailing_group(text[end:]), languages=languages(text[end:]), rule="no number",
    )  # fmt: skip


def _leading_group(text: str) -> tuple[str | None, int]:
    """A group in brackets at the start, and where the rest begins."""
    match = _LEADING_GROUP.match(text)
    if match is None:
        return None, 0
    group = (match[1] or match[2] or match[3]).strip()
    if not group or group.isdecimal() or TECHNICAL.fullmatch(group) or _IDS.fullmatch(match[0].strip()):
        return None, 0
    return group, match.end()


def _trailing_group(tail: str) -> str | None:
    """``-Group`` at the very end."""
    match = _TRAILING_GROUP.search(tail)
    return match[1] if match and match[1].lower() not in ("dl", "rip", "ray", "hd", "ma", "es") else None


def _title(shown: str, text: str) -> tuple[str, int | None, int | None]:
    """Title, year and season of what stands before the numbers. ``text`` is ``shown``, plain."""
    year = season = None
    text = _OPEN.sub(blank, _IDS.sub(blank, text))
    parts = brackets(text)
    if parts and not outside(text).strip(" .-"):
        # All of it is in brackets: the last of them is the title, what comes before says when and who.
        if match := NAMED_SEASON.fullmatch(parts[-1].content) or _SEASON_IN_BRACKETS.fullmatch(parts[-1].content):
            season = int(match[1]) if match.re is _SEASON_IN_BRACKETS else named_season(match)
            if len(parts) == 1:
                return "", None, season
            parts = parts[:-1]
        begin, end = parts[-1].start + 1, parts[-1].end - 1
        shown, text = shown[begin:end], text[begin:end]
    if (match := _last(_YEAR, text)) and text[: match.start()].strip(" .-_"):
        year = int(match[1] or match[2])
        if not text[match.end() :].strip(" .-_"):
            shown, text = shown[: match.start()], text[: match.start()]
        else:
            text = text[: match.start()] + blank(match) + text[match.end() :]
    for match in NAMED_SEASON.finditer(text):
        if text[: match.start()].strip(" .-_([") and _PART.fullmatch(text, match.end()):
            season = named_season(match)
            text = text[: match.start()] + blank(match) + text[match.end() :]
            break
        if text[: match.start()].strip(" .-_([") and not text[match.end() :].strip(" .-_)]"):
            season = named_season(match)
            text = text[: match.start()] + " " * (len(text) - match.start())
            break
    for part in brackets(text):
        if (match := NAMED_SEASON.fullmatch(part.content)) and text[: part.start].strip(" .-_"):
            season = named_season(match)
            text = text[: part.start] + " " * (part.end - part.start) + text[part.end :]
        elif (match := _SEASON_IN_BRACKETS.fullmatch(part.content)) and text[: part.start].strip(" .-_"):
            season = int(match[1])
            text = text[: part.start] + " " * (part.end - part.start) + text[part.end :]
        elif not part.content or TECHNICAL.fullmatch(part.content) or TECHNICAL.match(part.content):
            text = text[: part.start] + " " * (part.end - part.start) + text[part.end :]
    if text == plain(shown):
        return tidy(shown), year, season
    kept = "".join(
        original if char != " " or original in " _　" else " " for original, char in zip(shown, text, strict=True)
    )
    kept = _EMPTY_BRACKET.sub("", kept)
    return tidy(kept), year, season


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return max(pattern.finditer(text), key=re.Match.start, default=None)


def _version(found: Numbers, tail: str) -> int | None:
    """``v2`` at the number or in brackets behind it."""
    if found.version is not None:
        return found.version
    match = _VERSION.search(tail) if "[v" in tail or "(v" in tail else None
    return int(match[1]) if match else None


def _year(text: str) -> int | None:
    match = re.search(r"[\[(](19\d{2}|20\d{2})[\])]", text)
    return int(match[1]) if match else None


def _bracket_title(parts: Iterable[Bracket]) -> str:
    """``[Group][Title][05]``: the first that is no number and not technical."""
    for part in parts:
        if part.content and not TECHNICAL.match(part.content) and not part.content.isdecimal():
            return tidy(part.content)
    return ""
