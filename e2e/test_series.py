"""The page of a series: many episodes at once, and where it comes from."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from aniworld.sample import Layout
from e2e.conftest import Live, check_accessibility, screenshot
from e2e.pages import SearchPage, SeriesPage
from e2e.test_languages import answer
from e2e.test_path import set_up

pytestmark = pytest.mark.e2e


@pytest.fixture
def layouts() -> tuple[Layout, ...]:
    """Two sources, so that a series can come from either."""
    return ("profile", "tabs")


@pytest.fixture
def series(page: Page, live: Live) -> SeriesPage:
    """Its page, with all episodes."""
    set_up(page, live)
    search = SearchPage(page)
    search.go("Search")
    search.add("lantern", "Paper Lanterns")
    expect(page.get_by_text("The Bridge of Small Wishes")).to_be_visible(timeout=15_000)
    return SeriesPage(page)


def test_several_episodes_are_queued_and_taken_out(series: SeriesPage, page: Page, size: str) -> None:
    page.get_by_role("button", name="Select episodes").click()
    for title in ("First Light on the River", "Moth Weather"):
        page.get_by_role("checkbox", name=f"Select {title}").check(force=True)
    bar = page.get_by_role("region", name="Selection")
    expect(bar).to_contain_text("2 selected")
    check_accessibility(page)
    screenshot(page, "series-selection", size)
    bar.get_by_role("button", name="Queue 2 episodes").click()
    expect(bar).to_have_count(0)
    first, other = series.episode("First Light on the River"), series.episode("Moth Weather")
    expect(first).to_contain_text("Queued")
    expect(other).to_contain_text("Queued")
    expect(series.episode("The Bridge of Small Wishes")).to_contain_text("Missing")
    first.get_by_role("button", name=re.compile("^Take .* out of the queue")).click()
    expect(first).to_contain_text("Missing")
    expect(other).to_contain_text("Queued")
    check_accessibility(page)


def test_a_source_is_removed_brought_back_and_found_again(series: SeriesPage, page: Page, size: str) -> None:
    sources = page.get_by_role("region", name="Sources")
    expect(sources.get_by_role("listitem")).to_have_count(2)
    expect(sources.get_by_text("Healthy").first).to_be_visible()
    before = answer(page, "/api/anime/paper-lanterns")["sources"]
    sources.get_by_role("button", name=re.compile("^Remove ")).last.click()
    expect(sources.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="Undo").first.click()
    expect(sources.get_by_role("listitem")).to_have_count(2)
    assert answer(page, "/api/anime/paper-lanterns")["sources"] == before

    sources.get_by_role("button", name=re.compile("^Remove ")).last.click()
    expect(sources.get_by_role("listitem")).to_have_count(1)
    sources.get_by_role("button", name="Add a source").click()
    dialog = page.get_by_role("dialog", name="Add a source")
    found = dialog.get_by_role("button", name=re.compile("^Add Paper Lanterns from"))
    expect(found).to_be_visible(timeout=15_000)
    check_accessibility(page)
    screenshot(page, "series-add-source", size)
    found.click()
    expect(dialog).to_be_hidden()
    expect(sources.get_by_role("listitem")).to_have_count(2)
    assert answer(page, "/api/anime/paper-lanterns")["sources"] == before
