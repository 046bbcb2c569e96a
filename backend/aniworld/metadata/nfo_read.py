"""NFO files into trees: XML from strangers, in bounded memory and time. Pure: bytes in, trees out.

What stands around the trees is kept as it was: the byte order mark, the declaration, comments, and the address of a
page that Kodi allows behind the XML ("combination NFO"). Several trees may follow each other: the episodes of one file.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import NoReturn
from xml.etree import ElementTree as ET
from xml.parsers import expat

from aniworld.metadata.errors import ForeignNfoError

LARGEST = 1024 * 1024
"""Bytes of an NFO file that is read."""
DEEPEST = 32
MOST_ELEMENTS = 50_000
MOST_ATTRIBUTES = 100
"""Of one element."""
MOST_TREES = 100
"""Episodes of one file."""

_DECLARATION = re.compile(r"<\?xml\s[^>]{0,200}\?>")
_DECLARED = re.compile(rb"""<\?xml\s[^>]{0,180}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_READABLE = re.compile(
    r"utf-8|utf-16(-[bl]e)?|ascii|iso8859-\d+|cp125\d|cp932|cp949|cp950|shift_jis|euc_jp|euc_kr|gbk|gb2312|gb18030"
    r"|big5|koi8-[ru]"
)
"""By Python's names: the encodings that people's files are in, none of which can do more than spell letters."""
_BEHIND_A_NAME = {b" ", b"\n", b"\r", b"\t", b">", b"/"}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(slots=True)
class Document:
    """An NFO file."""

    trees: list[ET.Element]
    between: list[str]
    """What stands before each tree, and behind the last one: one more than there are trees."""
    encoding: str
    """Python's name."""
    mark: bytes
    """The byte order mark, or nothing."""
    declared: bool
    """Whether it names its encoding itself, or tells it by a mark."""


def read(data: bytes, root: str | None = None) -> Document:
    """The trees of a file. Raises :class:`ForeignNfoError`, also where one is not a ``root``."""
    if len(data) > LARGEST:
        raise ForeignNfoError(f"It is larger than {LARGEST // 1024} KiB")
    text, encoding, mark, declared = decoded(data)
    document = Document([], [], encoding, mark, declared)
    start = match.end() if (match := _DECLARATION.match(text)) else 0
    document.between.append(text[:start])
    # expat counts in bytes; it is told that these are UTF-8, whatever the declaration says.
    rest = text[start:].encode()
    while True:
        before, tree, size = _Reader().take(rest)
        document.between[-1] += before
        document.trees.append(tree)
        if root is not None and tree.tag != root:
            raise ForeignNfoError(f"It begins with <{tree.tag[:40]}>, not with <{root}>")
        rest = rest[size:]
        if len(document.trees) == MOST_TREES:
            raise ForeignNfoError(f"It holds more than {MOST_TREES - 1} descriptions")
        # A comment may stand before the next tree; anything else that is left is not XML, and kept.
        if root is None or not _begins(rest, root.encode()):
            document.between.append(rest.decode())
            return document
        document.between.append("")


def _begins(data: bytes, root: bytes) -> bool:
    """Whether another tree begins here, comments left aside."""
    at = 0
    while True:
        while data[at : at + 1].isspace():
            at += 1
        if not data.startswith(b"<!--", at):
            behind = at + 1 + len(root)
            return data.startswith(b"<" + root, at) and data[behind : behind + 1] in _BEHIND_A_NAME
        end = data.find(b"-->", at + 4)
        if end < 0:
            return False
        at = end + 3


def decoded(data: bytes) -> tuple[str, str, bytes, bool]:
    """(text without its mark, encoding, mark, whether it was told)."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _text(data[len(mark) :], encoding), encoding, mark, True
    if data[:2] == b"<\0":
        return _text(data, "utf-16-le"), "utf-16-le", b"", True
    if data[:2] == b"\0<":
        return _text(data, "utf-16-be"), "utf-16-be", b"", True
    match = _DECLARED.match(data)
    if match is None:
        return _text(data, "utf-8"), "utf-8", b"", False
    try:
        encoding = codecs.lookup(match[1].decode()).name
    except LookupError as error:
        raise ForeignNfoError("It names an encoding that nobody knows") from error
    if not _READABLE.fullmatch(encoding):
        raise ForeignNfoError(f"It is in {encoding}, which is not read")
    return _text(data, encoding), encoding, b"", True


def _text(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ForeignNfoError(f"It is not in {encoding}, which it should be in") from error


class _Reader:
    """Reads one tree."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._builder = ET.TreeBuilder(insert_comments=True, insert_pis=True)
        self._depth = 0
        self._count = 0
        self._start = -1
        self._size = 0
        self._data = b""
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._builder.data
        self._parser.CommentHandler = self._comment
        self._parser.ProcessingInstructionHandler = self._instruction
        self._parser.StartDoctypeDeclHandler = self._refuse

    def take(self, data: bytes) -> tuple[str, ET.Element, int]:
        """(what stands before the tree, the tree, bytes up to its end)."""
        self._data = data
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            if not self._size:  # else it is what stands behind the tree, and is no XML
                raise ForeignNfoError(f"It is not well-formed XML ({error})"[:200]) from error
        except (ValueError, AssertionError) as error:
            raise ForeignNfoError("It is not well-formed XML") from error
        return data[: self._start].decode(), self._builder.close(), self._size

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        if self._depth == 0:
            self._start = self._parser.CurrentByteIndex
        self._depth += 1
        self._count += 1
        if self._depth > DEEPEST or self._count > MOST_ELEMENTS or len(attributes) > MOST_ATTRIBUTES:
            raise ForeignNfoError("It is nested too deeply, or holds too much")
        self._builder.start(tag, attributes)

    def _close(self, tag: str) -> None:
        self._builder.end(tag)
        self._depth -= 1
        if self._depth == 0:
            at = self._parser.CurrentByteIndex  # of the closing tag; of <a/> its end
            closing = at > self._start and self._data.startswith(b"</", at)
            self._size = self._data.index(b">", at) + 1 if closing else at

    def _comment(self, text: str) -> None:
        if self._depth:
            self._builder.comment(text)

    def _instruction(self, target: str, text: str) -> None:
        if self._depth:
            self._builder.pi(target, text)

    def _refuse(self, *_arguments: object) -> NoReturn:
        """A document type can define entities: none of ours has one."""
        raise ForeignNfoError("It has a document type, which can hide anything")
