"""Paths into JSON: the little language in which a profile says where something stands. Pure.

``a.b`` is what stands under these names, ``"odd name"`` a name with anything in it; ``[]`` is each element of a list,
``[0]`` the first (``[-1]`` the last), ``*`` each value of an object, ``[name=text]`` each element of a list whose
``name`` is that text, or the object itself if it is so. ``^`` is the object around the item, ``@`` the name or the
place under which the item stands. Nothing is the item itself. There is nothing else: a path is looked up, never run.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

MAX_STEPS = 20
MAX_NODES = 50_000
"""Places that one path leads to at most."""

_TOKEN = re.compile(
    r"""(?P<dot>\.)|(?P<each>\[\]|\*)|\[(?P<index>-?[0-9]{1,6})\]|(?P<up>\^)|(?P<key>@)(?![\w$:-])"""
    r"""|\[(?P<name>[\w$@:-]{1,60})=(?P<value>[^\[\]]{0,100})\]|"(?P<quoted>[^"]{1,100})"|(?P<bare>[\w$@:-]{1,100})"""
)


class Node(NamedTuple):
    """A place in the document."""

    value: Any
    key: str
    """The name or the place under which it stands."""
    around: Node | None
    """The nearest object above."""


class Step(NamedTuple):
    """One step of a path."""

    kind: str
    name: str = ""
    value: str = ""


@functools.lru_cache(maxsize=512)
def parse(path: str) -> tuple[Step, ...]:
    """The steps. Raises ``ValueError`` where it is no path."""
    steps: list[Step] = []
    place = 0
    named = dotted = False
    while place < len(path):
        found = _TOKEN.match(path, place)
        if found is None:
            raise ValueError(f"{path!r} is no path: {path[place:][:20]!r} is not understood")
        kind = str(found.lastgroup)
        if kind == "dot":
            if dotted or not steps:
                raise ValueError(f"{path!r} is no path: a name is missing before a dot")
            dotted, named, place = True, False, found.end()
            continue
        if (named and kind in ("bare", "quoted", "key", "up")) or (path[place] == "*" and named):
            raise ValueError(f"{path!r} is no path: a dot is missing before {found.group()!r}")
        if kind == "value":
            steps.append(Step("where", found["name"], found["value"]))
        elif kind in ("bare", "quoted"):
            steps.append(Step("name", found[kind]))
        else:
            steps.append(Step(kind, found.group().strip("[]") if kind == "index" else ""))
        named, dotted, place = True, False, found.end()
    if dotted:
        raise ValueError(f"{path!r} is no path: it ends with a dot")
    if len(steps) > MAX_STEPS:
        raise ValueError(f"more than {MAX_STEPS} steps")
    return tuple(steps)


def root(document: Any) -> Node:
    """The document as a place."""
    return Node(document, "", None)


def find(start: Node, path: str) -> list[Node]:
    """The places that the path leads to, at most ``MAX_NODES``."""
    nodes = [start]
    for step in parse(path):
        nodes = list(islice((inner for node in nodes for inner in _step(node, step)), MAX_NODES))
    return nodes


def is_empty(start: Node, path: str) -> bool:
    """Whether the list that the path goes through last is there, and holds nothing."""
    steps = parse(path)
    last = max((place for place, step in enumerate(steps) if step.kind == "each"), default=-1)
    if last < 0:
        return False
    nodes = [start]
    for step in steps[:last]:
        nodes = list(islice((inner for node in nodes for inner in _step(node, step)), MAX_NODES))
    return bool(nodes) and all(isinstance(node.value, list | dict) and not node.value for node in nodes)


def words(node: Node) -> Iterator[str]:
    """What stands there as text; a list gives each of its elements. Objects and null are no text."""
    for value in node.value if isinstance(node.value, list) else [node.value]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, bool):
            yield "true" if value else "false"
        elif isinstance(value, float) and value.is_integer():
            yield str(int(value))
        elif isinstance(value, int | float):
            yield str(value)


def _step(node: Node, step: Step) -> Iterator[Node]:
    value = node.value
    around = node if isinstance(value, dict) else node.around
    if step.kind == "name":
        if isinstance(value, dict) and step.name in value:
            yield Node(value[step.name], step.name, around)
    elif step.kind == "up":
        if node.around is not None:
            yield node.around
    elif step.kind == "key":
        yield Node(node.key, "", around)
    elif step.kind == "index":
        place = int(step.name)
        if isinstance(value, list) and -len(value) <= place < len(value):
            yield Node(value[place], str(place % len(value)), around)
    elif step.kind == "where":
        for inner in [node] if isinstance(value, dict) else _each(node, around):
            if isinstance(inner.value, dict) and step.value in words(Node(inner.value.get(step.name), "", None)):
                yield inner
    else:
        yield from _each(node, around)


def _each(node: Node, around: Node | None) -> Iterator[Node]:
    if isinstance(node.value, list):
        yield from (Node(inner, str(place), around) for place, inner in enumerate(node.value))
    elif isinstance(node.value, dict):
        yield from (Node(inner, name, around) for name, inner in node.value.items())
