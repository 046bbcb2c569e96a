"""What we tell, put into what is there: a person's or a player's word stays, ours is brought up to date. Pure.

How it is known whose word something is: with each field that we write goes a mark of its value, in an element of our
own at the end, which players pass over. A field whose value is no longer the marked one was changed by somebody, and so
was one that is gone; one without a mark was never ours. So the file alone tells, wherever it is moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from urllib.parse import quote
from xml.etree import ElementTree as ET

NOTE = "aniworld"
"""Holds ``field=mark`` for each field that we wrote."""
_DEFAULT = "default-id"
_PREFERRED = ("tmdb", "tvdb", "imdb", "anidb", "anilist")
"""Services that players ask, the one that knows most first."""
_MARK = re.compile(r"(\S+)=([0-9a-f]{12})")
_LOCKS = {
    "name": {"title"},
    "overview": {"plot"},
    "genres": {"genre"},
    "studios": {"studio"},
    "tags": {"tag"},
    "cast": {"actor", "director", "credits"},
    "runtime": {"runtime"},
    "officialrating": {"mpaa"},
}
"""What Jellyfin calls a field that is not to be changed, and our fields below it."""


def is_locked(tree: ET.Element) -> bool:
    """Whether nobody but the user may change it."""
    return (tree.findtext("lockdata") or "").strip().lower() == "true"


def merge(tree: ET.Element, ours: Sequence[ET.Element]) -> bool:
    """Bring ``tree`` up to date; whether something changed. What is empty in ``ours`` changes nothing."""
    marks = marks_of(tree)
    before = dict(marks)
    locked = _locked_fields(tree)
    there = _by_field(tree)
    changed = False
    for field, elements in _by_field(ours).items():
        mine = there.get(field, [])
        told = [element for element in mine if not _is_empty(element)]
        if field.partition(":")[0] in locked or ((told or field in marks) and marks.get(field) != _digest(told)):
            continue
        wanted = _digest(elements)
        if wanted == _digest(told):
            continue
        _replace(tree, mine, elements)
        marks[field] = wanted
        changed = True
    changed |= _one_default(tree, marks)
    if marks != before:
        _put_marks(tree, marks)
    return changed


def is_ours(tree: ET.Element) -> bool:
    """Whether all that it tells was written by us, and changed by nobody."""
    marks = marks_of(tree)
    fields = _by_field(tree)
    return bool(marks) and all(marks.get(field) == _digest(elements) for field, elements in fields.items())


def is_theirs(tree: ET.Element, field: str) -> bool:
    """Whether somebody else than us has the last word on a field that is there."""
    told = [element for element in _by_field(tree).get(field, []) if not _is_empty(element)]
    return bool(told) and marks_of(tree).get(field) != _digest(told)


def marks_of(tree: ET.Element) -> dict[str, str]:
    """The mark of each field that we wrote."""
    return dict(_MARK.findall(tree.findtext(NOTE) or ""))


def _by_field(elements: Iterable[ET.Element]) -> dict[str, list[ET.Element]]:
    """What belongs together: ids by service, names by season, everything else by tag."""
    fields: dict[str, list[ET.Element]] = {}
    for element in elements:
        if _is_element(element) and element.tag != NOTE:
            fields.setdefault(_field(element), []).append(element)
    return fields


def _field(element: ET.Element) -> str:
    if element.tag == "uniqueid":
        return f"uniqueid:{quote(element.get('type', '').strip().lower(), safe='')}"
    if element.tag == "namedseason":
        return f"namedseason:{quote(element.get('number', '').strip(), safe='')}"
    return str(element.tag)


def _is_element(node: ET.Element) -> bool:
    """Not a comment, nor an instruction."""
    tag: object = node.tag
    return isinstance(tag, str)


def _is_empty(element: ET.Element) -> bool:
    return len(element) == 0 and not (element.text or "").strip()


def _digest(elements: Iterable[ET.Element]) -> str:
    return blake2b(repr([_value(element) for element in elements]).encode(), digest_size=6).hexdigest()


def _value(element: ET.Element) -> tuple[object, ...]:
    """What it says, however it is laid out. Which id is the default is a question of its own."""
    attributes = sorted((name, value) for name, value in element.attrib.items() if name != "default")
    children = [_value(child) for child in element if _is_element(child)]
    return element.tag, attributes, " ".join((element.text or "").split()), children


def _locked_fields(tree: ET.Element) -> set[str]:
    names = (tree.findtext("lockedfields") or "").lower().split("|")
    return set().union(*(_LOCKS.get(name.strip(), set()) for name in names))


def _replace(tree: ET.Element, old: Sequence[ET.Element], new: Sequence[ET.Element]) -> None:
    """In the place of the old ones, else at the end."""
    children = list(tree)
    end = next((index for index, child in enumerate(children) if child.tag == NOTE), len(children))
    at = children.index(old[0]) if old else end
    for element in old:
        tree.remove(element)
    for offset, element in enumerate(new):
        tree.insert(at + offset, element)


def _one_default(tree: ET.Element, marks: dict[str, str]) -> bool:
    """Have exactly one default id: the one that somebody chose, else the one that players know best."""
    ids = [element for element in tree.findall("uniqueid") if not _is_empty(element)]
    if not ids:
        return False
    chosen = [element for element in ids if element.get("default", "").strip().lower() == "true"]
    was = [_mark_of_default(element) for element in chosen[:1]]
    if chosen and marks.get(_DEFAULT) != was[0]:
        best = chosen[0]
    else:
        best = min(ids, key=_rank)
        if chosen != [best]:
            marks[_DEFAULT] = _mark_of_default(best)
    changed = False
    for element in tree.findall("uniqueid"):
        if element is best and element.get("default") != "true":
            element.set("default", "true")
            changed = True
        elif element is not best and "default" in element.attrib:
            del element.attrib["default"]
            changed = True
    return changed


def _rank(element: ET.Element) -> int:
    service = element.get("type", "").strip().lower()
    return _PREFERRED.index(service) if service in _PREFERRED else len(_PREFERRED)


def _mark_of_default(element: ET.Element) -> str:
    return blake2b(_field(element).encode(), digest_size=6).hexdigest()


def _put_marks(tree: ET.Element, marks: Mapping[str, str]) -> None:
    note = tree.find(NOTE)
    if note is None:
        note = ET.SubElement(tree, NOTE)
    note.text = " ".join(f"{field}={mark}" for field, mark in marks.items())
