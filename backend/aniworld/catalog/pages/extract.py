"""Applies queries to a page. Pure but for the clock: a page that takes too long is given up."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from aniworld.catalog.pages.addresses import absolute
from aniworld.catalog.pages.patterns import capture, compile_pattern
from aniworld.catalog.pages.rules import Found, Page, Query, Rule, Wanted

SECONDS = 3.0
"""For all queries of one page; real pages take milliseconds."""
MAX_VALUE = 20_000
"""Characters of one value."""
MAX_ANSWER = 4_000_000
"""Characters of all values that one query finds: items may stand inside each other."""

_BREAKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "footer", "form", "h1"}
    | {"h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "td"}
    | {"th", "tr", "ul"}
)
_UNSEEN = frozenset({"script", "style", "noscript", "template", "textarea"})


class TangledError(Exception):
    """The page cannot be read with the means it may use."""


def check_selector(css: str) -> None:
    """Raise ``ValueError`` when it is no selector."""
    try:
        LexborHTMLParser("").css(css)
    except SelectolaxError as error:
        raise ValueError("no CSS selector") from error


def extract(page: Page, queries: list[Query]) -> list[Found]:
    """The answers, in the order of the queries. Raises ``TangledError``."""
    deadline = time.monotonic() + SECONDS
    try:
        tree = LexborHTMLParser(page.html)
    except (SelectolaxError, MemoryError) as error:
        raise TangledError(f"the page cannot be parsed: {error}") from error
    return [_answer(page, tree, query, deadline) for query in queries]


def _answer(page: Page, tree: LexborHTMLParser, query: Query, deadline: float) -> Found:
    root = tree.root
    if root is None:
        return Found(items=[], more=False, empty=False)
    nodes = [root] if query.items is None else tree.css(query.items)
    items: list[dict[str, list[str]]] = []
    length = 0
    for node in nodes[: query.limit]:
        if time.monotonic() > deadline:
            raise TangledError("the page takes too long to read")
        found = {name: _values(page, node, wanted) for name, wanted in query.values.items()}
        items.append({name: values for name, values in found.items() if values})
        length += sum(len(value) for values in found.values() for value in values)
        if length > MAX_ANSWER:
            raise TangledError("the page holds more than it can mean")
    empty = bool(query.empty) and tree.css_first(query.empty) is not None
    return Found(items=items, more=len(nodes) > query.limit, empty=empty)


def _values(page: Page, item: LexborNode, wanted: Wanted) -> list[str]:
    rule = wanted.rule
    values: list[str] = []
    for node in item.css(rule.css) if rule.css else [item]:
        value = _raw(node, rule)
        if value is not None and wanted.address:
            url = absolute(page.url, value, page.hosts)
            value = None if url is None else str(url) if wanted.address == "url" else url.raw_path.decode("ascii")
        if value is not None and rule.regex:
            value = capture(_compiled(rule.regex), value)
        if value is not None and (value := value.strip()):
            values.append(_mapped(rule, value))
            if len(values) >= wanted.many:
                break
    return values


def _raw(node: LexborNode, rule: Rule) -> str | None:
    if rule.attr:
        value = node.attributes.get(rule.attr)
        return None if value is None else value[:MAX_VALUE]
    return "".join(_texts(node, own=rule.text == "own"))[:MAX_VALUE]


def _texts(node: LexborNode, *, own: bool) -> Iterator[str]:
    """The text that a reader sees; blocks on lines of their own."""
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
        if length > MAX_VALUE:
            return


def _folded(node: LexborNode) -> str:
    """Line ends in the source of a page mean nothing."""
    return re.sub(r"\s+", " ", (node.text_content or "")[:MAX_VALUE])


def _mapped(rule: Rule, value: str) -> str:
    if not rule.map:
        return value
    word = value.casefold()
    return next((ours for theirs, ours in rule.map.items() if theirs.casefold() == word), value)


@functools.lru_cache(maxsize=256)
def _compiled(text: str) -> re.Pattern[str]:
    return compile_pattern(text)
