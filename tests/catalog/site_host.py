"""A small catalogue website whose pages a test can change, and the profile that describes it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from aniworld.catalog import profile as profiles
from aniworld.catalog.pages.profile import SiteProfile
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.providers.site import SiteProvider
from aniworld.catalog.tools import Tools
from tests.kit.net_host import Handler, Host, Request, answer, client, host

PROFILE = """
name = "shelf"
title = "The Shelf"
base_url = "http://shelf.example/"
hosts = []

[languages]
Deutsch = "de"
"Japanisch mit UT" = "ja+de"

[hosters]
Alpha = "direct"
Beta = "hls"

[search]
page = "/find?q={query}"
items = "div.hit"
key = { css = "a", attr = "href", regex = '^/anime/(.+)$' }
name = "a"
year = "i"
cover = { css = "img", attr = "src" }
empty = "p.none"

[series]
page = "/anime/{key}"
name = "h1"
description = "p.story"
genres = "a.genre"
status = { css = "p", regex = "Status: (.+)", map = { fertig = "completed", "läuft" = "ongoing" } }
poster = { css = "img.poster", attr = "src" }

[seasons]
items = "ul.seasons a"
number = { regex = '(Filme|\\\\d+)$', map = { Filme = "0" } }
name = {}

[episodes]
page = "/anime/{key}/{season}"
items = "tr"
number = "td.n"
title = "td.t"
aired = { css = "td.d", format = "%d.%m.%Y" }
duration = "td.l"
languages = { css = "img", attr = "title" }
empty = "p.none"

[links]
page = "/anime/{key}/{season}/{episode}"
items = "li"
language = { css = "img", attr = "title" }
hoster = "b"
url = { css = "a", attr = "href" }
empty = "p.none"
""".replace("\\\\", "\\")

PAGES = {
    "/find?q=one%20%26%20two": """
        <div class=hit><a href="/anime/one">One &amp; Two</a> <i>(1999)</i><img src="/one.jpg"></div>
        <div class=hit><a href="/anime/caf%C3%A9/x">Café</a><img src="http://elsewhere.example/x.jpg"></div>
        <div class=hit><a href="/anime/one">One again</a></div>
        <div class=hit><a href="http://elsewhere.example/anime/evil">Evil</a></div>
        <div class=hit><a href="/anime/../../etc">Above</a></div>
        <div class=hit><a href="/news/1">News</a></div>
        <div class=hit><a href="/anime/nameless"></a></div>""",
    "/find?q=nothing": "<p class=none>Nichts gefunden</p>",
    "/find?q=redesigned": "<main>All new!</main>",
    "/anime/one": """
        <h1> One &amp;\n Two </h1> <p class=story>First.<br>Line.</p><p class=story>Second\u202e.</p>
        <p>Jahr: 1999</p><p>Status: fertig</p>
        <a class=genre>Action</a><a class=genre>Drama</a><a class=genre>Action</a>
        <img class=poster src="one.jpg">
        <ul class=seasons><a href=1>Staffel 1</a><a href=2>Staffel 2</a><a href=0>Filme</a>
            <a>Alle</a><a>Staffel 2</a></ul>""",
    "/anime/one/1": """<table><tr><th>Nr.<th>Titel</tr>
        <tr><td class=n>2<td class=t>B<td class=d>31.12.1999<td class=l>24 min</tr>
        <tr><td class=n>1<td class=t>A &lt;b&gt;<td class=d>kaputt
            <td><img title="Deutsch"><img title="japanisch MIT UT"><img title="Klingonisch"><img title="Deutsch"></tr>
        <tr><td class=n>2<td class=t>B again</tr></table>""",
    "/anime/one/2": "<p class=none>Noch keine Folgen</p>",
    "/anime/one/0": "<table><tr><td class=n>1<td class=t>Der Film</tr></table>",
    "/anime/one/1/1": """<ul>
        <li><img title="Deutsch"><b>Alpha</b><a href="/go/1">los</a></li>
        <li><img title="Japanisch mit UT"><b>Alpha</b><a href="/go/2">los</a></li>
        <li><img title="deutsch"><b>beta</b><a href="/go/3">los</a></li>
        <li><img title="Deutsch"><b>Gamma</b><a href="/go/4">los</a></li>
        <li><img title="Deutsch"><b>Alpha</b><a href="http://elsewhere.example/go/5">los</a></li></ul>""",
    "/anime/one/1/2": "<p class=none>Noch nicht da</p>",
    "/anime/one/0/1": "<p>Something else</p>",
}


def serve(pages: dict[str, str]) -> Handler:
    """These pages, each after a moment; 404 for every other address."""

    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)
        page = pages.get(request.target)
        status = "404 Not Found" if page is None else "200 OK"
        await answer((page or "").encode(), status, Content_Type="text/html; charset=utf-8")(request, writer)

    return handler


@contextlib.asynccontextmanager
async def shelf(
    directory: Path, handler: Handler, profile: str = PROFILE, also: tuple[Host, ...] = ()
) -> AsyncIterator[tuple[SiteProvider, Host]]:
    """The site, served, and the provider that reads it; ``also`` may be reached too."""
    path = directory / "shelf.toml"
    path.write_text(profile)
    async with host(handler) as site, client(site, *also) as http:
        yield SiteProvider(profiles.load(path, {"site": SiteProfile}, base_url=site.url), Tools(http, Reader())), site
