"""What a rule makes of the text that it finds. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection

from aniworld.catalog.pages import text
from aniworld.catalog.pages.addresses import absolute
from aniworld.catalog.pages.patterns import capture, compile_pattern
from aniworld.catalog.pages.rules import Kind, Rule


def value_of(raw: str, rule: Rule, kind: Kind, *, page: str, hosts: Collection[str]) -> str:
    """The value of that kind, as plain text; empty where it is none. ``page`` is the address it stands on."""
    if kind == "path":
        url = absolute(page, raw, hosts)
        if url is None:
            return ""
        raw = url.raw_path.decode("ascii")
    if rule.regex:
        raw = capture(_compiled(rule.regex), raw) or ""
    raw = _mapped(rule, raw.strip())
    if raw and rule.wrap:
        raw = rule.wrap.replace("{value}", raw)
    return _fitting(raw, rule, kind, page, hosts) if raw else ""


def _fitting(raw: str, rule: Rule, kind: Kind, page: str, hosts: Collection[str]) -> str:
    made: object = raw
    if kind == "number":
        made = text.number(raw)
    elif kind == "year":
        made = text.year(raw)
    elif kind == "date":
        made = text.date(raw, (rule.format,) if isinstance(rule.format, str) else rule.format)
    elif kind == "duration":
        made = text.duration(raw, 1.0 if rule.unit == "seconds" else 60.0)
    elif kind == "url":
        made = absolute(page, raw, hosts)
    return "" if made is None else str(made)


def _mapped(rule: Rule, value: str) -> str:
    if not rule.map:
        return value
    word = value.casefold()
    return next((ours for theirs, ours in rule.map.items() if theirs.casefold() == word), value)


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return compile_pattern(pattern)
