"""Every page in every theme: nothing that a machine can find stands in anybody's way."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Live, check_accessibility, screenshot
from e2e.pages import App, LoginPage, SearchPage
from e2e.test_path import set_up

pytestmark = pytest.mark.e2e

THEMES = ("light", "dark", "contrast")
PAGES = {
    "library": "/library",
    "library-table": "/library?view=table&genre=drama",
    "series": "/library/paper-lanterns",
    "unmatched": "/library/unmatched",
    "organise": "/library/organise",
    "search": "/search?q=lantern",
    "queue": "/queue?show=pending",
    "activity": "/activity",
    "settings-library": "/settings/library",
    "settings-downloads": "/settings/downloads",
    "settings-metadata": "/settings/metadata",
    "settings-sources": "/settings/sources",
    "settings-appearance": "/settings/appearance",
    "settings-account": "/settings/account",
    "nowhere": "/library/nothing-of-that-name",
}


def check_themes(page: Page, name: str, size: str) -> None:
    """The page as it is, in each theme."""
    for theme in THEMES:
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        check_accessibility(page)
        screenshot(page, f"{name}-{theme}", size)


@pytest.mark.parametrize("size", ["desktop"], indirect=True)
def test_every_page_in_every_theme(page: Page, live: Live, size: str) -> None:
    set_up(page, live)
    search = SearchPage(page)
    search.go("Search")
    search.add("lantern", "Paper Lanterns")
    expect(page.get_by_text("12 episodes").first).to_be_visible(timeout=15_000)
    for name, path in PAGES.items():
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        check_themes(page, name, size)
    page.context.clear_cookies()
    page.goto("/login")
    expect(LoginPage(page).submit).to_be_visible()
    check_themes(page, "login", size)


@pytest.mark.parametrize("size", ["phone"], indirect=True)
def test_chosen_and_kept(page: Page, live: Live) -> None:
    set_up(page, live)
    App(page).go("Settings")
    page.get_by_role("link", name="Appearance").click()
    page.get_by_role("radio", name="High contrast").check(force=True)
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "contrast")
    page.reload()
    expect(root).to_have_attribute("data-theme", "contrast")
    page.get_by_role("radio", name="System").check(force=True)
    page.emulate_media(color_scheme="dark", contrast="more")
    expect(root).to_have_attribute("data-theme", "contrast")
    page.emulate_media(color_scheme="light", contrast="no-preference")
    expect(root).to_have_attribute("data-theme", "light")
    page.reload()
    expect(root).to_have_attribute("data-theme", "light")
