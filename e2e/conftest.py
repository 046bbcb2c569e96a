"""The built SPA in a real browser, through the real backend, on the sample source."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from aniworld.sample import Layout, SampleSource, install_profile

PASSWORD = "correct horse battery"
SCREENSHOTS = Path(__file__).parents[1] / "test-results" / "screenshots"
AXE = Path(__file__).parents[1] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
THROTTLE = 400_000


class SourceThread:
    """The sample source in a thread of its own: the browser's driver holds this one."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.source: SampleSource | None = None

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        async with SampleSource(self._cache, seconds=10, throttle=THROTTLE) as self.source:
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> SampleSource:
        self._thread.start()
        assert self._ready.wait(20)
        assert self.source is not None
        return self.source

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleSource]:
    """The sample source, one for all tests."""
    with SourceThread(tmp_path_factory.mktemp("clips")) as source:
        yield source


@dataclass(frozen=True)
class Live:
    """A server that nobody has set up yet."""

    url: str
    setup_url: str
    code: str
    anime: Path


@pytest.fixture
def layouts() -> tuple[Layout, ...]:
    """How the sample source looks: each is a source of its own. A file of tests may want more."""
    return ("profile",)


@pytest.fixture
def live(source: SampleSource, layouts: tuple[Layout, ...], tmp_path: Path) -> Iterator[Live]:
    """``aniworld serve`` on empty data, with the sample source installed."""
    data, anime = tmp_path / "data", tmp_path / "anime"
    data.mkdir()
    anime.mkdir()
    for layout in layouts:
        install_profile(data / "providers", source.url, layout)
    config = {
        "version": 1,
        "providers": {"allowed_hosts": [f"127.0.0.1:{source.port}"]},
        "metadata": {"anilist": False},
    }
    (data / "config.json").write_text(json.dumps(config))
    process = subprocess.Popen(
        [sys.executable, "-m", "aniworld", "serve", "--port", "0", "--data-dir", str(data), "--log-level", "warning"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    found: dict[str, str] = {}
    for line in process.stdout:
        for name, pattern in (("url", r"runs at (\S+)"), ("setup", r"up at (\S+)"), ("code", r"setup code: (\S+)")):
            if match := re.search(pattern, line):
                found[name] = match.group(1)
        if len(found) == 3:
            break
    try:
        yield Live(url=found["url"], setup_url=found["setup"], code=found["code"], anime=anime)
    finally:
        process.terminate()
        status = process.wait(15)
        process.stdout.close()
        assert status == 0


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The system's Chromium where there is one."""
    path = os.environ.get("ANIWORLD_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-quic", "--disable-background-networking"]
    return {"args": arguments, **({"executable_path": path} if path else {})}


@pytest.fixture(params=["desktop", "phone"])
def size(request: pytest.FixtureRequest) -> str:
    """The size of the window."""
    name: str = request.param
    return name


@pytest.fixture
def window(browser: Browser, size: str, live: Live) -> Iterator[BrowserContext]:
    """A browser window of that size; fails the test when the page asks another host or throws."""
    context = browser.new_context(
        viewport=SIZES[size],  # type: ignore[arg-type]
        has_touch=size == "phone",
        is_mobile=size == "phone",
        locale="en-GB",
        base_url=live.url,
    )
    foreign: list[str] = []
    context.on(
        "request", lambda r: foreign.append(r.url) if not r.url.startswith((live.url, "data:", "blob:")) else None
    )
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert foreign == []
    assert errors == []


@pytest.fixture
def page(window: BrowserContext) -> Page:
    """A fresh page in that window."""
    return window.new_page()


def check_accessibility(page: Page) -> None:
    """Axe finds nothing against WCAG 2.2 AA on the page as it is."""
    # What is fading in or out is not what anybody reads. What goes on for ever is not waited for.
    page.evaluate(
        "async () => { await Promise.allSettled(document.getAnimations()"
        ".filter(a => a.effect.getTiming().iterations !== Infinity).map(a => a.finished)) }"
    )
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "async () => (await axe.run(document, {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']}))"
        ".violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(', '))"
    )
    assert found == []


def screenshot(page: Page, name: str, size: str) -> None:
    """Keep a picture for the eye."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{size}.png")
