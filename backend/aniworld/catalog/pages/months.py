"""Names of months in the languages that catalogue sites are mostly written in. Pure."""

from __future__ import annotations

import re

_ENGLISH = "January February March April May June July August September October November December".split()
_NAMES = (
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "Jänner Feber Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
)
_WORD = re.compile(r"[^\W\d_]+")


def _table() -> dict[str, str]:
    table = {name.casefold(): name for name in _ENGLISH} | {name[:3].casefold(): name for name in _ENGLISH}
    for names in _NAMES:
        for name, english in zip(names.split(), _ENGLISH, strict=True):
            table.setdefault(name.casefold(), english)
    return table


_TABLE = _table()


def in_english(text: str) -> str:
    """The text with the names of months in English."""
    return _WORD.sub(lambda word: _TABLE.get(word.group().casefold(), word.group()), text)
