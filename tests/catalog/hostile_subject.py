"""The process that 50 hostile bodies are let loose on: asks for each, and tells how it bore it.

Started by ``test_hostile_bodies`` with the address of the hostile site and the names of its bodies; writes one JSON
object. Everything runs as in the server: one event loop, one client, one reader.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from aniworld.catalog import profile as profiles
from aniworld.catalog.errors import from_net
from aniworld.catalog.hosters.hls import HlsHoster
from aniworld.catalog.pages import reader
from aniworld.catalog.pages.profile import SiteProfile
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.providers.site import SiteProvider
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import Language, Link
from aniworld.kit.errors import AppError
from aniworld.kit.net import IMAGE, HttpClient
from aniworld.kit.net.errors import NetError
from aniworld.metadata import artwork


def status(name: str) -> int:
    """A line of the kernel's account of this process, in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


class Watch:
    """Notes for how long nobody else was let run.

    Of a gap only what this process spent computing counts: on a busy machine it may also have stood still for others.
    """

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        while True:
            began, used = time.monotonic(), time.process_time()
            await asyncio.sleep(0.005)
            self.longest = max(self.longest, min(time.monotonic() - began, time.process_time() - used))


async def ask(name: str, base: str, work: Path, tools: Tools) -> str:
    """Ask for one body as the program would; how it ended."""
    kind = name.partition("-")[0]
    try:
        if kind == "picture":
            try:
                data = await tools.client.get_bytes(f"{base}/{name}", kind=IMAGE)
            except NetError as error:
                raise from_net(error, name) from error
            await asyncio.to_thread(artwork.encode, "poster", data)
        elif kind == "playlist":
            link = Link(hoster="x", kind="hls", url=f"{base}/{name}", language=Language("de"))
            await HlsHoster(tools).resolve(link)
        else:
            profile = profiles.load(work / f"{kind}.toml", {"site": SiteProfile}, base_url=base)
            await SiteProvider(profile, tools).search(name)
    except AppError as error:
        return f"{type(error).__name__}: {error.detail}"[:200]
    return "answered"


async def main(base: str, work: Path, names: list[str], at_once: int) -> None:
    """Ask for what is harmless first: what that loads is not growth."""
    reader.CHILD_SECONDS = 4.0  # nobody has to wait for it here
    watch = Watch()
    ends: dict[str, str] = {}
    marks: dict[str, str] = {}
    async with HttpClient(allowed_hosts=lambda: {base.removeprefix("http://")}) as client:
        tools = Tools(client, Reader())
        for name in names:
            if name.endswith("-harmless"):
                ends[name] = await ask(name, base, work, tools)
        watching = asyncio.create_task(watch.run())
        # From here on, the highest mark is a new one.
        Path("/proc/self/clear_refs").write_text("5")
        before = status("VmRSS")
        places = asyncio.Semaphore(at_once)

        async def one(name: str) -> None:
            async with places:
                began = time.monotonic()
                ends[name] = await ask(name, base, work, tools)
                grown = (status("VmHWM") - before) / 1024
                marks[name] = f"+{grown:.1f} MiB, {watch.longest * 1000:.0f} ms, {time.monotonic() - began:.1f} s"

        hostile = [name for name in names if not name.endswith("-harmless")]
        await asyncio.gather(*map(one, hostile))
        watching.cancel()
    report = {
        "ends": ends,
        "marks": marks,
        "grown": (status("VmHWM") - before) / 1024,
        "stall": watch.longest,
        "child": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[4:], int(sys.argv[3])))
