"""What players will make of a series: the findings and what to do, what each shows, descriptions written again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Live, check_accessibility, screenshot
from e2e.pages import SearchPage
from e2e.test_path import set_up

pytestmark = pytest.mark.e2e


def until(page: Page, true: Callable[[], bool]) -> None:
    """What the server does in the background is waited for."""
    for _ in range(300):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError("It has not come to pass")


def test_the_player_check(page: Page, live: Live, size: str) -> None:
    set_up(page, live)
    search = SearchPage(page)
    search.go("Search")
    search.add("lantern", "Paper Lanterns")
    until(page, lambda: page.request.get("/api/anime/paper-lanterns").json()["loading_status"] == "completed")
    folder = live.anime / page.request.get("/api/anime/paper-lanterns").json()["folder"]
    (folder / "Season 01").mkdir(exist_ok=True)
    (folder / "Season 01" / "Paper Lanterns - 05.mkv").write_bytes(b"x")
    (folder / "Season 01" / "Paper Lanterns - S01E02.mkv").write_bytes(b"x")

    opener = page.get_by_role("button", name="Player check")
    panel = page.get_by_role("region", name="Player check")
    expect(opener).to_have_attribute("aria-expanded", "false")
    opener.click()
    errors = panel.get_by_role("region", name="Errors")
    expect(errors).to_contain_text("Season 01/Paper Lanterns - 05.mkv")
    expect(errors).to_contain_text("The name has no SxxEyy")
    expect(errors).to_contain_text("Rename it like")
    expect(panel.get_by_role("region", name="Kodi shows")).to_contain_text("1 video is passed over")
    expect(panel.get_by_role("region", name="Jellyfin shows")).to_contain_text("Paper Lanterns")
    check_accessibility(page)
    opener.scroll_into_view_if_needed()
    opener.evaluate("element => window.scrollTo(0, element.getBoundingClientRect().top + window.scrollY - 20)")
    screenshot(page, "series-players", size)

    nfo = folder / "tvshow.nfo"
    nfo.unlink()
    panel.get_by_role("button", name="Check again").click()
    expect(panel).to_contain_text("There is no tvshow.nfo")
    panel.get_by_role("button", name="Write descriptions again").click()
    until(page, nfo.exists)
    panel.get_by_role("button", name="Check again").click()
    expect(panel).not_to_contain_text("There is no tvshow.nfo")
