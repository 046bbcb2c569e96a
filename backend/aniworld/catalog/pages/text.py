"""Text from a page, made harmless: plain, printable, in one normal form, of bounded length. Pure."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence

from aniworld.catalog.pages.months import in_english

MIN_YEAR = 1900
MAX_YEAR = 2100
MAX_NUMBER = 99_999
MAX_DURATION = 24 * 3600.0

# Direction marks and overrides, and characters of no width, turn one name into another before the eye.
# The joiners U+200C and U+200D stay: some scripts are spelled with them.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"#?\s*([0-9]{1,5})\s*\.?")
_YEAR = re.compile(r"(?<![0-9])([0-9]{4})(?![0-9])")
_CLOCK = re.compile(r"(?:([0-9]{1,2}):)?([0-9]{1,3}):([0-9]{2})")
_HOURS = re.compile(r"([0-9]{1,2}) ?h ?([0-9]{2})", re.IGNORECASE)
_UNITS = re.compile(
    r"(?<![0-9.,])(?=[0-9])(?:([0-9]{1,2}) ?(?:h|st)[a-z]{0,6}\.?,? ?)?(?:([0-9]{1,3}) ?m[a-z]{0,6}\.?,? ?)?"
    r"(?:([0-9]{1,3}) ?s(?!t)[a-z]{0,7})?",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"(?<![0-9])([0-9]{1,2})(?:st|nd|rd|th|er|º)(?![a-z])", re.IGNORECASE)
_AMOUNT = re.compile(r"([0-9]{1,5}(?:[.,][0-9]{1,3})?)")


def clean(text: str, limit: int) -> str:
    """One line of at most ``limit`` characters."""
    # Cut before the work as well: normalising can make a text longer, never by more than some 18 times.
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text[: limit * 4]))
    text = _SPACE.sub(" ", "".join(character if _printable(character) else " " for character in text)).strip()
    return text[:limit].rstrip()


def clean_paragraphs(texts: list[str], limit: int) -> str:
    """Several lines, an empty one between paragraphs."""
    paragraphs = (clean(line, limit) for text in texts for line in text[: limit * 4].split("\n"))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)[:limit].rstrip()


def number(text: str) -> int | None:
    """A number from 0 on: ``7``, ``07``, ``#7``, ``7.``. Nothing else, for ``7.5`` is not 7."""
    found = _NUMBER.fullmatch(text.strip())
    return int(found.group(1)) if found else None


def year(text: str) -> int | None:
    """The first year in the text."""
    years = (int(found) for found in _YEAR.findall(text))
    return next((found for found in years if MIN_YEAR <= found <= MAX_YEAR), None)


def date(text: str, forms: Sequence[str]) -> dt.date | None:
    """A day, written as one of ``forms`` says; without any ISO 8601, a time of day after it ignored.

    A form is one of ``strptime``, where a month's name may be in any language of ``months``, or ``unix``.
    """
    text = text.strip()[:100]
    for form in forms or ("",):
        try:
            found = _date(text, form)
        except (ValueError, OverflowError, OSError, re.error):
            continue
        if MIN_YEAR <= found.year <= MAX_YEAR:
            return found
    return None


def _date(text: str, form: str) -> dt.date:
    if not form:
        return dt.date.fromisoformat(text[:10])
    if form == "unix":
        return dt.datetime.fromtimestamp(float(text), dt.UTC).date()
    form = form.replace("%b", "%B")
    if "%B" in form:
        text = _ORDINAL.sub(r"\1", in_english(text))
    return dt.datetime.strptime(text, form).date()


def duration(text: str, unit: float) -> float | None:
    """Seconds: ``m:ss``, ``h:mm:ss``, ``24 min``, ``1 h 30 min``, ``PT1H30M``, or the first amount times ``unit``."""
    if clock := _CLOCK.fullmatch(text.strip()):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        found = float(hours * 3600 + minutes * 60 + seconds)
    elif told := _HOURS.fullmatch(text.strip()):
        found = float(int(told.group(1)) * 3600 + int(told.group(2)) * 60)
    elif units := next((units for units in _UNITS.finditer(text[:100]) if units.group()), None):
        hours, minutes, seconds = (int(part or 0) for part in units.groups())
        found = float(hours * 3600 + minutes * 60 + seconds)
    elif amount := _AMOUNT.search(text[:100]):
        found = float(amount.group(1).replace(",", ".")) * unit
    else:
        return None
    return found if 0 < found <= MAX_DURATION else None


def _printable(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs", "Cn", "Co")
