"""The pages, as a person finds their way in them: by role and by name."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


class SetupPage:
    """The first page of a new server."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.password = page.get_by_label("New password", exact=True)
        self.repeat = page.get_by_label("Repeat password")
        self.directory = page.get_by_label("Anime directory")
        self.code = page.get_by_label("Setup code")
        self.submit = page.get_by_role("button", name="Set up")

    def fill(self, password: str, directory: str, repeat: str | None = None) -> None:
        """Fill the form in and send it."""
        self.password.fill(password)
        self.repeat.fill(password if repeat is None else repeat)
        self.directory.fill(directory)
        self.submit.click()


class LoginPage:
    """The door."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.password = page.get_by_label("Password", exact=True)
        self.submit = page.get_by_role("button", name="Log in")

    def log_in(self, password: str) -> None:
        """Give the password."""
        self.password.fill(password)
        self.submit.click()


class App:
    """What every page behind the door has."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.navigation = page.get_by_role("navigation", name="Main")

    def go(self, name: str) -> None:
        """Follow an entry of the navigation."""
        self.navigation.get_by_role("link", name=name).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(name)


class SearchPage(App):
    """All sources at once."""

    def add(self, query: str, name: str) -> None:
        """Search and add; the series' page opens."""
        self.page.get_by_label("Name of a series").fill(query)
        self.page.get_by_role("button", name=f"Add {name}").click()
        expect(self.page).to_have_url(re.compile(r"/library/"))


class SeriesPage(App):
    """One series."""

    def episode(self, title: str) -> Locator:
        """The row of an episode."""
        return self.page.get_by_role("listitem").filter(has_text=title).first

    def queue(self, title: str) -> None:
        """Queue one episode."""
        self.page.get_by_role("button", name=re.compile(f"^Queue .*{re.escape(title)}")).first.click()

    def do(self, action: str) -> None:
        """Something from its menu."""
        self.page.get_by_role("button", name="More actions").click()
        self.page.get_by_role("menuitem", name=action).click()


class QueuePage(App):
    """What comes in."""

    def section(self, name: str) -> Locator:
        """What comes in, or one of its lists, which is opened."""
        if name != "Coming in":
            self.page.get_by_role("radio", name=re.compile(f"^{name}")).check(force=True, timeout=60_000)
        return self.page.get_by_role("region", name=re.compile(f"^{name}"))


class OrganisePage(App):
    """What would be renamed, and what was."""

    def series(self, name: str) -> Locator:
        """What would be renamed of a series."""
        return self.page.get_by_role("region", name=name, exact=True)

    def changes(self) -> Locator:
        """What was renamed."""
        return self.page.get_by_role("region", name="What was renamed").get_by_role("listitem")


class FoldersPage(App):
    """Folders without a series."""

    def folder(self, title: str) -> Locator:
        """The card of a folder."""
        return self.page.get_by_role("listitem", name=re.compile(f"^{re.escape(title)}"))

    def accept(self, title: str, series: str) -> None:
        """One tap: the folder is that series'."""
        self.folder(title).get_by_role("button", name=series).click()

    def ignore(self, title: str) -> None:
        """Put it aside."""
        self.folder(title).get_by_role("button", name=re.compile("^Ignore")).click()
