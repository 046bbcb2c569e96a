"""Everything by keyboard: the palette, shortcuts, the help sheet, and arrow keys among the covers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Live, check_accessibility, screenshot
from e2e.pages import SearchPage
from e2e.test_path import set_up

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("size", ["desktop"], indirect=True)
def test_without_a_mouse(page: Page, live: Live, size: str) -> None:
    set_up(page, live)
    search = SearchPage(page)
    search.go("Search")
    search.add("lantern", "Paper Lanterns")
    expect(page.get_by_role("heading", level=1)).to_have_text("Paper Lanterns")
    page.keyboard.press("g")
    page.keyboard.press("q")
    expect(page.get_by_role("heading", level=1)).to_have_text("Queue")

    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Commands")
    expect(palette.get_by_role("combobox")).to_be_focused()
    check_accessibility(page)
    screenshot(page, "palette", size)
    page.keyboard.type("paper lan")
    expect(palette.get_by_role("option", name="Paper Lanterns")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/library/paper-lanterns"))

    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet.get_by_text("Open commands")).to_be_visible()
    check_accessibility(page)
    screenshot(page, "shortcuts", size)
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()

    page.keyboard.press("g")
    page.keyboard.press("s")
    field = page.get_by_label("Name of a series")
    field.fill("")
    # A letter is a letter where somebody writes.
    page.keyboard.type("gl?")
    expect(field).to_have_value("gl?")
