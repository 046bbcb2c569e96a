"""The text of an element, as a reader sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_TEXT = 20_000
"""Characters of one text."""

_BREAKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "footer", "form", "h1"}
    | {"h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "td"}
    | {"th", "tr", "ul"}
)
_UNSEEN = frozenset({"script", "style", "noscript", "template", "textarea"})


def text_of(node: LexborNode, *, own: bool = False) -> str:
    """What stands in the element; ``own``: and in none of its children. Blocks are on lines of their own."""
    return "".join(_texts(node, own=own))[:MAX_TEXT]


def text_of_html(html: str) -> str:
    """The text of a piece of HTML."""
    root = LexborHTMLParser(html[:MAX_TEXT]).root
    return "" if root is None else text_of(root)


def _texts(node: LexborNode, *, own: bool) -> Iterator[str]:
    if own:
        child = node.first_child
        while child is not None:
            if child.tag == "-text":
                yield _folded(child)
            child = child.next
        return
    length = 0
    for inner in node.traverse(include_text=True):
        if inner.tag == "-text":
            parent = inner.parent
            if parent is None or parent.tag not in _UNSEEN:
                text = _folded(inner)
                length += len(text)
                yield text
        elif inner.tag in _BREAKS:
            length += 1
            yield "\n"
        if length > MAX_TEXT:
            return


def _folded(node: LexborNode) -> str:
    """Line ends in the source of a page mean nothing."""
    return re.sub(r"\s+", " ", (node.text_content or "")[:MAX_TEXT])
