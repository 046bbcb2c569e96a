"""Asks a site: makes the address, sends what the profile says, reads the answer, goes on to the next page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

import msgspec

from aniworld.catalog.errors import NotAtSourceError, SourceChangedError, from_net
from aniworld.catalog.pages.addresses import own
from aniworld.catalog.pages.extract import MAX_ANSWER, TangledError
from aniworld.catalog.pages.profile import Listing, Section, SiteProfile, hosts_of
from aniworld.catalog.pages.rules import Found, Page, Query
from aniworld.catalog.tools import Tools
from aniworld.kit.net import Answer
from aniworld.kit.net.cookies import Jar
from aniworld.kit.net.errors import NetError
from aniworld.kit.schema import Schema

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_WITH_SLASHES = frozenset({"key", "season_id", "episode_id"})
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,200})", re.IGNORECASE)


class Visit(Schema, frozen=True):
    """A page that was asked for, for those who want to see how a profile works."""

    section: str
    method: str
    address: str
    size: int
    """Bytes, decoded."""
    title: str
    """What the page calls itself, where it is HTML."""
    queries: list[Query]
    found: list[Found]


class Visits:
    """Asks one site. ``watch`` is told of every page."""

    def __init__(self, profile: SiteProfile, tools: Tools, watch: Callable[[Visit], None] | None = None) -> None:
        self._profile = profile
        self._client = tools.client
        self._pages = tools.pages.of(profile.name, profile.requests_per_second)
        self._reader = tools.reader
        self._watch = watch
        self.hosts = hosts_of(profile)
        self._jar = Jar(lambda url: own(url, self.hosts)) if profile.cookies else None

    def address(self, template: str, values: Mapping[str, str]) -> str:
        """The page's address with the values filled in."""
        quoted = {name: quote(value, safe="/" if name in _WITH_SLASHES else "") for name, value in values.items()}
        return self._profile.base_url.rstrip("/") + _filled(template, quoted)

    async def ask(
        self, name: str, section: Section, queries: list[Query], values: Mapping[str, str], template: str = ""
    ) -> list[Found]:
        """Fetch the section's page, or all its pages, and put the queries to it. ``template``: instead of ``page``.

        Raises ``CatalogError``.
        """
        template = template or section.page
        values = {**values, "page": section.first} if isinstance(section, Listing) else dict(values)
        address = self.address(template, values)
        found = await self._one(name, section, address, values, queries)
        if not isinstance(section, Listing):
            return found
        counted = "{page}" in template or any("{page}" in text for text in section.form.values())
        if not counted and section.next is None:
            return found
        gathered = [_Gathered(one, query) for one, query in zip(found, queries, strict=True)]
        seen = {(address, values["page"])}
        while (number := len(seen)) < section.pages and not gathered[0].full:
            following = found[0].next if section.next is not None else _counted(section, number, len(found[0].items))
            if not following or not found[0].items:
                break
            if counted:
                values["page"] = following
                address = self.address(template, values)
            elif own(following, self.hosts):
                address = following
            if (address, values["page"]) in seen:  # it leads in a circle: what there is has been read
                break
            seen.add((address, values["page"]))
            try:
                found = await self._one(name, section, address, values, queries)
            except NotAtSourceError:
                if section.next is not None:
                    raise
                break  # counted up to the end
            added = [one.add(more) for one, more in zip(gathered, found, strict=True)]
            if not any(added):
                break
        else:
            if not gathered[0].full and name != "search" and (found[0].next or section.next is None):
                raise SourceChangedError(
                    f"{self._profile.title}: {name} goes on after {section.pages} pages; "
                    f"raise {name}.pages where there are so many"
                )
        return [one.all() for one in gathered]

    async def _one(
        self, name: str, section: Section, address: str, values: Mapping[str, str], queries: list[Query]
    ) -> list[Found]:
        title = self._profile.title
        headers = {**self._profile.headers, **section.headers}
        method = "POST" if section.form else "GET"
        async with self._reader.room.guest() as guest:
            try:
                if section.form:
                    form = {field: _filled(text, values) for field, text in section.form.items()}
                    answer = await self._client.post_form(address, form, headers=headers, jar=self._jar, guest=guest)
                else:
                    answer = await self._pages.get(address, headers=headers, jar=self._jar, guest=guest)
            except NetError as error:
                raise from_net(error, title) from error
            if not own(answer.url, self.hosts):
                raise SourceChangedError(f"{title} now answers at {answer.url[:200]}: put that into its profile")
            kind = answer.headers.get("content-type", "")
            try:
                page = Page(html=answer.content, url=answer.url, hosts=self.hosts, content_type=kind)
                found = await self._reader.read(page, queries)
            except TangledError as error:
                self._tell(name, method, address, answer, queries, [])
                raise SourceChangedError(f"{title}: {error} ({address})") from error
        self._tell(name, method, address, answer, queries, found)
        return found

    def _tell(
        self, name: str, method: str, address: str, answer: Answer, queries: list[Query], found: list[Found]
    ) -> None:
        if self._watch is not None:
            title = _TITLE.search(answer.content, 0, 64 * 1024)
            self._watch(
                Visit(
                    section=name,
                    method=method,
                    address=address,
                    size=len(answer.content),
                    title=title.group(1).decode(errors="replace").strip() if title else "",
                    queries=queries,
                    found=found,
                )
            )


class _Gathered:
    """What several pages answer to one query."""

    def __init__(self, first: Found, query: Query) -> None:
        self._first = first
        self._limit = query.limit
        self._items = list(first.items)
        self._more = first.more
        self._length = _length(first)

    @property
    def full(self) -> bool:
        return self._more or len(self._items) > self._limit

    def add(self, found: Found) -> bool:
        """Whether there was anything new."""
        if not found.items or found.items == self._items[-len(found.items) :]:
            return False
        self._length += _length(found)
        if self._length > MAX_ANSWER:
            raise SourceChangedError("The pages hold more than they can mean")
        self._items += found.items
        self._more = self._more or found.more
        return True

    def all(self) -> Found:
        return msgspec.structs.replace(self._first, items=self._items[: self._limit], more=self.full)


def _length(found: Found) -> int:
    return sum(len(value) for item in found.items for values in item.values() for value in values)


def _counted(section: Listing, number: int, items: int) -> str:
    """What ``{page}`` is next; nothing after a page that is not full, where it counts items."""
    last = not section.first.isdecimal() or items < section.step
    return "" if last else str(int(section.first) + number * section.step)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The text with what stands in braces replaced; never looked at again."""
    return _PLACEHOLDER.sub(lambda found: values.get(found.group(1), found.group()), template)
