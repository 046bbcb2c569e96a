"""NFO files: the descriptions that Jellyfin, Emby and Kodi read. Built by an XML writer, never from strings.

A file that is there is read first (:mod:`nfo_read`), what we know (:mod:`nfo_facts`) is put into it (:mod:`nfo_merge`),
and where that changes nothing its bytes come back as they were. Pure: bytes in, bytes out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from aniworld.metadata import nfo_facts, nfo_merge, nfo_read
from aniworld.metadata.types import EpisodeFacts, SeasonFacts, SeriesFacts, SeriesMarks

LARGEST = nfo_read.LARGEST
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
_MOST_IDS = 20
_MOST_EPISODES = 100
"""Of one file."""


def series_nfo(facts: SeriesFacts, existing: bytes | None = None) -> bytes | None:
    """The ``tvshow.nfo``, merged into the one that is there; None: that one is locked.

    Raises :class:`~aniworld.metadata.errors.ForeignNfoError` if the one that is there cannot be read.
    """
    document = _document("tvshow", existing)
    tree = document.trees[0] if document.trees else _added("tvshow", document)
    if nfo_merge.is_locked(tree):
        return None
    changed = nfo_merge.merge(tree, nfo_facts.series_elements(facts))
    guide = nfo_facts.episode_guide(tree)  # of the ids as they are now, whoever wrote them
    changed |= nfo_merge.merge(tree, [guide] if guide.text else [])
    return _bytes(document) if changed or existing is None else existing


def season_nfo(facts: SeasonFacts, existing: bytes | None = None) -> bytes | None:
    """The ``season.nfo``, merged into the one that is there; None: that one is locked.

    Raises :class:`~aniworld.metadata.errors.ForeignNfoError` if the one that is there cannot be read.
    """
    document = _document("season", existing)
    tree = document.trees[0] if document.trees else _added("season", document)
    if nfo_merge.is_locked(tree):
        return None
    changed = nfo_merge.merge(tree, nfo_facts.season_elements(facts))
    return _bytes(document) if changed or existing is None else existing


def episode_nfo(facts: Sequence[EpisodeFacts], existing: bytes | None = None) -> bytes | None:
    """The ``.nfo`` beside a video with these episodes, merged into the one that is there; None: that one is locked.

    Several episodes are several trees in one file, one after the other. Raises
    :class:`~aniworld.metadata.errors.ForeignNfoError` if the one that is there cannot be read.
    """
    document = _document("episodedetails", existing)
    if any(map(nfo_merge.is_locked, document.trees)):
        return None
    matched = _match(facts, document.trees)
    changed = False
    for index in reversed(range(len(document.trees))):
        tree = document.trees[index]
        if not any(tree is found for found in matched) and nfo_merge.is_ours(tree):  # of an episode that it was once
            behind = document.between.pop(index + 1)
            document.between[index] += behind if behind.strip() else ""
            del document.trees[index]
            changed = True
    for episode, found in zip(facts, matched, strict=True):
        tree = found if found is not None else _added("episodedetails", document)
        changed |= nfo_merge.merge(tree, nfo_facts.episode_elements(episode))
    return _bytes(document) if changed or existing is None else existing


def series_marks(data: bytes) -> SeriesMarks:
    """By what a ``tvshow.nfo`` says which series it is about.

    Raises :class:`~aniworld.metadata.errors.ForeignNfoError`.
    """
    root = nfo_read.read(data, "tvshow").trees[0]
    year = (root.findtext("year") or "").strip()
    ids = [
        (element.get("type", "").strip().lower()[:64], (element.text or "").strip()[:500])
        for element in root.findall("uniqueid")
    ]
    return SeriesMarks(
        title=" ".join((root.findtext("title") or "").split())[:500],
        year=int(year) if re.fullmatch(r"(19|20)[0-9]{2}", year) else None,
        ids=tuple((service, value) for service, value in ids[:_MOST_IDS] if service and value),
    )


def episode_numbers(data: bytes) -> tuple[tuple[int, int], ...]:
    """The (season, episode) that an episode's ``.nfo`` tells, in order; empty: none, or only what we wrote ourselves.

    What we wrote repeats what was known without it; where somebody changed one number, all count. Raises
    :class:`~aniworld.metadata.errors.ForeignNfoError`.
    """
    trees = nfo_read.read(data, "episodedetails").trees
    if not any(nfo_merge.is_theirs(tree, field) for tree in trees for field in ("season", "episode")):
        return ()
    found: dict[tuple[int, int], None] = {}
    for tree in trees:
        season, first = _number(tree, "season"), _number(tree, "episode")
        if season is None or first is None:
            continue
        last = _number(tree, "episodenumberend") or first
        for number in range(first, max(first, min(last, first + _MOST_EPISODES - 1)) + 1):
            found[season, number] = None
    return tuple(found)[:_MOST_EPISODES]


def _document(root: str, existing: bytes | None) -> nfo_read.Document:
    """What is there; without trees where there is nothing."""
    if existing is None or not existing.strip():
        return nfo_read.Document([], [_DECLARATION], "utf-8", b"", True)
    return nfo_read.read(existing, root)


def _added(root: str, document: nfo_read.Document) -> ET.Element:
    """A new tree behind the others, before what is no XML."""
    tree = ET.Element(root)
    document.trees.append(tree)
    behind = document.between[-1] if len(document.between) > 1 else ""
    if len(document.between) > 1:
        document.between[-1] = "\n"
    document.between.append(behind if behind.strip() else "\n")
    return tree


def _match(facts: Sequence[EpisodeFacts], trees: Sequence[ET.Element]) -> list[ET.Element | None]:
    """The tree of each episode: the one with its numbers; or the only one of the only one."""
    if len(facts) == len(trees) == 1:
        return list(trees)
    numbers = [(_number(tree, "season"), _number(tree, "episode")) for tree in trees]
    return [
        next((tree for tree, number in zip(trees, numbers, strict=True) if number == (fact.season, fact.episode)), None)
        for fact in facts
    ]


def _number(tree: ET.Element, tag: str) -> int | None:
    text = (tree.findtext(tag) or "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else None


def _bytes(document: nfo_read.Document) -> bytes:
    parts = [document.between[0]]
    for tree, behind in zip(document.trees, document.between[1:], strict=True):
        ET.indent(tree)
        tree.tail = None
        parts += [ET.tostring(tree, encoding="unicode"), behind]
    return document.mark + "".join(parts).encode(document.encoding, "xmlcharrefreplace")
