"""Names that somebody else gave: other templates, a preview, done and undone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Live, check_accessibility, screenshot
from e2e.pages import OrganisePage, SearchPage
from e2e.test_folders import put
from e2e.test_path import set_up

pytestmark = pytest.mark.e2e

ODD = "Paper Lanterns (2019)"


def test_files_are_renamed_and_put_back(page: Page, live: Live, size: str) -> None:
    set_up(page, live)
    put(live.anime, ODD, "lanterns.s01e04.mkv", "lanterns.s01e05.mkv")
    (live.anime / ODD / "lanterns.s01e04.de.srt").write_text("subtitles")
    search = SearchPage(page)
    search.go("Search")
    search.add("lantern", "Paper Lanterns")
    expect(page.get_by_text("In the library", exact=True).first).to_be_attached(timeout=20_000)

    page.goto("/settings/library")
    season = page.get_by_label("Folder of a season", exact=True)
    season.fill("Part {unknown}")
    expect(season).to_have_attribute("aria-invalid", "true")
    season.fill("Staffel {season:00}")
    expect(page.get_by_text("/Staffel 02/")).to_be_visible()
    check_accessibility(page)
    screenshot(page, "settings-names", size)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved").first).to_be_visible()

    organise = OrganisePage(page)
    organise.go("Library")
    page.get_by_role("button", name="More actions for the library").click()
    page.get_by_role("menuitem", name="Rename files").click()
    lanterns = organise.series("Paper Lanterns")
    expect(lanterns).to_contain_text("lanterns.s01e04.mkv")
    expect(lanterns).to_contain_text("Staffel 01/Paper Lanterns")
    check_accessibility(page)
    screenshot(page, "organise", size)
    page.get_by_role("button", name="Rename 2").click()

    expect(page.get_by_role("heading", name="Everything has its name")).to_be_visible(timeout=20_000)
    expect(organise.changes()).to_have_count(1)
    assert sorted(path.name for path in live.anime.glob("*/Staffel 01/*E04*.srt"))
    check_accessibility(page)
    screenshot(page, "organise-done", size)
    organise.changes().get_by_role("button", name="Undo").click()
    expect(organise.changes()).to_contain_text("Undone", timeout=20_000)
    expect(organise.series("Paper Lanterns")).to_be_visible()
    assert (live.anime / ODD / "lanterns.s01e04.mkv").is_file()
