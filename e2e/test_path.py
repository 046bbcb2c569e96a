"""The whole path, as a new user goes it: from an empty server to a file that plays."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable

import av
import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.conftest import PASSWORD, SIZES, Live, check_accessibility, screenshot
from e2e.pages import LoginPage, QueuePage, SearchPage, SeriesPage, SetupPage

pytestmark = pytest.mark.e2e


def within(seconds: float, check: Callable[[], bool]) -> bool:
    """Whether it comes true in that time."""
    end = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def set_up(page: Page, live: Live) -> None:
    """Make the owner through the printed link."""
    page.goto(live.setup_url)
    setup = SetupPage(page)
    expect(setup.code).to_have_value(live.code)
    setup.fill(PASSWORD, str(live.anime))
    expect(page.get_by_role("heading", name="Your library begins here")).to_be_visible()


def test_from_nothing_to_a_playable_episode(page: Page, live: Live, size: str) -> None:
    page.goto(live.setup_url)
    setup = SetupPage(page)
    expect(setup.code).to_have_value(live.code)
    assert "#" not in page.url  # the code does not stay in the address
    check_accessibility(page)
    screenshot(page, "setup", size)
    setup.fill(PASSWORD, str(live.anime / "missing"))
    expect(page.get_by_text("There is no such directory")).to_be_visible()
    setup.fill(PASSWORD, str(live.anime))
    expect(page.get_by_role("heading", name="Your library begins here")).to_be_visible()
    check_accessibility(page)
    screenshot(page, "library-empty", size)

    search = SearchPage(page)
    search.go("Search")
    search.add("lantern", "Paper Lanterns")
    series = SeriesPage(page)
    expect(page.get_by_text("12 episodes").first).to_be_visible(timeout=15_000)
    expect(page.get_by_text("The Bridge of Small Wishes")).to_be_visible()
    page.wait_for_load_state("networkidle")
    check_accessibility(page)
    screenshot(page, "series", size)

    series.queue("The Bridge of Small Wishes")
    queue = QueuePage(page)
    queue.go("Queue")
    expect(queue.section("Up next").get_by_text("The Bridge of Small Wishes")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    coming = queue.section("Coming in")
    expect(coming.get_by_text("The Bridge of Small Wishes")).to_be_visible(timeout=15_000)
    expect(coming.get_by_text(re.compile(r"[kM]B/s"))).to_be_visible(timeout=15_000)  # live, without a reload
    expect(coming.get_by_text(re.compile(r"left$"))).to_be_visible()
    check_accessibility(page)
    screenshot(page, "queue", size)
    expect(queue.section("Done").get_by_text("The Bridge of Small Wishes")).to_be_visible(timeout=40_000)

    (file,) = (path for path in live.anime.rglob("*.mkv") if ".aniworld" not in path.parts)
    assert file.name == "Paper Lanterns (2019) - S01E05 - The Bridge of Small Wishes.mkv"
    with av.open(str(file)) as container:
        assert sum(1 for _ in container.decode(video=0)) > 100
    assert within(30, file.with_suffix(".nfo").exists)  # its tracks are looked at first
    assert (file.parent.parent / "poster.jpg").exists()

    queue.go("Library")
    expect(page.get_by_text("1 of 12")).to_be_visible()
    page.wait_for_load_state("networkidle")
    check_accessibility(page)
    screenshot(page, "library", size)


def test_loading_is_seen_live_in_a_second_window(page: Page, live: Live, browser: Browser, size: str) -> None:
    set_up(page, live)
    other = browser.new_context(base_url=live.url, viewport=SIZES["desktop"], locale="en-GB").new_page()  # type: ignore[arg-type]
    other.goto("/login")
    LoginPage(other).log_in(PASSWORD)
    expect(other.get_by_role("heading", name="Your library begins here")).to_be_visible()
    search = SearchPage(page)
    search.go("Search")
    search.add("tide", "Tide and Ember")
    card = other.get_by_role("link", name=re.compile("Tide and Ember"))
    expect(card).to_be_visible(timeout=10_000)
    expect(other.get_by_text("0 of 8")).to_be_visible(timeout=15_000)
    other.context.close()


def test_the_door(page: Page, live: Live, size: str) -> None:
    set_up(page, live)
    page.context.clear_cookies()
    page.goto("/queue")
    login = LoginPage(page)
    expect(login.password).to_be_visible()
    check_accessibility(page)
    screenshot(page, "login", size)
    login.log_in("not the password")
    expect(page.get_by_role("alert")).to_have_text("The password is wrong.")
    login.log_in(PASSWORD)
    expect(page.get_by_role("heading", level=1, name="Queue")).to_be_visible()  # back to where one was going


def test_dark_and_german(page: Page, live: Live, size: str) -> None:
    page.emulate_media(color_scheme="dark")
    set_up(page, live)
    # oklch: the first number is the lightness.
    background = "Number(getComputedStyle(document.documentElement).backgroundColor.match(/[\\d.]+/)[0])"
    dark = page.evaluate(background)
    page.goto("/settings")
    page.get_by_role("link", name="Appearance").or_(page.get_by_role("tab", name="Appearance")).first.click()
    page.wait_for_load_state("networkidle")
    check_accessibility(page)
    screenshot(page, "settings-dark", size)
    page.get_by_text("Light", exact=True).click()
    assert page.evaluate(background) > dark + 0.5
    page.get_by_text("Deutsch", exact=True).click()
    expect(page.get_by_role("navigation").get_by_role("link", name="Warteschlange")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "de"
    page.reload()
    expect(page.get_by_role("navigation").get_by_role("link", name="Warteschlange")).to_be_visible()
    check_accessibility(page)


def test_a_deep_link_to_nothing_says_so(page: Page, live: Live, size: str) -> None:
    set_up(page, live)
    page.goto("/library/no-such-series")
    expect(page.get_by_text("This series is not in the library")).to_be_visible()
    page.goto("/no/such/page")
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    check_accessibility(page)


def test_the_picture_of_the_readme(browser: Browser, live: Live) -> None:
    """A series with something coming in. ``README_PICTURE=docs/screenshot.png ./just e2e -k readme`` keeps it."""
    context = browser.new_context(viewport=SIZES["desktop"], locale="en-GB", base_url=live.url)  # type: ignore[arg-type]
    page = context.new_page()
    set_up(page, live)
    search = SearchPage(page)
    for query, name in (("tide", "Tide and Ember"), ("lantern", "Paper Lanterns"), ("clock", "Clockwork Garden")):
        search.go("Search")
        search.add(query, name)
        expect(page.get_by_role("button", name=re.compile("^Queue .*missing"))).to_be_visible(timeout=15_000)
    page.get_by_role("button", name=re.compile("^Queue .*missing")).click()
    search.go("Queue")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(QueuePage(page).section("Done")).to_be_visible(timeout=40_000)
    page.goto("/library/clockwork-garden")
    expect(page.get_by_text(re.compile(r"\d+%")).first).to_be_visible(timeout=15_000)
    page.wait_for_timeout(800)  # the pictures fade in
    screenshot(page, "readme", "desktop")
    if target := os.environ.get("README_PICTURE"):
        page.screenshot(path=target)
    context.close()
