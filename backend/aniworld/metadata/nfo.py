"""NFO files: the descriptions that Jellyfin, Emby and Kodi read. Built by an XML writer, never from strings.

A file that is there is read first: elements we do not write stay, ``lockdata`` keeps us off, and equal bytes are not
written again. Pure: bytes in, bytes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET
from xml.parsers import expat

from aniworld.metadata.errors import ForeignNfoError
from aniworld.metadata.types import EpisodeFacts, SeasonFacts, SeriesFacts, SeriesMarks

LARGEST = 1024 * 1024
"""Bytes of an NFO file that is read."""
_MOST_IDS = 20
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN_SEASON = re.compile(r"(season\s*\d+|specials?)", re.IGNORECASE)


def series_nfo(facts: SeriesFacts, existing: bytes | None = None) -> bytes | None:
    """The ``tvshow.nfo``, merged into the one that is there; None: that one is locked.

    Raises :class:`ForeignNfoError` if the one that is there cannot be read.
    """
    return _merged("tvshow", _series_elements(facts), existing)


def season_nfo(facts: SeasonFacts, existing: bytes | None = None) -> bytes | None:
    """The ``season.nfo``, merged into the one that is there; None: that one is locked.

    Raises :class:`ForeignNfoError` if the one that is there cannot be read.
    """
    elements = [
        _element("title", facts.title),
        _element("seasonnumber", str(facts.season)),
        _element("plot", facts.plot),
        _element("premiered", facts.premiered.isoformat() if facts.premiered else ""),
        _element("year", str(facts.premiered.year) if facts.premiered else ""),
    ]
    return _merged("season", elements, existing)


def episode_nfo(several: Sequence[EpisodeFacts], existing: bytes | None = None) -> bytes | None:
    """The ``.nfo`` beside an episode, merged into the one that is there; None: that one is locked.

    Raises :class:`ForeignNfoError` if the one that is there cannot be read.
    """
    facts = several[0]
    elements = [
        _element("title", facts.title),
        _element("showtitle", facts.series),
        _element("season", str(facts.season)),
        _element("episode", str(facts.episode)),
        _element("aired", facts.aired.isoformat() if facts.aired else ""),
        _element("runtime", str(max(1, round(facts.duration / 60))) if facts.duration else ""),
    ]
    return _merged("episodedetails", elements, existing)


def series_marks(data: bytes) -> SeriesMarks:
    """By what a ``tvshow.nfo`` says which series it is about. Raises :class:`ForeignNfoError`."""
    root = _read("tvshow", data)
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


def _series_elements(facts: SeriesFacts) -> list[ET.Element]:
    status = {True: "Continuing", False: "Ended", None: ""}[facts.ongoing]
    elements = [
        _element("title", facts.title),
        _element("plot", facts.plot),
        _element("year", str(facts.year) if facts.year else ""),
        _element("premiered", facts.premiered.isoformat() if facts.premiered else ""),
        _element("status", status),
    ]
    elements += [_element("genre", genre) for genre in _genres(facts.genres)]
    for index, (service, value) in enumerate(facts.ids):
        element = _element("uniqueid", value)
        element.set("type", _legal(service))
        if index == 0:
            element.set("default", "true")
        elements.append(element)
    for number, name in facts.named_seasons:
        if name.strip() and not _PLAIN_SEASON.fullmatch(name.strip()):
            element = _element("namedseason", name)
            element.set("number", str(number))
            elements.append(element)
    return elements


def _genres(genres: Iterable[str]) -> list[str]:
    """One each: players split a genre at a slash by themselves."""
    parts = (part.strip() for genre in genres for part in genre.split("/"))
    return list(dict.fromkeys(part for part in parts if part))


def _element(tag: str, text: str) -> ET.Element:
    element = ET.Element(tag)
    element.text = _legal(text)
    return element


def _legal(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return _NOT_XML.sub("", text).strip()


def _merged(root_tag: str, elements: list[ET.Element], existing: bytes | None) -> bytes | None:
    ours = [element for element in elements if element.text]
    root = ET.Element(root_tag)
    root.extend(ours)
    if existing is not None and existing.strip():
        theirs = _read(root_tag, existing)
        if (theirs.findtext("lockdata") or "").strip().lower() == "true":
            return None
        written = {_identity(element) for element in ours}
        whole = {element.tag for element in ours if element.tag != "uniqueid"}
        kept = [element for element in theirs if element.tag not in whole and _identity(element) not in written]
        root.attrib.update(theirs.attrib)
        root.extend(kept)
        if any(element.tag == "uniqueid" and _is_default(element) for element in kept):
            for element in ours:
                element.attrib.pop("default", None)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _identity(element: ET.Element) -> tuple[object, str]:
    """What we replace: ids by service, everything else by tag."""
    return element.tag, element.get("type", "").lower() if element.tag == "uniqueid" else ""


def _is_default(element: ET.Element) -> bool:
    return element.get("default", "").lower() == "true"


def _read(root_tag: str, data: bytes) -> ET.Element:
    if len(data) > LARGEST:
        raise ForeignNfoError
    try:
        _refuse_document_type(data)
        # Without a document type there are no entities to expand.
        parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))  # noqa: S314
        root: ET.Element = ET.fromstring(data, parser)  # noqa: S314
    except (ET.ParseError, expat.ExpatError, ValueError, LookupError) as error:
        raise ForeignNfoError from error
    if root.tag != root_tag:
        raise ForeignNfoError
    return root


def _refuse_document_type(data: bytes) -> None:
    """A document type can define entities: none of ours has one."""

    def refuse(*_arguments: object) -> None:
        raise ForeignNfoError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(data, True)
