"""Finds season and episode in a plain name. One function a rule, in the order in which they are believed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aniworld.naming.text import Bracket
from aniworld.naming.types import Numbers
from aniworld.naming.words import EPISODE_AFTER, NAMED_EPISODE, NAMED_SEASON, kanji_number, named_season

LONGEST_RANGE = 2000
_YEARS = range(1900, 2100)

_SE = re.compile(
    r"(?<![^\W_])s(?P<s>\d{1,4})[ ._-]{0,3}(?:e|ep|episode|eps)[ ._-]?(?P<e>\d{1,4})"
    r"(?P<more>(?:[ ._]?[-~&+]?[ ._]?(?:s\d{1,4})?[ ._]?(?:e|ep)\d{1,4}|[-~]\d{1,4}(?![\dpx]))*+)"
    r"(?P<half>[.]\d(?![\da-z]))?(?:[ ._]?v(?P<v>\d))?",
    re.IGNORECASE,
)
_TE = re.compile(r"(?<![^\W_])t(\d{1,2})e(\d{1,4})(?!\w)", re.IGNORECASE)
"""As in ``Temporada``."""
_X = re.compile(
    r"(?<![^\W_])(?P<s>\d{1,2})x(?P<e>\d{2,3})(?P<more>(?:[-~]?\d{1,2}x\d{2,3}|x\d{2,3}|[-~]\d{2,3}(?![\dpx]))*+)"
    r"(?:v(?P<v>\d))?(?![\da-z])",
    re.IGNORECASE,
)
_MORE = re.compile(r"([-~&+]?)[ ._]?(?:s\d+|\d+x)?[ ._]?(?:ep?)?x?(\d+)", re.IGNORECASE)
_ABSOLUTE_AFTER = re.compile(r"\s*[-(\[]\s*(\d{3,4})(?:-(\d{3,4}))?(?=\s*(?:[-()[\]]|$))")
_ABSOLUTE_BEFORE = re.compile(r"(?:^|(?<=\s))-?\s*(\d{2,4})([.]\d)?\s*[-(\[]\s*$")

_ENDED = r"(?:[ ]?(?:end|fin|finale?|完|全集?|合集|e)(?![a-z]))?"
_N = rf"(?P<n>\d{{1,4}})(?P<half>[.]\d(?!\d))?(?P<letter>[a-d](?![a-z0-9]))?(?:[ ]?v(?P<v>\d))?{_ENDED}"
_AND = r"|[ ]?(?:&|\+|to|bis)[ ]?"
_TO = rf"(?P<to>\d{{1,4}})(?:[ ]?v(?P<v>\d))?{_ENDED}"
_RANGE = rf"(?P<n>\d{{1,4}})(?:v\d)?(?:[ ]?[-~][ ]?{_AND}){_TO}"
_TIGHT_RANGE = rf"(?P<n>\d{{1,4}})(?:v\d)?(?:[-~]|[ ]~[ ]{_AND}){_TO}"
_TAIL = r"(?=\s*(?:$|-[\s]|-$|~|[(\[]))"
_DASH_RANGE = re.compile(rf"(?<=[\w)\]!?.'%☆♪])\s*[ .]-[ .]?\s*{_TIGHT_RANGE}(?![\w.%])", re.IGNORECASE)
_DASH_FROM_ONE = re.compile(r"[ .]-[ .]\s*(?P<n>0{1,3}1)[ .]-[ .](?P<to>\d{2,4})(?=[\s]*$)")
_DASH_STRICT = re.compile(rf"[ .]-[ .]\s*{_N}{_TAIL}", re.IGNORECASE)
_DASH_TIGHT = re.compile(rf"(?<=[^\W\d])[ ]?-[ ]?{_N}{_TAIL}", re.IGNORECASE)
_DASH_LOOSE = re.compile(rf"[ .]-[ .]\s*{_N}(?=[ .,]|-[a-z]\w*\s*$)", re.IGNORECASE)
_IN_BRACKETS = re.compile(
    rf"(?:第|(?:tv|bd|dvd)[ ]|ep?\.?[ ]?|episode[ ]|#)?(?:{_RANGE}|{_N.replace('(?P<', '(?P<b')})"
    r"[ ]?(?:[話话回集]|(?:of|из)[ ]\d+|/\d+)?[ ]?(?:v\d)?(?:tv)?[ ]?(?:end|fin|final|完|batch|complete|全集)?[ ]?"
    r"(?:\+[ ]?(?:sp|ova)s?\d*)?",
    re.IGNORECASE,
)
_LAST = re.compile(rf"(?:^|(?<=[\s._\-~)\]!?.☆♪%]))(?:{_RANGE}|{_N.replace('(?P<', '(?P<b')})[\s.]*$", re.IGNORECASE)
_MIDDLE = re.compile(r"(?<=[\w!?)][ .])(?P<n>0\d{1,3}|\d{3,4})(?:v(?P<v>\d))?(?=[ ]-[ ]|[.](?=[^\W\d]))", re.IGNORECASE)
_FIRST = re.compile(rf"^\s*{_N}(?:\s*[-.)]\s*|\s+|$)(?=\D|$|\d)", re.IGNORECASE)
_FIRST_RANGE = re.compile(rf"^\s*{_TIGHT_RANGE}(?:\s*[-.]\s*|\s+|$)", re.IGNORECASE)
_LETTER_E = re.compile(
    r"(?<![^\W_])ep?[ ._]?(?P<n>\d{1,4})(?:[ ]?[-~][ ]?(?:ep?)?(?P<to>\d{1,4}))?(?:v(?P<v>\d))?(?![\w])", re.I
)
_SEASON_CODE = re.compile(r"(?<![^\W_])(?:[st]|st\. ?|тв-?)(\d{1,2})(?![^\W_])", re.IGNORECASE)
_HALF = re.compile(r"[.]5(?!\w)")
_ONE_DIGIT = re.compile(r"(?<=\s)(\d{1,2})x(\d)(?=\s*(?:$|-))", re.IGNORECASE)
_GLUED = re.compile(r"(?<=[a-z])S(\d{2})E(\d{2,3})(?!\w)")
_GLUED_NUMBER = re.compile(r"(?<=[a-z])(?P<n>0\d{1,2})(?:v(?P<v>\d))?\s*$", re.IGNORECASE)
_SPACED_PAIR = re.compile(r"(?<![a-z0-9])s(\d{1,2})(?:\s*-\s*|\s+)e?p?\s?(\d{1,4})(?![\d\w])", re.IGNORECASE)


def span(first: int, last: int) -> tuple[int, ...]:
    """Both and all between; only the first where that makes no sense."""
    return tuple(range(first, last + 1)) if first < last <= first + LONGEST_RANGE else (first,)


def season_and_episode(text: str) -> Numbers | None:
    """``S01E02``, ``1x02`` and what may follow: ``E03``, ``-E04``, ``v2``, and an absolute number beside it."""
    for rule, pattern in (("SxxEyy", _SE), ("1x02", _X)):
        if (match := pattern.search(text)) is None:
            continue
        season = int(match["s"])
        episodes = _following(int(match["e"]), match["more"])
        absolute: tuple[int, ...] = ()
        start = match.start()
        if (after := _ABSOLUTE_AFTER.match(text, match.end())) and int(after[1]) not in _YEARS:
            absolute = span(int(after[1]), int(after[2] or 0))
        elif (before := _ABSOLUTE_BEFORE.search(text, max(start - 12, 0), start)) and int(before[1]) not in _YEARS:
            absolute, start = () if before[2] else (int(before[1]),), before.start()
        half = match.groupdict().get("half")
        return Numbers(
            rule, start, match.end(), season, () if half else episodes, absolute,
            special=season == 0 or bool(half), version=_int(match["v"]),
        )  # fmt: skip
    return None


def _following(first: int, more: str) -> tuple[int, ...]:
    numbers = [first]
    dashes = 0
    for dash, number in _MORE.findall(more):
        numbers.append(int(number))
        dashes += dash in ("-", "~")
    if len(numbers) == 2 and dashes == 1:
        return span(*numbers)
    return tuple(dict.fromkeys(number for number in numbers if number >= first))


def named(text: str) -> Numbers | None:
    """``Season 2 Episode 5``, ``Staffel 2 Folge 5``, ``第2期 第05話``, ``Episode 5``, ``#05``, ``E1135``."""
    match = NAMED_EPISODE.search(text)
    if match is None:
        match = _LETTER_E.search(text) or EPISODE_AFTER.search(text)
        if match is None:
            return None
        found = match.groupdict()
        first, last, version = int(match["n"]), found.get("to"), found.get("v")
    else:
        found = match.groupdict()
        raw = next(found[key] for key in ("n", "hash", "cjk", "cjkbare") if found[key])
        first, last, version = (
            kanji_number(raw),
            found["to"] or found["cjkto"],
            found["v"] or found["hv"] or found["cv"],
        )
        if found["half"] or found["cjkhalf"]:
            return Numbers("recap", match.start(), match.end(), special=True)
    if _HALF.match(text, match.end()):
        return Numbers("recap", match.start(), match.end() + 2, special=True)
    numbers = span(first, int(last)) if last else (first,)
    season, start = None, match.start()
    for other in NAMED_SEASON.finditer(text):
        if other.end() <= match.start():
            season, start = named_season(other), min(start, other.start())
        elif other.start() >= match.end():
            season = season if season is not None else named_season(other)
    if season is None and (code := _SEASON_CODE.search(text, 0, match.start())):
        season, start = int(code[1]), code.start()
    if season is not None:
        return Numbers("season and episode in words", start, match.end(), season, numbers, special=season == 0,
                       version=_int(version))  # fmt: skip
    return Numbers("episode in words", start, match.end(), absolute=numbers, version=_int(version))


def after_dash(text: str) -> Numbers | None:
    """``Title - 05``, ``Title - 05v2 - Name``, ``Title - 01-12``, ``Title - 12.5``."""
    if (match := _DASH_RANGE.search(text)) and int(match["to"]) > int(match["n"]):
        return _numbers("range after a dash", match)
    if "01 - " in text and (match := _DASH_FROM_ONE.search(text)):
        return _numbers("range after a dash", match)
    candidates = [match for match in _DASH_STRICT.finditer(text) if text[: match.start()].strip()]
    if candidates:
        return _numbers("number after a dash", _best(candidates))
    return None


def after_dash_loosely(text: str) -> Numbers | None:
    """``Title - 05 Name``, ``Title-05``."""
    for match in _DASH_LOOSE.finditer(text):
        before = text[: match.start()].strip()
        padded = match["n"].startswith("0")
        if before and (padded or not before.isdecimal()) and (padded or len(match["n"]) > 1):
            return _numbers("number after a dash", match)
    candidates = [match for match in _DASH_TIGHT.finditer(text) if text[: match.start()].strip()]
    return _numbers("number after a dash", candidates[-1]) if candidates else None


def in_brackets(parts: Iterable[Bracket], *, alone: bool) -> Numbers | None:
    """``[05]``, ``[01-12]``, ``[第05話]``, ``(05)``. ``alone``: nothing else in the name could be a number."""
    best: Numbers | None = None
    found_ones = [(part, match) for part in parts if (match := _IN_BRACKETS.fullmatch(part.content))]
    if len(found_ones) > 1 and found_ones[1][0].content.startswith("0") and found_ones[0][0].content[:1] in "123456789":
        found_ones = found_ones[1:]  # "[86][05]": the first of them is the title
    for part, match in found_ones:
        found = {key: value for key, value in match.groupdict().items() if value}
        n, to = found.get("n") or found["bn"], found.get("to")
        if to is None and len(n) == 4 and int(n) in _YEARS:
            continue
        if part.round and to is None and not alone:
            continue
        numbers = span(int(n), int(to)) if to else (int(n),)
        if "bhalf" in found:
            best = Numbers("recap", part.start, part.end, special=True)
        else:
            version = found.get("v") or found.get("bv")
            best = Numbers("number in brackets", part.start, part.end, absolute=numbers, version=_int(version))
        break
    return best


def at_the_end(text: str) -> Numbers | None:
    """``Title 05``, ``Title_05``, ``Title.05``."""
    match = _LAST.search(text)
    if match is None or not text[: match.start()].strip(" -._"):
        return None
    found = {key: value for key, value in match.groupdict().items() if value}
    n, to = found.get("n") or found["bn"], found.get("to")
    if to is None and len(n) == 4 and int(n) in _YEARS:
        return None
    if to is not None and not int(n) < int(to):
        return None
    if "bhalf" in found:
        return Numbers("recap", match.start(), match.end(), special=True)
    numbers = span(int(n), int(to)) if to else (int(n),)
    return Numbers("number at the end", match.start(), match.end(), absolute=numbers,
                   version=_int(found.get("v") or found.get("bv")))  # fmt: skip


def glued(text: str) -> Numbers | None:
    """``TitleS01E05``, ``Title 1x5``, ``Title05``: what is believed when nothing else is found."""
    if match := _GLUED.search(text) or _ONE_DIGIT.search(text):
        season = int(match[1])
        return Numbers("SxxEyy", match.start(), match.end(), season, (int(match[2]),), special=season == 0)
    return _numbers("number at the end", match) if (match := _GLUED_NUMBER.search(text)) else None


def in_the_middle(text: str) -> Numbers | None:
    """``Title 001 - Name``, ``Title.102.Name``: of two digits only with a zero, for a title may hold any other."""
    match = _MIDDLE.search(text)
    return _numbers("number in the middle", match) if match and int(match["n"]) not in _YEARS else None


def at_the_start(text: str) -> Numbers | None:
    """``05 - Name``, ``05. Name``, ``05``."""
    if (match := _FIRST_RANGE.match(text)) and int(match["to"]) > int(match["n"]):
        return _numbers("number at the start", match)
    match = _FIRST.match(text)
    if match is None or int(match["n"]) in _YEARS:
        return None
    return _numbers("number at the start", match)


def temporada(text: str) -> Numbers | None:
    """``T02E05``."""
    if (match := _TE.search(text)) is None:
        return None
    season = int(match[1])
    return Numbers("TxxEyy", match.start(), match.end(), season, (int(match[2]),), special=season == 0)


def season_dash(text: str) -> Numbers | None:
    """``S2 - 05`` with nothing but that: the season is said, not a title."""
    match = _SPACED_PAIR.match(text.strip())
    if match is None:
        return None
    return Numbers("SxxEyy", 0, match.end(), int(match[1]), (int(match[2]),), special=int(match[1]) == 0)


def _best(candidates: list[re.Match[str]]) -> re.Match[str]:
    """The first that is not rather a part of the title: a year, or one without zeros where another one has them."""
    if len(candidates) > 1:
        first = candidates[0]
        later = candidates[1]
        if int(first["n"]) in _YEARS or (later["n"].startswith("0") and not first["n"].startswith("0")):
            return later
    return candidates[0]


def _numbers(rule: str, match: re.Match[str]) -> Numbers:
    found = match.groupdict()
    if found.get("half"):
        return Numbers("recap", match.start(), match.end(), special=True)
    first, last = int(match["n"]), found.get("to")
    numbers = span(first, int(last)) if last else (first,)
    return Numbers(rule, match.start(), match.end(), absolute=numbers, version=_int(found.get("v")))


def _int(text: str | None) -> int | None:
    return int(text) if text else None
