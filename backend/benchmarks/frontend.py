"""What the pages cost in a browser: headless Chromium, its processor four times as slow. Prints figures.

    python -m benchmarks.frontend [--rounds 3] [--series 10000] [--queue 5000] [--seconds 60] [--only load,use,memory]

``load``    JavaScript and style sheets that the login and the library take (KiB, compressed, nothing in the cache), the
            largest paint, and how much the page moves while it comes
``use``     from a key or a click to the next paint, on a library and a queue of that many: typing, filters, scrolling
``memory``  what scripts hold after so many seconds with 20 events a second, beside what they held before
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from sqlalchemy import insert

from aniworld.db.base import new_id
from aniworld.db.engine import Database
from aniworld.downloads.models import Download
from aniworld.kit.clock import now
from aniworld.library.models import Series
from benchmarks.queue import queue_item
from benchmarks.server import PASSWORD, Server, serving

SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
SLOWER = 4
WORDS = "Moon River Garden Star Blade Winter Song Tower Glass Paper Ocean Clock Fox Rain Lantern Echo".split()
CHUNK = 500

WATCH = """
window.seen = {paint: 0, moved: 0, waits: []};
new PerformanceObserver(list => { for (const e of list.getEntries()) seen.paint = e.startTime })
  .observe({type: 'largest-contentful-paint', buffered: true});
new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) seen.moved += e.value })
  .observe({type: 'layout-shift', buffered: true});
new PerformanceObserver(list => { for (const e of list.getEntries()) if (e.interactionId) seen.waits.push(e.duration) })
  .observe({type: 'event', buffered: true, durationThreshold: 16});
"""
"""Follows what the browser measures by itself."""


async def fill(url: str, series: int, queue: int) -> None:
    """A library and a queue of that many."""
    db = Database(url)
    moment = now()
    try:
        for start in range(0, series, CHUNK):
            async with db.write() as session:
                await session.execute(insert(Series), [_series(n) for n in range(start, min(series, start + CHUNK))])
        for start in range(0, queue, CHUNK):
            rows = [queue_item(n, moment) for n in range(start, min(queue, start + CHUNK))]
            async with db.write() as session:
                await session.execute(insert(Download), rows)
    finally:
        await db.close()


def _series(number: int) -> dict[str, Any]:
    name = f"{WORDS[number % 16]} {WORDS[number // 16 % 16]} {number}"
    return {
        "id": new_id(),
        "key": f"series-{number}",
        "name": name,
        "name_folded": name.lower(),
        "provider": "sample",
        "provider_key": f"series-{number}",
        "folder": name,
        "folder_folded": name.lower(),
        "year": 1980 + number % 45,
        "total_episodes": 24,
        "downloaded_episodes": 24 - number % 3,
        "missing_episodes": number % 3,
        "loading_status": "completed",
        "episodes_loaded": True,
        "created_at": now(),
        "updated_at": now(),
    }


@asynccontextmanager
async def window(browser: Browser, server: Server, size: str, *, known: bool) -> AsyncIterator[Page]:
    """A slow browser with nothing in its cache; ``known``: somebody has logged in.

    Without the service worker: what passes through one is counted as large as it is unpacked.
    """
    context: BrowserContext = await browser.new_context(
        viewport=SIZES[size],  # type: ignore[arg-type]
        base_url=server.url,
        service_workers="block",
    )
    await context.add_init_script(WATCH)
    if known:
        answer = await context.request.post(
            "/api/auth/login", data=json.dumps({"password": PASSWORD}), headers={"Content-Type": "application/json"}
        )
        assert answer.ok
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    try:
        yield page
    finally:
        await context.close()


async def loaded(browser: Browser, server: Server, size: str, path: str, wait: str) -> dict[str, float]:
    """One first load."""
    async with window(browser, server, size, known=path != "/login") as page:
        await page.goto(path)
        await page.locator(wait).first.wait_for()
        await page.wait_for_timeout(2500)
        taken = await page.evaluate(
            "performance.getEntriesByType('resource').filter(e => /\\.(js|css)$/.test(new URL(e.name).pathname))"
            ".reduce((sum, e) => sum + e.encodedBodySize, 0)"
        )
        seen = await page.evaluate("seen")
        return {"kib": taken / 1024, "paint_ms": seen["paint"], "moved": seen["moved"]}


async def load(browser: Browser, server: Server, rounds: int) -> dict[str, Any]:
    """First loads of the login and the library, at both sizes."""
    figures = {}
    for size in SIZES:
        for path, wait in (("/login", "input[type=password]"), ("/library", "[data-series]")):
            runs = [await loaded(browser, server, size, path, wait) for _ in range(rounds)]
            figures[f"{path[1:]} {size}"] = {
                name: round(statistics.median(run[name] for run in runs), 3) for name in runs[0]
            }
    return figures


async def use(browser: Browser, server: Server, _rounds: int) -> dict[str, Any]:
    """The longest wait for the next paint, and the jumps, of what people do most."""
    figures = {}
    for size in SIZES:
        async with window(browser, server, size, known=True) as page:
            await page.goto("/library")
            await page.locator("[data-series]").first.wait_for()
            field = page.locator("main input[type=search]")
            await field.click()
            await page.keyboard.type("winter song", delay=90)
            await page.wait_for_timeout(1000)
            await field.fill("")
            await page.wait_for_timeout(800)
            for _ in range(12):
                await page.mouse.wheel(0, 3000)
                await page.wait_for_timeout(120)
            await page.keyboard.press("End")
            await page.wait_for_timeout(800)
            figures[f"library {size}"] = await _waits(page)
        async with window(browser, server, size, known=True) as page:
            await page.goto("/queue")
            await page.get_by_role("heading", level=2).first.wait_for()
            for _ in range(12):
                await page.mouse.wheel(0, 3000)
                await page.wait_for_timeout(120)
            for _ in range(10):
                await page.keyboard.press("Tab")
            await page.wait_for_timeout(800)
            figures[f"queue {size}"] = await _waits(page)
    return figures


async def _waits(page: Page) -> dict[str, float]:
    seen = await page.evaluate("seen")
    waits = sorted(seen["waits"]) or [0]
    elements = await page.evaluate("document.getElementsByTagName('*').length")
    return {
        "longest_ms": waits[-1],
        "median_ms": statistics.median(waits),
        "moved": round(seen["moved"], 4),
        "elements": elements,
    }


async def memory(browser: Browser, server: Server, seconds: int) -> dict[str, Any]:
    """MiB that scripts hold, before and after: what goes on growing is lost."""
    async with window(browser, server, "desktop", known=True) as page:
        session = await page.context.new_cdp_session(page)
        await page.goto("/queue")
        await page.get_by_role("heading", level=2).first.wait_for()
        held = []
        begin = asyncio.get_running_loop().time()
        # The first part fills caches.
        for part in (seconds / 5, seconds / 2, seconds):
            while asyncio.get_running_loop().time() < begin + part:
                await _twenty_events(server)
            await session.send("HeapProfiler.collectGarbage")
            held.append((await session.send("Runtime.getHeapUsage"))["usedSize"] / 2**20)
        return {f"after {part} s": round(mib, 2) for part, mib in zip(("a fifth", "half", seconds), held, strict=True)}


async def _twenty_events(server: Server) -> None:
    """A second's worth: switching the queue off and on tells everybody."""
    for call in ("pause", "resume") * 10:
        await server.client.post(f"/api/queue/{call}", json={})
        await asyncio.sleep(0.05)


async def measure(only: list[str], rounds: int, series: int, queue: int, seconds: int) -> dict[str, Any]:
    """All that was asked for, on one server."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as directory:
        async with serving(Path(directory)) as server, async_playwright() as playwright:
            await fill(f"sqlite+aiosqlite:///{directory}/data/aniworld.db", series, queue)
            path = os.environ.get("ANIWORLD_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
            browser = await playwright.chromium.launch(
                executable_path=path,
                args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"],
            )
            if "load" in only:
                figures["load"] = await load(browser, server, rounds)
            if "use" in only:
                figures["use"] = await use(browser, server, rounds)
            if "memory" in only:
                figures["memory"] = await memory(browser, server, seconds)
            await browser.close()
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--queue", type=int, default=5_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", default="load,use,memory")
    given = parser.parse_args()
    figures = asyncio.run(measure(given.only.split(","), given.rounds, given.series, given.queue, given.seconds))
    print(json.dumps({"load_average": os.getloadavg()[0], **figures}, indent=2))


if __name__ == "__main__":
    main()
