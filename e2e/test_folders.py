"""A folder that somebody else named: found by a scan, accepted, and its episodes are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Live, check_accessibility, screenshot
from e2e.pages import FoldersPage, SearchPage, SeriesPage
from e2e.test_path import set_up

pytestmark = pytest.mark.e2e

ODD = "[Tidepool] Papr Lanterns (2019) [1080p]"


def put(anime: Path, folder: str, *names: str) -> None:
    """Videos of some size that take no room."""
    (anime / folder).mkdir()
    for name in names:
        with (anime / folder / name).open("wb") as file:
            file.truncate(734_003_200)


def test_a_folder_with_an_odd_name_is_found_and_accepted(page: Page, live: Live, size: str) -> None:
    set_up(page, live)
    search = SearchPage(page)
    search.go("Search")
    search.add("lantern", "Paper Lanterns")
    expect(page.get_by_text("The Bridge of Small Wishes")).to_be_visible(timeout=15_000)
    put(live.anime, ODD, "Papr Lanterns - S01E04.mkv", "Papr Lanterns - S01E05.mkv")
    put(live.anime, "Harbour of Glass (2016)", *(f"Harbour of Glass - {number:02d}.mkv" for number in range(1, 13)))

    search.go("Library")
    page.get_by_role("button", name="More actions for the library").click()
    page.get_by_role("menuitem", name="Look through the folders").click()
    hint = page.get_by_role("link", name="2 folders without a series")
    expect(hint).to_be_visible(timeout=15_000)  # live, without a reload
    page.wait_for_load_state("networkidle")
    check_accessibility(page)
    screenshot(page, "library-hint", size)
    hint.click()

    folders = FoldersPage(page)
    expect(folders.folder("Papr Lanterns")).to_contain_text("2 videos")
    expect(folders.folder("Papr Lanterns")).to_contain_text("1.47 GB")
    expect(folders.folder("Harbour of Glass")).to_contain_text("No series of the library has a name like this.")
    check_accessibility(page)
    screenshot(page, "folders", size)
    folders.ignore("Harbour of Glass")
    expect(folders.folder("Harbour of Glass")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(folders.folder("Harbour of Glass")).to_be_visible()
    folders.ignore("Harbour of Glass")
    expect(folders.folder("Harbour of Glass")).to_have_count(0)
    page.get_by_text("Ignored", exact=True).click()
    expect(folders.folder("Harbour of Glass").get_by_role("button", name=re.compile("^Offer again"))).to_be_visible()
    check_accessibility(page)
    page.get_by_text(re.compile("Without a series")).click()

    folders.accept("Papr Lanterns", "Paper Lanterns")
    expect(page.get_by_role("heading", name="Everything has its place")).to_be_visible()
    check_accessibility(page)
    folders.go("Library")
    expect(page.get_by_text("2 of 12")).to_be_visible()
    page.get_by_role("link", name=re.compile("Paper Lanterns")).first.click()
    row = SeriesPage(page).episode("The Bridge of Small Wishes")
    expect(row.get_by_text("In the library", exact=True)).to_be_attached()


def test_a_folder_is_found_at_the_sources_and_the_likely_ones_are_taken_at_once(page: Page, live: Live) -> None:
    set_up(page, live)
    put(live.anime, "Clockwork Garden (2021)", "Clockwork Garden - S01E01.mkv")
    search = SearchPage(page)
    search.go("Search")
    search.add("lantern", "Paper Lanterns")
    expect(page.get_by_text("The Bridge of Small Wishes")).to_be_visible(timeout=15_000)
    put(live.anime, ODD, "Papr Lanterns - S01E04.mkv")
    search.go("Library")
    page.get_by_role("button", name="More actions for the library").click()
    page.get_by_role("menuitem", name="Look through the folders").click()
    page.get_by_role("link", name="2 folders without a series").click(timeout=15_000)

    folders = FoldersPage(page)
    page.get_by_role("button", name="Accept all that are likely").click()
    expect(page.get_by_text("1 folder now belongs to a series")).to_be_visible()
    expect(folders.folder("Papr Lanterns")).to_have_count(0)
    folders.folder("Clockwork Garden").get_by_role("button", name=re.compile("^Find at sources")).click()
    found = folders.folder("Clockwork Garden").get_by_role("group", name="At the sources")
    expect(found.get_by_role("button", name="Clockwork Garden")).to_be_visible()
    page.wait_for_load_state("networkidle")
    check_accessibility(page)
    found.get_by_role("button", name="Clockwork Garden").click()
    expect(page.get_by_role("heading", name="Everything has its place")).to_be_visible()
