"""Who is asked for an episode, in which order, and what is told of those who did not deliver."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aniworld.catalog import service
from aniworld.catalog.errors import NotAtSourceError, SourceUnreachableError
from aniworld.catalog.service import Catalog
from aniworld.catalog.types import EpisodeRef, Subject
from aniworld.config.service import ConfigService
from aniworld.downloads import candidates as module
from aniworld.downloads.candidates import Candidate, Candidates, NothingCameError, something_comes
from aniworld.downloads.errors import AllHostersFailedError, HostRestingError, NoLinksError
from aniworld.downloads.fetch.errors import DiskError, DiskFullError, StalledError
from aniworld.downloads.progress import Meter
from aniworld.library.types import EpisodeSource, TargetDetails
from tests.catalog.shelves import DE, Shelves, black_hole, link, nobody, shelves
from tests.kit.net_host import Host, answer, host

REF = EpisodeRef(provider_key="one", season=1, episode=1)
VIDEO = answer(b"\0" * 100, content_type="video/mp4")


def target(*others: str) -> TargetDetails:
    return TargetDetails(
        provider="shelf",
        ref=REF,
        others=tuple(EpisodeSource(name, REF) for name in others),
        language=DE,
        series_key="one",
        series_name="One",
        folder="One",
        year=None,
        season=1,
        episode=1,
        title="",
        duration=None,
        taken=frozenset(),
    )


class Setting:
    def __init__(self, catalog: Catalog, shelves: Shelves, config: ConfigService, video: Host, hosts: set[str]) -> None:
        self.catalog, self.shelves, self.config, self.video = catalog, shelves, config, video
        self.hosts = hosts

    def made(self, *others: str) -> Candidates:
        return Candidates(self.catalog, target(*others), DE)


@pytest.fixture
async def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Setting]:
    monkeypatch.setattr(service, "SOON", 0.05)
    monkeypatch.setattr(service, "SHORTEST", 0.05)
    monkeypatch.setattr(module, "OTHER_SOURCE", 0.05)
    hosts: set[str] = set()
    async with host(VIDEO) as video:
        hosts.add(video.entry)
        async with shelves(tmp_path, "shelf", "attic", "cellar", allowed=lambda: frozenset(hosts)) as made:
            yield Setting(*made, video, hosts)


async def every(candidates: Candidates) -> list[Candidate]:
    async with contextlib.aclosing(candidates.all()) as streams:
        return [candidate async for candidate in streams]


async def first(candidates: Candidates) -> Candidate:
    async with contextlib.aclosing(candidates.all()) as streams:
        return await anext(streams)


def told(candidates: Candidates) -> list[tuple[str, str, str]]:
    return [(failure.source, failure.hoster, failure.error.code) for failure in candidates.failures]


@pytest.mark.parametrize("dead", ["refuses", "black hole", "never answers", "503", "page"])
async def test_a_dead_hoster_does_not_keep_the_next_one_waiting(setting: Setting, dead: str) -> None:
    async def never(*_: object) -> None:
        await asyncio.sleep(60)

    async with contextlib.AsyncExitStack() as stack:
        if dead == "refuses":
            entry = stack.enter_context(nobody())
        elif dead == "black hole":
            entry = stack.enter_context(black_hole())
        else:
            handler = {
                "never answers": never,
                "503": answer(b"", "503 Busy"),
                "page": answer(b"<html>", content_type="text/html"),
            }[dead]
            entry = (await stack.enter_async_context(host(handler))).entry
        setting.hosts.add(entry)
        setting.shelves.links["shelf"] = [link("Dead", f"http://{entry}/x"), link("Good", f"{setting.video.url}/x")]
        candidates = setting.made()
        async with asyncio.timeout(5):  # far less than any of the client's own limits
            found = await first(candidates)
    assert (found.source, found.link.hoster, found.stream.url) == ("shelf", "Good", f"{setting.video.url}/x")
    if dead not in ("black hole", "never answers"):
        assert [(source, hoster) for source, hoster, _ in told(candidates)] == [("shelf", "Dead")]


async def test_the_order_is_preference_times_health(setting: Setting) -> None:
    setting.shelves.links["shelf"] = [link(name, f"{setting.video.url}/{name}") for name in ("A", "B", "C")]
    await setting.config.patch("downloads", {"hosters": ["C", "B"]})
    assert [candidate.link.hoster for candidate in await every(setting.made())] == ["C", "B", "A"]
    for _ in range(3):
        setting.catalog.monitor.failed(Subject("hoster", "c"), error=SourceUnreachableError("gone"))
    assert [candidate.link.hoster for candidate in await every(setting.made())] == ["B", "A", "C"]
    await setting.config.patch("downloads", {"disabled_hosters": ["b"]})
    assert [candidate.link.hoster for candidate in await every(setting.made())] == ["A", "C"]


async def test_another_source_is_tried_last(setting: Setting) -> None:
    with nobody() as entry:
        setting.hosts.add(entry)
        setting.shelves.links |= {
            "shelf": [link("Dead", f"http://{entry}/x"), link("Good", f"{setting.video.url}/1")],
            "attic": [link("Good", f"{setting.video.url}/2")],
            "cellar": NotAtSourceError("not here"),
        }
        assert (await first(setting.made("attic"))).source == "shelf"
        assert setting.shelves.asked == ["shelf"]  # nobody else had to be asked
        candidates = setting.made("cellar", "attic")
        found = await every(candidates)
    assert [(candidate.source, candidate.stream.url[-1]) for candidate in found] == [("shelf", "1"), ("attic", "2")]
    assert [candidate.more for candidate in found] == [True, True]
    assert told(candidates) == [("shelf", "Dead", "source-unreachable"), ("cellar", "", "not-at-source")]
    error = candidates.why()
    assert isinstance(error, AllHostersFailedError)
    assert [(failure.source, failure.hoster) for failure in error.failures] == [("shelf", "Dead"), ("cellar", "")]


@pytest.mark.parametrize("said", [None, SourceUnreachableError("away"), []])
async def test_a_source_that_says_nothing_useful_is_passed_by(setting: Setting, said: object) -> None:
    setting.shelves.links |= {"shelf": said, "attic": [link("Good", f"{setting.video.url}/2")]}  # type: ignore[dict-item]
    async with asyncio.timeout(5):
        assert (await first(setting.made("attic"))).source == "attic"


async def test_when_only_the_source_failed_its_reason_is_told(setting: Setting) -> None:
    for said, code in ((SourceUnreachableError("away"), "source-unreachable"), ([], NoLinksError.code)):
        setting.shelves.links["shelf"] = said
        candidates = setting.made()
        assert await every(candidates) == []
        assert candidates.why().code == code


async def test_one_that_was_slow_comes_again_at_the_end(setting: Setting) -> None:
    setting.shelves.links["shelf"] = [link("A", f"{setting.video.url}/a"), link("B", f"{setting.video.url}/b")]
    candidates = setting.made()
    seen = []
    async with contextlib.aclosing(candidates.all()) as streams:
        async for candidate in streams:
            seen.append((candidate.link.hoster, candidate.more))
            if len(seen) == 1:
                candidates.later(candidate)
            else:
                candidates.failed(candidate, StalledError("nothing came"))
    assert seen == [("A", True), ("B", False), ("A", False)]


async def test_the_hoster_answers_for_what_is_its_doing_only(setting: Setting) -> None:
    setting.shelves.links["shelf"] = [link("A", f"{setting.video.url}/a")]
    candidates = setting.made()
    candidate = await first(candidates)
    for error in (StalledError("nothing"), DiskFullError("full"), HostRestingError("rests")):
        candidates.failed(candidate, error)
    outcomes = setting.catalog.monitor.health(Subject("hoster", "a")).outcomes
    assert [outcome.ok for outcome in outcomes] == [True, False]


async def test_when_only_the_disk_refused_that_is_the_reason(setting: Setting) -> None:
    setting.shelves.links["shelf"] = [link("A", f"{setting.video.url}/a"), link("B", f"{setting.video.url}/b")]
    candidates = setting.made()
    for candidate in await every(candidates):
        candidates.failed(candidate, DiskError("The file is too large for it"))
    assert candidates.why().code == "disk-error"
    candidates.failed(candidate, StalledError("nothing"))
    assert candidates.why().code == "all-hosters-failed"


async def test_an_address_that_waited_long_is_asked_for_again(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH", -1.0)
    setting.shelves.links["shelf"] = [link("A", f"{setting.video.url}/a")]
    assert (await first(setting.made())).stream.url.endswith("/a")
    assert len(setting.video.requests) == 2


async def test_in_a_hurry_something_must_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NOTHING_FOR", 0.02)
    meter = Meter()
    with pytest.raises(NothingCameError):
        async with something_comes(meter, hurry=True):
            await asyncio.sleep(60)
    async with something_comes(meter, hurry=True):
        meter.add(1)
        await asyncio.sleep(0.1)
    async with something_comes(meter, hurry=False):
        await asyncio.sleep(0.1)
    with pytest.raises(TimeoutError):  # of somebody else
        async with something_comes(meter, hurry=True), asyncio.timeout(0.0):
            await asyncio.sleep(60)
