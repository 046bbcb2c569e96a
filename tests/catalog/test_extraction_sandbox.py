"""There is no way around the proxy, and nothing else to be done, in the process that runs yt-dlp."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from aniworld.catalog.errors import CatalogError
from aniworld.catalog.extraction.client import Extractor
from aniworld.kit.net.errors import NetError
from tests.kit.net_host import Request, answer, client, host, redirect
from tests.kit.ssrf import canaries

HEAD = """
import json, sys
from aniworld.catalog.extraction import sandbox
from aniworld.catalog.extraction.taming import tame
from aniworld.catalog.extraction.types import ResolveJob
from aniworld.catalog.extraction.worker import _options
sandbox.without_other_clients()
import ctypes, os, pathlib, socket, subprocess, urllib.request, http.client, shutil, tempfile, ftplib
import yt_dlp
from yt_dlp.networking.common import Request
tame(yt_dlp)
port, canary = int(sys.argv[1]), int(sys.argv[2])
sandbox.close(("127.0.0.1", port))
ydl = yt_dlp.YoutubeDL(_options(ResolveJob(url="http://x/", proxy=f"http://a:b@127.0.0.1:{port}")))
HERE = f"http://127.0.0.1:{canary}/"
told = {}
"""
TAIL = """
for name, attempt in ATTEMPTS.items():
    try:
        attempt()
        told[name] = "done"
    except BaseException as error:
        told[name] = type(error).__name__
print(json.dumps(told))
"""
WAYS_OUT = """
def tcp(address, family=socket.AF_INET):
    with socket.socket(family) as made:
        made.settimeout(2)
        made.connect(address)
def udp(send):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        send(made)
ATTEMPTS = {
    "socket": lambda: tcp(("127.0.0.1", canary)),
    "socket-ex": lambda: 1 / (socket.socket().connect_ex(("127.0.0.1", canary)) != 0),
    "another name": lambda: tcp(("localhost", canary)),
    "v6": lambda: tcp(("::1", canary), socket.AF_INET6),
    "create_connection": lambda: socket.create_connection(("127.0.0.1", canary), 2),
    "proxy's port elsewhere": lambda: tcp(("127.0.0.2", port)),
    "unix": lambda: tcp("/run/x.sock", socket.AF_UNIX),
    "udp": lambda: udp(lambda made: made.sendto(b"x", ("127.0.0.1", canary))),
    "udp-connect": lambda: udp(lambda made: made.connect(("127.0.0.1", canary))),
    "listen": lambda: socket.create_server(("127.0.0.1", 0)),
    "resolve": lambda: socket.getaddrinfo("localhost", 80),
    "resolve-old": lambda: socket.gethostbyname("localhost"),
    "urllib": lambda: urllib.request.build_opener(urllib.request.ProxyHandler({})).open(HERE, timeout=2),
    "http.client": lambda: http.client.HTTPConnection("127.0.0.1", canary, timeout=2).request("GET", "/"),
    "ftp": lambda: ydl.urlopen(f"ftp://127.0.0.1:{canary}/x"),
    "ftplib": lambda: ftplib.FTP("127.0.0.1"),
    "extractor's own proxy": lambda: ydl.urlopen(Request(HERE, proxies={"all": HERE})),
    "extractor without a proxy": lambda: ydl.urlopen(Request(HERE, proxies={"all": None, "http": None})),
    "extractor's no_proxy": lambda: ydl.urlopen(Request(HERE, proxies={"no": "*"})),
    "socks": lambda: ydl.urlopen(Request(HERE, proxies={"all": f"socks5://127.0.0.1:{canary}"})),
    "websocket": lambda: ydl.urlopen(f"ws://127.0.0.1:{canary}/"),
    "file": lambda: ydl.urlopen("file:///etc/passwd"),
}
"""
OTHER_DEEDS = """
ATTEMPTS = {
    "curl_cffi": lambda: __import__("curl_cffi"),
    "requests": lambda: __import__("requests"),
    "websockets": lambda: __import__("websockets"),
    "subprocess": lambda: subprocess.run(["true"]),
    "system": lambda: os.system("true"),
    "popen": lambda: os.popen("true").read(),
    "fork": os.fork,
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "shell": lambda: yt_dlp.utils.Popen.run(["true"]),
    "write": lambda: open("/tmp/aniworld-never", "w"),
    "append": lambda: pathlib.Path("/tmp/aniworld-never").open("a"),
    "temporary": lambda: tempfile.NamedTemporaryFile(),
    "remove": lambda: os.remove("/tmp/aniworld-never"),
    "mkdir": lambda: os.mkdir("/tmp/aniworld-never"),
    "download": lambda: ydl.dl("/tmp/aniworld-never", {"url": HERE, "ext": "mp4", "protocol": "http"}),
    "memory": lambda: bytearray(2 * 1024**3),
}
"""


async def attempts(code: str, canary: int) -> dict[str, str]:
    """What becomes of each, in a process like the worker; its proxy is one that nobody runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-c",
        HEAD + code + TAIL,
        "1",
        str(canary),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate()
    assert process.returncode == 0, error.decode()[-2000:]
    told: dict[str, str] = json.loads(out)
    return told


async def test_no_way_around_the_proxy() -> None:
    async with canaries() as caught:
        told = await attempts(WAYS_OUT, caught.port)
        assert {name: what for name, what in told.items() if what == "done"} == {}
        assert len(told) == 22
        assert caught.met == 0


async def test_nothing_else_can_be_done() -> None:
    async with canaries() as caught:
        told = await attempts(OTHER_DEEDS, caught.port)
        assert {name: what for name, what in told.items() if what == "done"} == {}
        assert len(told) == 17
        assert caught.met == 0


@pytest.mark.parametrize(
    "content",
    [
        '<iframe src="{canary}/embed"></iframe><video><source src="{canary}/x.m3u8"></video>',
        '<video><source src="{canary}/x.mpd" type="application/dash+xml"></video>',
        '<meta http-equiv="refresh" content="0; url={canary}/">',
        '<meta property="og:video" content="{canary}/x.m3u8"><meta property="og:title" content="x">',
        '<script type="application/ld+json">{{"@type":"VideoObject","contentUrl":"{canary}/x.m3u8"}}</script>',
        '<link rel="alternate" type="application/json+oembed" href="{canary}/oembed">',
        '<video src="/away"></video>',
        '<video><source src="/away.m3u8" type="application/x-mpegURL"></video>',
    ],
)
async def test_a_page_that_leads_astray(content: str) -> None:
    """What yt-dlp fetches itself; what it only names is for the engine to refuse."""
    async with canaries() as caught:
        there = f"http://127.0.0.1:{caught.port}"

        async def serve(request: Request, writer: asyncio.StreamWriter) -> None:
            if request.target.startswith("/away"):
                await redirect(f"{there}{request.target}")(request, writer)
            else:
                body = f"<html><title>x</title><body>{content.format(canary=there)}</body></html>"
                await answer(body.encode(), Content_Type="text/html")(request, writer)

        async with host(serve) as front, client(front) as http:
            with pytest.raises((CatalogError, NetError)):
                stream = await Extractor(http).resolve(f"{front.url}/watch", "Alpha", max_height=None, language=None)
                async with http.open(stream.url) as response:
                    assert response.status_code
                raise AssertionError(stream)
        assert caught.met == 0
