"""All sources and hosters behind one door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aniworld.catalog.errors import NotAtSourceError, SourceUnreachableError, UnknownProviderError
from aniworld.catalog.service import Catalog
from aniworld.catalog.types import EpisodeRef, Language, Link
from aniworld.config.service import ConfigService
from aniworld.events.bus import EventBus
from aniworld.kit.net import HttpClient
from tests.catalog.site_host import PAGES, PROFILE, serve
from tests.kit.net_host import Host, Request, answer, host

EPISODE = EpisodeRef(provider_key="one", season=1, episode=1)


@pytest.fixture
async def site() -> AsyncIterator[Host]:
    async with host(serve(PAGES)) as serving:
        yield serving


@pytest.fixture
def config(tmp_path: Path) -> ConfigService:
    return ConfigService(tmp_path, EventBus())


@pytest.fixture
async def catalog(tmp_path: Path, site: Host, config: ConfigService) -> AsyncIterator[Catalog]:
    """A catalogue with one source that works; the others are the tests' own."""
    directory = tmp_path / "providers"
    directory.mkdir()
    describe(directory, "shelf", site.url)
    async with HttpClient(allowed_hosts=lambda: {site.entry, *config.current.providers.allowed_hosts}) as http:
        catalog = Catalog(directory, http, config)
        await catalog.load()
        yield catalog


def describe(directory: Path, name: str, url: str) -> None:
    profile = PROFILE.replace('"shelf"', f'"{name}"').replace("The Shelf", name.title())
    (directory / f"{name}.toml").write_text(profile.replace("http://shelf.example/", url))


async def test_one_failure_hides_no_other(catalog: Catalog, config: ConfigService, site: Host, tmp_path: Path) -> None:
    async def silent(_: Request, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with host(answer(b"", "500 Oh")) as broken, host(silent) as slow:
        await config.patch("providers", {"allowed_hosts": [broken.entry, slow.entry]})
        describe(tmp_path / "providers", "broken", broken.url)
        describe(tmp_path / "providers", "slow", slow.url)
        describe(tmp_path / "providers", "another", site.url)
        await catalog.load()
        await config.patch("providers", {"search_seconds": 1.0})
        answers = {answer.source: answer for answer in await catalog.search("one & two")}
    found = {name: [hit.provider_key for hit in answer.hits] for name, answer in answers.items() if answer.hits}
    assert found == {"another": ["one", "café/x"], "shelf": ["one", "café/x"]}
    failed = {name: answer.problem or "" for name, answer in answers.items() if not answer.hits}
    assert failed.keys() == {"broken", "slow"}
    assert "500" in failed["broken"]
    assert "did not answer within" in failed["slow"]


async def test_a_source_can_be_switched_off(catalog: Catalog, config: ConfigService) -> None:
    assert [source.name for source in catalog.providers()] == ["shelf"]
    await config.patch("providers", {"disabled": ["shelf"]})
    assert catalog.providers() == []
    assert await catalog.search("one & two") == []
    with pytest.raises(UnknownProviderError, match="switched off"):
        await catalog.series("shelf", "one")


async def test_unknown_sources(catalog: Catalog) -> None:
    for call in (
        catalog.search("x", provider="nobody"),
        catalog.series("nobody", "one"),
        catalog.links("nobody", EPISODE, Language("de")),
        catalog.cover("nobody", "http://x/"),
    ):
        with pytest.raises(UnknownProviderError):
            await call


async def test_hosters_come_in_the_order_of_preference(catalog: Catalog, config: ConfigService) -> None:
    async def hosters() -> list[str]:
        return [link.hoster for link in await catalog.links("shelf", EPISODE, Language("de"))]

    assert await hosters() == ["Alpha", "beta"]
    await config.patch("downloads", {"hosters": ["Beta"]})
    assert await hosters() == ["beta", "Alpha"]


async def test_profiles_are_read_again(catalog: Catalog, site: Host, tmp_path: Path) -> None:
    directory = tmp_path / "providers"
    describe(directory, "second", site.url)
    (directory / "twin.toml").write_text((directory / "second.toml").read_text())
    (directory / "wrong.toml").write_text("name = 1")
    (directory / "notes.txt").write_text("no profile")
    (directory / "folder.toml").mkdir()
    await catalog.load()
    assert [source.name for source in catalog.providers()] == ["second", "shelf"]
    assert sorted(problem.detail.partition(",")[0] for problem in catalog.problems) == ["twin.toml", "wrong.toml"]
    (directory / "shelf.toml").unlink()
    await catalog.load()
    with pytest.raises(UnknownProviderError):
        catalog.provider("shelf")


async def test_no_directory_is_no_source(tmp_path: Path, config: ConfigService) -> None:
    async with HttpClient(allowed_hosts=frozenset) as http:
        catalog = Catalog(tmp_path / "nowhere", http, config)
        await catalog.load()
        assert (catalog.providers(), catalog.problems) == ([], ())
        assert await catalog.search("x") == []


async def test_pictures_come_from_the_sources_own_hosts(catalog: Catalog, site: Host) -> None:
    async with host(answer(b"secret")) as canary:
        for url in (
            f"{canary.url}/x.jpg",
            "http://example.org/x.jpg",
            "file:///etc/passwd",
            "x",
            f"{site.url}@evil.example/",
        ):
            with pytest.raises(NotAtSourceError):
                await catalog.cover("shelf", url)
        assert canary.connections == 0
    with pytest.raises(NotAtSourceError):
        await catalog.cover("shelf", f"{site.url}/missing.jpg")
    assert site.requests[-1].target == "/missing.jpg"


async def test_a_link_that_no_adapter_knows(catalog: Catalog) -> None:
    with pytest.raises(NotAtSourceError):
        await catalog.resolve(Link(hoster="X", kind="carrier-pigeon", url="http://x/", language=Language("de")))


async def test_a_private_address_in_a_profile_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    async with host(answer(b"secret")) as canary:
        describe(tmp_path / "providers", "inside", canary.url)
        await catalog.load()
        with pytest.raises(SourceUnreachableError, match=r"is not allowed"):
            await catalog.series("inside", "one")
        assert canary.connections == 0
