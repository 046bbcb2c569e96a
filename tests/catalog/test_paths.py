"""Paths into JSON."""

from __future__ import annotations

from typing import Any

import pytest

from aniworld.catalog.pages import paths

DOCUMENT: dict[str, Any] = {
    "results": [{"title": "One", "id": 1, "tags": ["a", "b"]}, {"title": "Two", "id": 2.0, "tags": []}],
    "seasons": {"1": {"name": "First", "episodes": [{"n": 1}, {"n": 2}]}, "2": {"name": "Second", "episodes": []}},
    "odd name": {"@type": "x", "a.b": True, "none": None},
    "empty": [],
}


def found(path: str) -> list[str]:
    return [word for node in paths.find(paths.root(DOCUMENT), path) for word in paths.words(node)]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("results[].title", ["One", "Two"]),
        ("results[].id", ["1", "2"]),
        ("results[].tags", ["a", "b"]),
        ("results[].tags[]", ["a", "b"]),
        ("results[0].title", ["One"]),
        ("results[-1].title", ["Two"]),
        ("results[9].title", []),
        ("results[id=2].title", ["Two"]),
        ("results[title=Three].title", []),
        ("results[].^.results[0].title", ["One", "One"]),
        ("seasons.*.name", ["First", "Second"]),
        ("seasons.*.@", ["1", "2"]),
        ("seasons.*.episodes[].n", ["1", "2"]),
        ("seasons.*.episodes[].^.name", ["First", "First"]),
        ("seasons.2.name", ["Second"]),
        ('"odd name".@type', ["x"]),
        ('"odd name"."a.b"', ["true"]),
        ('"odd name".none', []),
        ("title", []),
        ("results", []),
    ],
)
def test_where_paths_lead(path: str, values: list[str]) -> None:
    assert found(path) == values


def test_from_an_item_on() -> None:
    item = paths.find(paths.root(DOCUMENT), "seasons.*.episodes[]")[1]
    assert list(paths.words(paths.find(item, "n")[0])) == ["2"]
    assert list(paths.words(paths.find(item, "^.name")[0])) == ["First"]
    assert list(paths.words(paths.find(item, "@")[0])) == ["1"]
    assert paths.find(item, "") == [item]
    assert paths.find(item, "^.^.^.^") == []


@pytest.mark.parametrize(
    ("path", "empty"),
    [("empty[]", True), ("results[]", False), ("missing[]", False), ("seasons.2.episodes[]", True), ("empty", False)],
)
def test_a_list_that_holds_nothing_says_so(path: str, empty: bool) -> None:
    assert paths.is_empty(paths.root(DOCUMENT), path) is empty


@pytest.mark.parametrize(
    "path", ["a.", ".a", "a..b", "a b", "a[", "a[x]", "a[].*b", 'a"b"', "a()", "a|b", ".".join("a" * 30)]
)
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match=r"no path|steps"):
        paths.parse(path)


def test_paths_lead_to_a_bounded_number_of_places() -> None:
    assert len(paths.find(paths.root([[0] * 1000] * 1000), "[][]")) == paths.MAX_NODES
