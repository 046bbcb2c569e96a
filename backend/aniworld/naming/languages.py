"""What a name says about the languages of a file."""

from __future__ import annotations

import re

_CODES = {
    "ja": "ja|jp|jpn|jap|japanese|japanisch|日本語",
    "de": "de|ger|deu|german|deutsch",
    "en": "en|eng|english|englisch",
    "fr": "fr|fre|fra|french|français|francais|vf|vff|truefrench",
    "es": "es|spa|spanish|español|espanol|castellano",
    "es-419": "latino|es-la|es-419|lat",
    "pt-BR": "pt-br|por-br|brazilian|dublado",
    "pt": "pt|por|portuguese",
    "it": "it|ita|italian|italiano",
    "ru": "ru|rus|russian",
    "pl": "pl|pol|polish",
    "nl": "nl|dut|nld|dutch",
    "ko": "ko|kor|korean",
    "zh": "zh|chi|zho|chinese|国语|國語",
    "ar": "ar|ara|arabic",
    "tr": "tr|tur|turkish",
    "hu": "hu|hun|hungarian",
    "cs": "cs|cze|ces|czech",
    "sv": "sv|swe|swedish",
    "da": "da|dan|danish",
    "fi": "fi|fin|finnish",
    "no": "no|nor|norwegian",
    "th": "th|tha|thai",
    "vi": "vi|vie|vietnamese",
    "id": "ind|indo|indonesia|indonesian",
    "hi": "hin|hindi",
}
_BY_WORD = {word: tag for tag, words in _CODES.items() for word in words.split("|")}
_LONG = "|".join(sorted((re.escape(word) for word in _BY_WORD if len(word) > 3), key=len, reverse=True))
_ALL = "|".join(sorted((re.escape(word) for word in _BY_WORD), key=len, reverse=True))

_OURS = re.compile(r"\[([a-z]{2,3}(?:-[A-Za-z]{2,4})?(?:\+[a-z]{2,3}(?:-[A-Za-z]{2,4})?)?)\]")
_DUBBED = re.compile(rf"(?<![a-z])({_ALL})[ ._-]?(?:dub(?:bed)?|synchro|audio|doblaje)(?![a-z])", re.IGNORECASE)
_SUBBED = re.compile(
    rf"(?<![a-z])({_ALL})[ ._-]?(?:(?:soft|hard|fan)?sub(?:s|bed|titles?|titulado)?|untertitel|ut)(?![a-z])|"
    rf"(?<![a-z])(?:vost|sub(?:s|bed)?[ ._-]?)(fr|ita?|espa[ñn]ol|esp?|eng?|de|ger|pt|indo|rus|pol|pl)(?![a-z])",
    re.IGNORECASE,
)
_PLAIN = re.compile(rf"(?<![a-z])({_LONG}|ger|eng|jpn|ita|fre|spa|rus)(?![a-z])", re.IGNORECASE)
_SHORT = re.compile(r"\[([A-Z]{2,3}(?:-[A-Z]{2})?(?:\+[A-Z]{2,3}(?:-[A-Z]{2})?)*)\]")
_WRITTEN = re.compile(r"\[(?:gb|big5|chs|cht|[简簡繁][体體中日英][^\W_]{0,4})(?:[ &+_-][^\W_]+)*\]", re.IGNORECASE)
"""Chinese scripts: they are read, not heard."""
_SAID = {
    "legendado": "ja+pt-BR", "altyazılı": "ja+tr", "altyazili": "ja+tr", "dublaj": "tr", "napisy": "ja+pl",
    "lektor": "pl", "озвучка": "ru", "субтитры": "ja+ru",
}  # fmt: skip
_DUAL = re.compile(r"(?<![a-z])dual[ ._-]?audio(?![a-z])|(?<=[\[( ._])dual(?=[\]) ._])", re.IGNORECASE)
_FRENCH = re.compile(r"(?<![^\W_])VF[FQ]?(?![^\W_])")
_TWO = re.compile(r"(?<![a-z])(?:dl|ml)(?![a-z])", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_]{3,}|[简繁国日][^\W\d_]")
_SUFFIXES = ("", "sub", "subs", "subbed", "dub", "dubbed", "ut", "audio", "titulado")
_TELLING = (
    {word + suffix for word in _BY_WORD for suffix in _SUFFIXES if len(word + suffix) > 2}
    | {"dual", "brazilian", "untertitel", "synchro", "doblaje"}
    | {f"vost{word}" for word in ("fr", "it", "ita", "es", "esp", "en", "eng", "de", "ger", "pt")}
    | set(_SAID)
    | {"sub", "subs", "subbed", "por", "fre", "audio", "titulado", "titles", "dub", "dubbed"}
)
"""Words without one of which (or a code in brackets) the closer look finds nothing."""


def languages(text: str) -> tuple[str, ...]:
    """The languages that the text behind the numbers tells: a subtitled one is Japanese with those subtitles."""
    if "[" in text and (ours := _OURS.findall(text)):
        known = [tag for tag in ours if all(part.split("-")[0] in _KNOWN for part in tag.split("+"))]
        if known:
            return tuple(dict.fromkeys(known))
    found: dict[str, None] = {}
    for match in _SHORT.finditer(text):
        found |= {_BY_WORD[word]: None for word in match[1].lower().split("+") if word in _BY_WORD}
    if "[" in text and _WRITTEN.search(text):
        found["ja+zh"] = None
    if "VF" in text and _FRENCH.search(text):
        found["fr"] = None
    words = _WORDS.findall(text.lower())
    if _TELLING.isdisjoint(words):
        return tuple(found)
    found |= {_SAID[word]: None for word in words if word in _SAID}
    rest = text
    for match in _SUBBED.finditer(text):
        word = (match[1] or match[2]).lower()
        tag = _BY_WORD.get(word) or _BY_WORD.get(word[:2], "")
        if tag and tag != "ja":
            found[f"ja+{tag}"] = None
    rest = _SUBBED.sub(" ", rest)
    for match in _DUBBED.finditer(rest):
        found[_BY_WORD[match[1].lower()]] = None
    rest = _DUBBED.sub(" ", rest)
    plain = [_BY_WORD[match[1].lower()] for match in _PLAIN.finditer(rest)]
    for tag in plain:
        found[tag] = None
    if plain and "ja" not in plain and _TWO.search(rest):
        found["ja"] = None
    if not found and _DUAL.search(text):
        found = {"ja": None, "en": None}
    return tuple(found)


_KNOWN = {tag.split("-")[0] for tag in _CODES} | {"ind"}
