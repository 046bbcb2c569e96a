"""Applies queries to a page. Pure but for the clock: a page that takes too long is given up."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, cast

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from aniworld.catalog.pages import paths
from aniworld.catalog.pages.nodes import MAX_TEXT, text_of, text_of_html
from aniworld.catalog.pages.rules import Data, Found, Page, Query, Rule, Wanted
from aniworld.catalog.pages.values import value_of
from aniworld.kit.net.body import decode_text

SECONDS = 3.0
"""For all queries of one page; real pages take milliseconds."""
MAX_ANSWER = 2_000_000
"""Characters of all values that one query finds: items may stand inside each other."""
MAX_BLOCKS = 20
"""Parts of a page in the other notation that are read."""
MAX_UNFIT = 200

Place = LexborNode | paths.Node
"""Where something stands: in HTML or in JSON."""


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
    reading = _Reading(page)
    return [reading.answer(query) for query in queries]


class _Reading:
    """One page and what has been made of it: several queries mostly look at the same tree."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._deadline = time.monotonic() + SECONDS
        self._text = page.html if isinstance(page.html, str) else decode_text(page.html, page.content_type)
        self._trees: dict[str, LexborHTMLParser] = {}
        self._roots: dict[tuple[str, Data | None, str], list[Place]] = {}
        self._around: dict[tuple[str, int], set[int]] = {}
        self._unfit: dict[str, str] = {}

    def answer(self, query: Query) -> Found:
        self._unfit = {}
        roots = self._roots_of(query)
        if query.items is None:
            items, more = [_together([self._item(root, query) for root in roots])], False
        else:
            places = [place for root in roots for place in _places(root, query.items, query.limit + 1)]
            items, more = self._items(places[: query.limit], query), len(places) > query.limit
        following = [] if query.next is None else [self._values(root, query.next) for root in roots]
        return Found(
            items=items,
            more=more,
            empty=any(_says_empty(root, query) for root in roots),
            next=next((values[0] for values in following if values), ""),
            unfit=self._unfit,
        )

    def _items(self, places: list[Place], query: Query) -> list[dict[str, list[str]]]:
        items = []
        length = 0
        for place in places:
            if time.monotonic() > self._deadline:
                raise TangledError("the page takes too long to read")
            item = self._item(place, query)
            items.append(item)
            length += sum(len(value) for values in item.values() for value in values)
            if length > MAX_ANSWER:
                raise TangledError("the page holds more than it can mean")
        return items

    def _item(self, place: Place, query: Query) -> dict[str, list[str]]:
        found = {name: self._values(place, wanted, name) for name, wanted in query.values.items()}
        return {name: values for name, values in found.items() if values}

    def _values(self, item: Place, wanted: Wanted, name: str = "") -> list[str]:
        for rule in wanted.rules:
            values: list[str] = []
            for raw in self._raw(item, rule):
                value = value_of(raw, rule, wanted.kind, page=self._page.url, hosts=self._page.hosts)
                if value:
                    values.append(value)
                    if len(values) >= wanted.many:
                        break
                elif name not in self._unfit and raw.strip():
                    self._unfit[name] = raw.strip()[:MAX_UNFIT]
            if values:
                return values
        return []

    def _raw(self, item: Place, rule: Rule) -> Iterator[str]:
        if isinstance(item, paths.Node):
            for found in paths.find(item, rule.path):
                for word in paths.words(found):
                    yield text_of_html(word) if rule.text == "html" else word[:MAX_TEXT]
            return
        start = self._nearest(item, rule.up) if rule.up else item
        if start is None:
            return
        for node in start.css(rule.css) if rule.css else [start]:
            if not rule.attr:
                yield text_of(node, own=rule.text == "own")
            elif (value := node.attributes.get(rule.attr)) is not None:
                yield text_of_html(value) if rule.text == "html" else value[:MAX_TEXT]

    def _nearest(self, item: LexborNode, css: str) -> LexborNode | None:
        """The element around the item that fits. Lexbor matches an element or anything inside it, so all are found."""
        fitting = (css, len(self._trees))
        if fitting not in self._around:
            self._around[fitting] = {node.mem_id for tree in self._trees.values() for node in tree.css(css)}
        node = item.parent
        while node is not None and node.mem_id not in self._around[fitting]:
            node = node.parent
        return node

    # --- trees ------------------------------------------------------------------------------------------------

    def _roots_of(self, query: Query) -> list[Place]:
        """What the rules begin at: the page, or what stands in it in the other notation."""
        kind = (query.answer, query.data, query.html)
        if kind not in self._roots:
            self._roots[kind] = list(self._make_roots(query))
        return self._roots[kind]

    def _make_roots(self, query: Query) -> Iterator[Place]:
        if query.answer == "json":
            document = paths.root(_json(self._text))
            if not query.html:
                yield document
            for block in islice(paths.find(document, query.html), MAX_BLOCKS) if query.html else ():
                yield from self._tree("".join(paths.words(block)))
        elif query.data is None:
            yield from self._tree(self._text)
        else:
            for root in self._tree(self._text):
                for text in islice(_blocks(root, query.data), MAX_BLOCKS):
                    if (value := _json_inside(text, query.data.after)) is not None:
                        yield paths.root(value)

    def _tree(self, text: str) -> Iterator[LexborNode]:
        if text not in self._trees:
            try:
                # Rows that a script would put into a table are none to a parser where there is no table.
                rows = text[:100].lstrip().lower().startswith(("<tr", "<tbody"))
                self._trees[text] = LexborHTMLParser(f"<table>{text}" if rows else text)
            except (SelectolaxError, MemoryError) as error:
                raise TangledError(f"the page cannot be parsed: {error}") from error
        root = self._trees[text].root
        if root is not None:
            yield root


def _places(root: Place, where: str, most: int) -> list[Place]:
    if isinstance(root, paths.Node):
        return cast(list[Place], paths.find(root, where)[:most])
    return cast(list[Place], root.css(where)[:most])


def _together(items: list[dict[str, list[str]]]) -> dict[str, list[str]]:
    """One item of those of several blocks: each value from the first that has it."""
    together: dict[str, list[str]] = {}
    for item in items:
        for name, values in item.items():
            together.setdefault(name, values)
    return together


def _says_empty(root: Place, query: Query) -> bool:
    if isinstance(root, paths.Node):
        named = bool(query.empty) and any(found.value for found in paths.find(root, query.empty))
        return named or (query.items is not None and paths.is_empty(root, query.items))
    return bool(query.empty) and root.css_first(query.empty) is not None


def _blocks(root: LexborNode, data: Data) -> Iterator[str]:
    for node in root.css(data.css):
        text = node.attributes.get(data.attr) if data.attr else node.text(deep=True)
        if text and (not data.after or data.after in text):
            yield text


def _json_inside(text: str, after: str) -> Any:
    """The JSON in a block; what follows it may be a script. None where there is none: not all need be in order."""
    begin = text.find(after) + len(after)
    starts = [place for place in (text.find("{", begin), text.find("[", begin)) if place >= 0]
    if not starts:
        return None
    try:
        return json.JSONDecoder().raw_decode(text, min(starts))[0]
    except (ValueError, RecursionError):
        return None
    except MemoryError as error:
        raise TangledError("the page needs too much memory") from error


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise TangledError("it is not the JSON that its profile says") from error
    except MemoryError as error:
        raise TangledError("the page needs too much memory") from error
