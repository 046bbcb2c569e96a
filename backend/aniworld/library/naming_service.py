"""Templates tried out: what names they would make. Pure."""

from __future__ import annotations

from aniworld.config.service import TEMPLATES, template_problems
from aniworld.kit.errors import FieldError
from aniworld.library.naming import EpisodeName, Names, SeriesName
from aniworld.library.naming_schemas import ExampleKind, NameExample, NamesPreview, TryNames
from aniworld.naming.template import tokens_of

_IDS = {"tmdb": "45950", "tvdb": "81797", "imdb": "tt0388629", "anidb": "69", "anilist": "21"}
_SHOW = SeriesName("Clockwork Garden", 2021, _IDS)
_LANGUAGES = ("ja+en",)
_EXAMPLES: tuple[tuple[ExampleKind, SeriesName, EpisodeName], ...] = (
    ("regular", _SHOW, EpisodeName(2, (5,), "The Gate", (17,), _LANGUAGES, 1080)),
    ("special", _SHOW, EpisodeName(0, (1,), "The Festival", (), _LANGUAGES, 1080)),
    ("several", _SHOW, EpisodeName(1, (1, 2), "The Beginning", (1, 2), _LANGUAGES, 1080)),
    (
        "long",
        SeriesName("The Story of How Somebody Was Reborn as the Keeper of a Very Small Lighthouse", 2019, _IDS),
        EpisodeName(1, (12,), "And So the Keeper Went On and On About the Light Until Nobody Listened, " * 3, (12,),
                    _LANGUAGES, 720),
    ),
    ("cjk", SeriesName("時計仕掛けの庭", 2021, _IDS), EpisodeName(1, (3,), "はじまりの朝", (3,), _LANGUAGES, 1080)),
    ("untitled", _SHOW, EpisodeName(1, (7,), "", (7,), _LANGUAGES, 1080)),
)  # fmt: skip


def preview(wanted: TryNames) -> NamesPreview:
    """What is wrong with the templates, or an example of everything that they have to cope with."""
    section = wanted.section()
    problems = [
        FieldError(field=problem.field.removeprefix("library."), message=problem.message)
        for problem in template_problems(section)
    ]
    tokens = {field: tokens_of(kind) for field, kind in TEMPLATES}
    if problems:
        return NamesPreview(errors=problems, examples=[], tokens=tokens)
    names = Names.of(section)
    examples = [
        NameExample(kind=kind, path=names.path(names.folder(series), series, episode, "mkv"))
        for kind, series, episode in _EXAMPLES
    ]
    return NamesPreview(errors=[], examples=examples, tokens=tokens)
