"""What is no regular episode: OVAs, recaps, films (specials), and openings, trailers, menus (extras). Pure."""

from __future__ import annotations

import re

from msgspec.structs import replace

from aniworld.naming import numbers
from aniworld.naming.types import Numbers
from aniworld.naming.words import EXTRA, SPECIAL, SURE_EXTRA

_SURE_EXTRA = re.compile(rf"(?<![a-z])(?:{SURE_EXTRA})(?![a-z])", re.IGNORECASE)
_MAYBE_EXTRA = re.compile(r"nc[ ._-]?[oe]|credit|textless|clean|クレ", re.IGNORECASE)
_EXTRA_LATER = re.compile(
    rf"""(?:^\s*|[ .]-[ .]\s*|[\[(]\s*|(?<=\w)-(?=[a-z]+$)|
      \s(?=(?:pv|cm|op|ed)[ ._]?\d)|\s(?=(?:pv|cm|予告)\s*$)|
      (?<=[^\x00-\x7f])(?=pv\d*\s*$)|\s(?=(?:menu|trailer|preview|sample|promo)s?[ ._]?\d*\s*$))
    (?:(?:bd|dvd|web|tv|official|teaser|theatrical)[ ._-]+)?(?:{EXTRA})[ ._#-]*\d{{0,3}}[a-z]?(?:v\d)?
    (?:[ ._](?:vol[ ._]*\d+|collection))?(?=\s*(?:$|[\[(\])]|[ .]-[ .]))""",
    re.IGNORECASE | re.VERBOSE,
)
_SPECIAL = re.compile(
    rf"(?<![a-z])(?:{SPECIAL})(?:[ ._#-]*(?P<n>\d{{1,3}}))?(?:v(?P<v>\d))?(?![a-zà-öø-ÿ\d])", re.IGNORECASE
)
_SPECIAL_ALONE = re.compile(
    r"\s*(?:ova|oad|oav|sp|special)s?[ ._#-]*(?P<n>\d{1,3})?(?:v\d)?\s*(?:$|-\s)", re.IGNORECASE
)
_SPECIAL_END = re.compile(
    rf"^\s*[-\[(.: ]*(?:the[ ._])?(?:{SPECIAL})(?:[ ._]?\d{{1,2}})?[\])]?(?=\s*(?:$|[\[(\]-]))|"
    r"^\s*[-\[(]\s*o(?:va|ad|av)\b",
    re.IGNORECASE,
)
_SUFFIX_EXTRA = re.compile(
    r"(?<=[^\s-])-(?:trailer|sample|other|behindthescenes|featurette|deleted(?:scenes?)?|interview|scene|clip)\s*$|"
    r"(?<=\w)[.]sample\s*$|(?<=\d)[ ](?:preview|予告)\s*(?:$|\[)",
    re.IGNORECASE,
)
"""Behind the name of what they belong to, as players know them."""
_ENDS_OF_SUFFIXES = {"iler", "mple", "ther", "enes", "ette", "eted", "view", "cene", "clip"}
_LEADING_SPECIALS = {"gekijouban", "gekijoban", "劇場版", "剧场版", "극장판"}
_EDGES = {"", " ", ".", "-", "[", "("}
_CODE_SPECIAL = re.compile(r"[ .]-[ .]s(?P<n>\d{1,2})(?:v\d)?\s*(?:$|[\[(-])", re.IGNORECASE)


def extra_beside(text: str, found: Numbers) -> bool:
    """Whether a name with SxxEyy says that it is an extra of that episode."""
    tail = text[found.end :]
    return bool(
        (_MAYBE_EXTRA.search(tail) and _SURE_EXTRA.search(tail))
        or (text[-4:].lower() in _ENDS_OF_SUFFIXES and _SUFFIX_EXTRA.search(text, found.end))
        or text.startswith(("sample-", "Sample-"))
    )


def extra(text: str, flat: str, begin: int) -> re.Match[str] | None:
    """Where the word for an extra stands."""
    if sure := _SURE_EXTRA.search(text, begin) or _SUFFIX_EXTRA.search(text, begin):
        return sure
    later = _EXTRA_LATER.search(text, begin)
    if later is None:
        return None
    # Behind an episode's number it is what the episode is called.
    before = flat[: later.start()]
    if numbers.after_dash(before) or numbers.named(before) or re.search(r"(?:^|\s)\d{2,4}(?:v\d)?\s*$", before):
        return None
    return later


def special(text: str, flat: str, found: Numbers | None, begin: int) -> Numbers | None:
    """What was found as a special, where a word says so: before the number, right behind it, or without one."""
    if found is not None and found.special:
        return None
    if alone := _SPECIAL_ALONE.match(flat, begin):
        number = (int(alone["n"]),) if alone["n"] else ()
        return Numbers("special", begin, alone.end(), None, number, special=True)
    if found is not None and found.absolute and not found.season:
        if _SPECIAL_END.match(text[found.end :].removeprefix("]")):
            return replace(found, rule="special behind its number", episodes=found.absolute, absolute=(), special=True)
        word = next((m for m in _SPECIAL.finditer(text, begin, found.start) if m.start() > begin), None)
        if word is not None and not text[word.end() : found.start].strip(" -._#[]()"):
            return replace(
                found, rule="special before its number", start=word.start(), episodes=found.absolute, absolute=(),
                special=True,
            )  # fmt: skip
        return None
    if found is not None:
        return None
    if (code := _CODE_SPECIAL.search(text, begin)) is not None:
        return Numbers("special", code.start(), code.end(), 0, (int(code["n"]),), special=True)
    for word in _SPECIAL.finditer(text, begin):
        leads = word.start() > begin or word[0].lower() in _LEADING_SPECIALS
        if leads and text[max(word.start() - 1, 0) : word.start()] in _EDGES:
            number = (int(word["n"]),) if word["n"] else ()
            return Numbers(
                "special",
                word.start(),
                word.end(),
                None,
                number,
                special=True,
                version=int(word["v"]) if word["v"] else None,
            )
    return None
