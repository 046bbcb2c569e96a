"""Settings are saved, and can be taken back for a while."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Live
from e2e.test_path import set_up

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("size", ["phone"], indirect=True)
def test_saved_and_taken_back(page: Page, live: Live) -> None:
    set_up(page, live)
    page.goto("/settings/downloads")
    slots = page.get_by_label("At the same time")
    expect(slots).to_have_value("2")
    slots.fill("3")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    page.reload()
    expect(slots).to_have_value("3")
    slots.fill("5")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Undo").click()
    expect(slots).to_have_value("3")
    page.reload()
    expect(slots).to_have_value("3")

    page.goto("/settings/sources")
    switch = page.get_by_role("switch").first
    expect(switch).to_be_checked()
    switch.click()
    page.get_by_role("button", name="Undo").click()
    expect(switch).to_be_checked()
    page.reload()
    expect(switch).to_be_checked()
