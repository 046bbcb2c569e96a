"""The library: what can be narrowed, ordered and kept, and how the address tells it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Live, check_accessibility, screenshot
from e2e.pages import App, SearchPage
from e2e.test_path import set_up

pytestmark = pytest.mark.e2e


def add(page: Page, query: str, name: str) -> None:
    """Put a series of the sample source into the library, and wait until it is loaded."""
    search = SearchPage(page)
    search.go("Search")
    search.add(query, name)
    expect(page.get_by_text(re.compile("^\\d+ episodes$")).first).to_be_visible(timeout=15_000)


def test_narrowed_saved_and_found_again(page: Page, live: Live, size: str) -> None:
    set_up(page, live)
    add(page, "lantern", "Paper Lanterns")
    add(page, "clockwork", "Clockwork Garden")
    App(page).go("Library")
    garden, lanterns = (page.locator(f"[data-series={key}]") for key in ("clockwork-garden", "paper-lanterns"))
    expect(garden).to_be_visible()

    page.get_by_role("button", name=re.compile("^Filters")).click()
    sheet = page.get_by_role("dialog", name="Filters")
    sheet.get_by_role("checkbox", name="Drama").check(force=True)
    expect(page).to_have_url(re.compile(r"genre=drama"))
    expect(sheet.get_by_role("button", name="Show 1 series")).to_be_visible()
    sheet.get_by_label("Lacks episodes in").last.select_option("de")
    expect(page).to_have_url(re.compile(r"lacks_language=de"))
    check_accessibility(page)
    screenshot(page, "library-filters", size)
    sheet.get_by_label("Name of the filter").fill("Sad ones")
    sheet.get_by_role("button", name="Save this filter").click()
    expect(page.get_by_text("Saved as Sad ones")).to_be_visible()
    sheet.get_by_role("button", name="Show 1 series").click()

    page.reload()  # the address holds it all
    expect(lanterns).to_be_visible()
    expect(garden).to_have_count(0)
    check_accessibility(page)
    lanterns.click()
    expect(page).to_have_url(re.compile("/library/paper-lanterns"))
    page.go_back()
    expect(page.get_by_role("button", name="Remove filter: Drama")).to_be_visible()
    page.get_by_role("button", name="Remove filter: Drama").click()
    page.get_by_role("button", name="Remove filter: Not in German").click()
    expect(garden).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Remove filter: Not in German")).to_be_visible()

    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")
    palette.get_by_role("combobox").fill("sad on")
    palette.get_by_role("option", name="Sad ones").click()
    expect(page).to_have_url(re.compile(r"genre=drama.*lacks_language=de"))
    expect(garden).to_have_count(0)

    page.get_by_role("button", name=re.compile("^Filters")).click()
    sheet.get_by_role("button", name="Delete filter Sad ones").click()
    expect(sheet.get_by_role("button", name="Sad ones", exact=True)).to_have_count(0)


@pytest.mark.parametrize("size", ["phone"], indirect=True)
def test_one_tap_and_it_loads(page: Page, live: Live, size: str) -> None:
    set_up(page, live)
    add(page, "lantern", "Paper Lanterns")
    App(page).go("Library")
    shelf = page.get_by_role("region", name="What is new")
    shelf.get_by_role("button", name="Fetch what is missing of Paper Lanterns").click()
    shelf.get_by_role("radio", name="Coming in").check(force=True)
    expect(shelf.get_by_role("listitem").filter(has_text="S01E01").first).to_be_visible()
    check_accessibility(page)
    screenshot(page, "library-shelf", size)
    shelf.get_by_role("radio", name="Airing soon").check(force=True)
    expect(shelf.get_by_text("Nothing at the moment")).to_be_visible()
