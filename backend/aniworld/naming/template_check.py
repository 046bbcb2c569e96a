"""Whether what a template makes is read back: tried out on names that hold one of everything. Pure."""

from __future__ import annotations

from aniworld.naming.path import parse_path, season_of_folder
from aniworld.naming.template import CODE, IDS, Kind, Template, TemplateError, code, template

_SERIES = {
    "series title": "Clockwork Garden",
    "series year": "2021",
    "series titleyear": "Clockwork Garden (2021)",
    **dict.fromkeys(IDS, "12345"),
}
_EPISODE = {
    **_SERIES, "season": "2", "episode": "5", "absolute": "017", "episode title": "The Gate", "language": ("ja+de",),
    "quality": "1080p", "version": "v2",
}  # fmt: skip


def template_problem(text: str, kind: Kind) -> str | None:
    """What is wrong with a template, as a sentence that says what to do; None: nothing."""
    try:
        made = template(text, kind)
    except TemplateError as error:
        return str(error)
    if kind == "series":
        return None
    return _episode(made) if kind == "episode" else _season(made, kind)


def _season(made: Template, kind: Kind) -> str | None:
    for season in (1, 2, 12) if kind == "season" else (0,):
        name = made.fill({**_SERIES, "season": str(season)}).strip()
        if name and season_of_folder(name) != season:
            usual = "Season {season:00}" if kind == "season" else "Season 00 or Specials"
            return f"{name!r} is not understood as the folder of season {season}; {usual} is"
    return None


def _episode(made: Template) -> str | None:
    name = made.fill({**_EXAMPLE_CODE, **_EPISODE})
    parsed = parse_path(f"Clockwork Garden (2021)/{name}.mkv")
    if (parsed.season, parsed.episodes) != (2, (5,)) or parsed.kind != "episode":
        return f"{name!r} is not understood again as season 2, episode 5; put the signs ' - ' around S…E…"
    if made.has("language") and parsed.languages != ("ja+de",):
        return "Put the language in brackets, {[Language]}, behind S…E…, or it is not understood again"
    if made.has("version") and parsed.version != 2:
        return "Put the version in brackets, {[Version]}, or right behind S…E…, or it is not understood again"
    return None


_EXAMPLE_CODE = {CODE: code(2, (5,))}
