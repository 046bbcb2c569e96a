"""Which languages are wanted, in the library and of one series, and in which order its sources are asked."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from aniworld.sample import Layout
from e2e.conftest import Live, check_accessibility, screenshot
from e2e.pages import SearchPage, SeriesPage
from e2e.test_path import set_up

pytestmark = pytest.mark.e2e


@pytest.fixture
def layouts() -> tuple[Layout, ...]:
    """Two sources that have the same series."""
    return ("profile", "tabs")


def answer(page: Page, path: str) -> Any:
    """What the server says."""
    return page.request.get(path).json()


def test_the_policy_of_the_library_and_of_a_series(page: Page, live: Live, size: str) -> None:
    set_up(page, live)
    page.goto("/settings/library")
    page.get_by_text("Replace by a better one").click()
    page.get_by_label("Wait for a better language").fill("3")
    check_accessibility(page)
    screenshot(page, "settings-library", size)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    library = answer(page, "/api/config")["library"]
    assert (library["language_mode"], library["language_wait_days"]) == ("replace", 3)

    search = SearchPage(page)
    search.go("Search")
    search.add("lantern", "Paper Lanterns")
    expect(page.get_by_text("The Bridge of Small Wishes")).to_be_visible(timeout=15_000)
    series = SeriesPage(page)
    series.do("Languages")
    dialog = page.get_by_role("dialog", name="Languages of Paper Lanterns")
    mode = dialog.get_by_label("When there are several")
    expect(mode).to_have_value("")
    expect(dialog).to_contain_text("Replace by a better one.")  # what holds in the library
    dialog.get_by_role("switch", name="Languages of its own").click()
    dialog.get_by_role("list").get_by_role("listitem").first.get_by_role("button", name="down").click()
    check_accessibility(page)
    screenshot(page, "series-languages", size)
    mode.select_option(label="Keep all of them")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    detail = answer(page, "/api/anime/paper-lanterns")
    assert detail["languages"] == [*reversed(library["languages"][:2]), *library["languages"][2:]]
    assert (detail["language_mode"], detail["language_wait_days"]) == ("all", None)

    series.do("Languages")  # and back to what holds for all
    dialog.get_by_role("switch", name="Languages of its own").click()
    mode.select_option(value="")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    detail = answer(page, "/api/anime/paper-lanterns")
    assert (detail["languages"], detail["language_mode"]) == (None, None)


def test_the_order_of_the_sources_of_a_series(page: Page, live: Live, size: str) -> None:
    set_up(page, live)
    search = SearchPage(page)
    search.go("Search")
    search.add("lantern", "Paper Lanterns")
    expect(page.get_by_text("The Bridge of Small Wishes")).to_be_visible(timeout=15_000)
    sources = page.get_by_role("region", name="Sources")
    names = [source["provider"] for source in answer(page, "/api/anime/paper-lanterns")["sources"]]
    titles = {one["name"]: one["title"] for one in answer(page, "/api/providers")["items"]}
    first, second = (titles[name] for name in names)
    expect(sources.get_by_role("listitem").first).to_contain_text(first)
    expect(sources.get_by_role("button", name=f"Move {first} up")).to_be_disabled()
    sources.scroll_into_view_if_needed()
    check_accessibility(page)
    screenshot(page, "series-sources", size)
    sources.get_by_role("button", name=f"Move {second} up", exact=True).press("Enter")
    expect(sources.get_by_role("listitem").first).to_contain_text(second)
    # It is the first now: up is no longer possible, and the keyboard is not lost.
    expect(sources.get_by_role("button", name=f"Move {second} down")).to_be_focused()
    changed = [source["provider"] for source in answer(page, "/api/anime/paper-lanterns")["sources"]]
    assert changed == names[::-1]
    expect(page.get_by_text("The Bridge of Small Wishes")).to_be_visible(timeout=15_000)
