"""Every way out against every way to lead it astray: nothing that must not be reached is even tried.

Ways out: pages, pictures, forms, JSON, files, pieces, keys, playlists, subtitles and the proxy of other processes.
Ways astray: the address itself, a redirect, what a playlist names, what a name resolves to, and to what else the next
time. A canary counts the connections it gets, and an audit hook sees every connection that is tried.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from aniworld.catalog.types import Fragment, Stream, Subtitle
from aniworld.downloads.fetch.service import fetch
from aniworld.downloads.fetch.types import Limits
from aniworld.kit.errors import AppError
from aniworld.kit.net import IMAGE, KEY, PLAYLIST, HttpClient, guard
from aniworld.kit.net.errors import NetError
from aniworld.kit.net.proxy import Budget, Proxy
from tests.downloads.fetch.support import Sink
from tests.kit.net_host import Host, Request, host
from tests.kit.ssrf import PRIVATE_V4, PRIVATE_V6, Canaries, canaries, direct, names

LIMITS = Limits(retries=0, backoff=0.0, idle=2.0, reserve=0, connections=2)
BUDGET = Budget(down=10**7, up=10**7, requests=10**6)
PIECE = b"\x47" + bytes(187)

Way = Callable[["World", str], Awaitable[object]]


class World:
    """A host that may be reached and leads astray, what must not be reached, and the client."""

    def __init__(self, front: Host, caught: Canaries, client: HttpClient, proxy: Proxy, directory: Path) -> None:
        self.front = front
        self.caught = caught
        self.client = client
        self.proxy = proxy
        self._directory = directory
        self._works = 0
        self.pages: dict[str, tuple[str, str, bytes]] = {}
        """Path → status, header lines, body."""

    def work(self) -> Path:
        """A directory that nothing has used."""
        self._works += 1
        return self._directory / str(self._works)

    def page(self, body: str, status: str = "200 OK", lines: str = "") -> str:
        """The address of a page at the host that may be reached."""
        path = f"/{len(self.pages)}"
        self.pages[path] = (status, lines, body.encode())
        return self.front.url + path

    def leads_to(self, url: str, status: int = 302) -> str:
        """The address of a redirect."""
        return self.page("", f"{status} Elsewhere", f"Location: {url}\r\n")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made: World | None = None

    async def serve(request: Request, writer: asyncio.StreamWriter) -> None:
        assert made is not None
        status, lines, body = made.pages.get(request.target, ("404 Not Found", "", b""))
        writer.write(f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    async with (
        canaries() as caught,
        host(serve) as front,
        HttpClient(allowed_hosts=lambda: {front.entry}) as client,
        client.proxy(BUDGET) as proxy,
    ):
        caught.allowed |= {("127.0.0.1", front.port), ("127.0.0.1", proxy.port)}
        made = World(front, caught, client, proxy, tmp_path)
        yield made


# --- the ways out ---------------------------------------------------------------------------------------------------


async def page(world: World, url: str) -> object:
    return await world.client.get(url)


async def picture(world: World, url: str) -> object:
    return await world.client.get_bytes(url, kind=IMAGE)


async def form(world: World, url: str) -> object:
    return await world.client.post_form(url, {"a": "b"})


async def head(world: World, url: str) -> object:
    async with world.client.stream("HEAD", url) as response:
        return response.status_code


async def media(world: World, url: str) -> object:
    async with world.client.open(url, headers={"Range": "bytes=5-9", "If-Range": '"x"'}) as response:
        return response.status_code


async def small(world: World, url: str) -> object:
    for kind in (KEY, PLAYLIST):
        async with world.client.open(url, kind=kind) as response:
            assert response.status_code
    return None


async def _fetch(world: World, stream: Stream) -> object:
    return await fetch(stream, world.work(), client=world.client, progress=Sink(), limits=LIMITS)


async def file(world: World, url: str) -> object:
    return await _fetch(world, Stream(url=url, protocol="http"))


async def sound(world: World, url: str) -> object:
    return await _fetch(world, Stream(url=world.page("x"), protocol="http", audio=Stream(url=url, protocol="http")))


async def fragments(world: World, url: str) -> object:
    return await _fetch(world, Stream(url=world.front.url, protocol="fragments", fragments=(Fragment(url=url),)))


async def subtitles(world: World, url: str) -> object:
    text = Subtitle(url=url, format="vtt", language="de")
    stream = Stream(url=world.page("x"), protocol="http", subtitles=(text,))
    return await fetch(
        stream,
        world.work(),
        client=world.client,
        progress=Sink(),
        limits=LIMITS,
        language="ja+de",
        subtitles=True,
    )


async def playlist(world: World, url: str) -> object:
    return await _fetch(world, Stream(url=url, protocol="hls"))


def _list(*lines: str) -> str:
    return "\n".join(["#EXTM3U", "#EXT-X-TARGETDURATION:2", "#EXT-X-PLAYLIST-TYPE:VOD", *lines, "#EXT-X-ENDLIST", ""])


async def segment(world: World, url: str) -> object:
    return await playlist(world, world.page(_list("#EXTINF:2,", url)))


async def key(world: World, url: str) -> object:
    lines = (f'#EXT-X-KEY:METHOD=AES-128,URI="{url}",IV=0x{1:032x}', "#EXTINF:2,", world.page("x"))
    return await playlist(world, world.page(_list(*lines)))


async def init_section(world: World, url: str) -> object:
    return await playlist(world, world.page(_list(f'#EXT-X-MAP:URI="{url}"', "#EXTINF:2,", world.page("x"))))


async def variant(world: World, url: str) -> object:
    return await playlist(world, world.page(f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{url}\n"))


async def rendition(world: World, url: str) -> object:
    video = world.page(_list("#EXTINF:2,", world.page("x")))
    audio = f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",DEFAULT=YES,URI="{url}"'
    return await playlist(world, world.page(f'#EXTM3U\n{audio}\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\n{video}\n'))


async def _through_the_proxy(world: World, first: str) -> object:
    parts = urlsplit(world.proxy.url)
    token = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    reader, writer = await asyncio.open_connection("127.0.0.1", world.proxy.port)
    try:
        writer.write(f"{first} HTTP/1.1\r\nProxy-Authorization: Basic {token}\r\n\r\n".encode("utf-8", "replace"))
        status = (await reader.read(65536)).split(b"\r\n")[0]
        if b" 200 " not in status and b" 302 " not in status:
            raise NetError(status.decode())
        return status
    finally:
        writer.transport.abort()


async def proxied(world: World, url: str) -> object:
    return await _through_the_proxy(world, f"GET {url}")


async def tunnelled(world: World, url: str) -> object:
    return await _through_the_proxy(world, f"CONNECT {url.partition('://')[2].partition('/')[0]}")


CLIENT: tuple[Way, ...] = (page, picture, form, head, media, small)
ENGINE: tuple[Way, ...] = (
    file, sound, fragments, subtitles, playlist, segment, key, init_section, variant, rendition,
)  # fmt: skip
PROXY: tuple[Way, ...] = (proxied, tunnelled)
FOLLOWING: tuple[Way, ...] = (page, picture, head, media, file, sound, fragments, subtitles, playlist, segment, key)


async def all_refused(world: World, way: Way, urls: list[str]) -> None:
    """None of them gets anywhere."""
    through = []
    for url in urls:
        with contextlib.suppress(AppError):
            await way(world, url)
            through.append(url)
    # A relative address means the host it stands at, which may be reached; nothing else comes through.
    assert [url for url in through if "://" in url and not url.startswith(world.front.url)] == []
    assert (world.caught.met, world.caught.wrong) == (0, [])


# --- the ways astray ------------------------------------------------------------------------------------------------


def test_there_are_enough() -> None:
    count = len(direct(8080))
    assert count >= 180
    ways = len(CLIENT) + len(ENGINE) + len(PROXY)
    assert count * (ways + len(FOLLOWING)) >= 500


@pytest.mark.parametrize("way", [*CLIENT, *ENGINE, *PROXY])
async def test_the_address_itself(world: World, way: Way) -> None:
    await all_refused(world, way, direct(world.caught.port))


@pytest.mark.parametrize("way", FOLLOWING)
async def test_a_redirect(world: World, way: Way) -> None:
    statuses = (301, 302, 303, 307, 308)
    urls = direct(world.caught.port)
    await all_refused(world, way, [world.leads_to(url, statuses[at % 5]) for at, url in enumerate(urls)])


@pytest.mark.parametrize("way", FOLLOWING)
async def test_the_last_of_several_redirects(world: World, way: Way) -> None:
    url = f"http://127.0.0.1:{world.caught.port}/"
    for _hop in range(5):
        url = world.leads_to(url)
    await all_refused(world, way, [url])


@pytest.mark.parametrize("way", FOLLOWING)
async def test_more_redirects_than_five(world: World, way: Way) -> None:
    url = world.page("x" * 16)
    for _hop in range(6):
        url = world.leads_to(url)
    await all_refused(world, way, [url])


@pytest.mark.parametrize("way", [*CLIENT, *ENGINE, *PROXY])
async def test_what_a_name_resolves_to(world: World, way: Way) -> None:
    """Alone, and among addresses that are in order, whatever their order."""
    wrong = [*PRIVATE_V4, *PRIVATE_V6, "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fe80::1"]
    answers = {f"n{at}.example": [address] for at, address in enumerate(wrong)}
    answers |= {f"m{at}.example": ["93.184.216.34", address] for at, address in enumerate(wrong)}
    answers |= {f"l{at}.example": [address, "93.184.216.34"] for at, address in enumerate(wrong)}
    answers |= {f"h{at}.example": ["93.184.216.34"] * 20 + [address] for at, address in enumerate(wrong[:3])}
    answers["nothing.example"] = []
    with names(lambda name, _times: answers[name]):
        await all_refused(world, way, [f"http://{name}:{world.caught.port}/" for name in answers])


@pytest.mark.parametrize("way", [*CLIENT, *ENGINE, *PROXY])
async def test_a_name_that_resolves_to_something_else_the_next_time(
    world: World, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is connected to is the address that was checked. 127.0.0.9 stands for one that is public."""
    public = "127.0.0.9"
    real = guard.is_public
    monkeypatch.setattr(guard, "is_public", lambda ip: str(ip) == public or real(ip))
    world.caught.allowed.add((public, world.caught.port))
    met = 0

    def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal met
        met += 1
        writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(accept, public, world.caught.port):
        # Every lookup is answered anew: a second one for the same connection would lead astray.
        with names(lambda _name, times: [public] if times % 2 == 0 else ["127.0.0.1"]):
            for at in range(6):
                with contextlib.suppress(AppError):
                    await way(world, f"http://flips{at % 3}.example:{world.caught.port}/")
    assert met >= 3
    assert (world.caught.met, world.caught.wrong) == (0, [])


@pytest.mark.parametrize("way", [page, media, file, playlist])
async def test_a_proxy_or_a_netrc_of_the_environment(
    world: World, way: Way, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\ndefault login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        for spelled in (name, name.lower()):
            monkeypatch.setenv(spelled, f"http://127.0.0.1:{world.caught.port}")
    async with HttpClient(allowed_hosts=lambda: {world.front.entry}) as client:
        world.client = client
        with contextlib.suppress(AppError):
            await way(world, world.page("#EXTM3U"))
    assert world.front.requests
    assert all("authorization" not in request.headers for request in world.front.requests)
    assert (world.caught.met, world.caught.wrong) == (0, [])


@pytest.mark.parametrize("way", [page, media, proxied])
async def test_a_listed_host_is_listed_with_its_port_and_spelling(world: World, way: Way) -> None:
    """The exact ``host:port``: not another port, not another name of the same machine."""
    assert await way(world, world.page("hello"))
    port = world.front.port
    others = [f"http://{name}:{port}/" for name in ("localhost", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "127.1")]
    await all_refused(world, way, others)


@pytest.mark.parametrize("way", [page, media])
async def test_a_host_that_is_listed_no_longer(tmp_path: Path, way: Way) -> None:
    """An open connection does not outlive the permission."""
    async with canaries() as caught, host(_hello) as front:
        listed = {front.entry}
        async with HttpClient(allowed_hosts=lambda: listed) as client, client.proxy(BUDGET) as proxy:
            world = World(front, caught, client, proxy, tmp_path)
            guard.PORTS |= {front.port}
            assert await way(world, front.url)
            listed.clear()
            with pytest.raises(NetError):
                await way(world, front.url)
            assert len(front.requests) == 1


async def _hello(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
