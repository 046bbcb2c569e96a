"""Sources and hosters from installed packages: the template that is shipped, and packages that do not behave."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aniworld.catalog import plugins
from aniworld.catalog.errors import CatalogError, InvalidPluginError, NotAtSourceError, SourceChangedError
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.profile import Profile
from aniworld.catalog.registry import HOSTERS, PROVIDERS
from aniworld.catalog.service import Catalog
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import Artwork, EpisodeInfo, EpisodeRef, Language, Link, SeasonInfo, SeriesHit
from aniworld.config.service import ConfigService
from aniworld.events.bus import EventBus
from aniworld.kit.net import HttpClient
from tests.architecture.tree import ROOT

TEMPLATE = ROOT / "docs" / "plugin-template"

PROVIDER = """
import asyncio, datetime, sys
from typing import Literal
from aniworld.catalog.errors import NotAtSourceError
from aniworld.catalog.profile import Profile
from aniworld.catalog.types import *
from aniworld.kit.net.errors import TimedOutError

class OddProfile(Profile, frozen=True):
    kind: Literal["odd"] = "odd"

class Odd:
    api = 1
    kind = "odd"
    profile = OddProfile
    name = "something else"
    title = "<b>Else</b>"

    def __init__(self, profile, tools):
        pass

    def owns(self, url):
        return url.startswith("https://odd.example/")

    async def search(self, query):
        return []

    async def series(self, provider_key):
        return SeriesInfo(provider_key="other", name="One")

    async def links(self, episode, language):
        return []
"""
HOSTER = """
from aniworld.catalog.types import Stream

class OddHoster:
    api = 1
    name = "odd"

    def __init__(self, tools):
        pass

    async def resolve(self, link):
        return Stream(url=link.url + "/file", protocol="http")
"""

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package into a folder of its own that Python looks into, as an installer would."""
    before = set(sys.modules)

    def put(name: str, code: str, **entries: str) -> Path:
        site = tmp_path / "site" / name
        info = site / f"{name}-1.2.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}.py").write_text(code)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        lines = [f"[aniworld.{group}]\nit = {name}:{attribute}\n" for group, attribute in entries.items()]
        (info / "entry_points.txt").write_text("".join(lines))
        monkeypatch.syspath_prepend(str(site))
        return site

    yield put
    for name in set(sys.modules) - before:
        if "tmp" in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


async def source(install: Install, changed: str = "", *, title: str = "Odd") -> plugins.BoxedProvider:
    """The odd source, with the methods that a test gives it."""
    install("odd", PROVIDER + changed, providers="Odd")
    registry = plugins.installed()
    assert registry.problems == ()
    profile = registry.kinds["odd"](name="mine", title=title, kind="odd")
    async with HttpClient(allowed_hosts=frozenset) as client:
        made = registry.make_provider(profile, Tools(client, Reader()))
    assert isinstance(made, plugins.BoxedProvider)
    return made


# --- the template ---------------------------------------------------------------------------------------------------


def test_the_template_is_a_package_that_works(tmp_path: Path) -> None:
    build = f"import hatchling.build as b; print(b.build_wheel({str(tmp_path)!r}))"
    built = subprocess.run([sys.executable, "-c", build], cwd=TEMPLATE, capture_output=True, text=True, check=True)
    site = tmp_path / "site"
    with zipfile.ZipFile(tmp_path / built.stdout.strip().splitlines()[-1]) as wheel:
        wheel.extractall(site)
    assert (site / "aniworld_example" / "provider.py").exists()
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "tests"],
        cwd=TEMPLATE,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout


# --- loading --------------------------------------------------------------------------------------------------------


def test_a_package_adds_to_what_there_is(install: Install) -> None:
    install("odd", PROVIDER, providers="Odd")
    install("odd_hoster", HOSTER, hosters="OddHoster")
    registry = plugins.installed()
    assert [provider.kind for provider in registry.providers] == [*(ours.kind for ours in PROVIDERS), "odd"]
    assert registry.adapters == {*(ours.name for ours in HOSTERS), "odd"}
    assert issubclass(registry.kinds["odd"], Profile)
    assert registry.problems == ()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise RuntimeError('no luck')", "cannot be imported: RuntimeError: no luck"),
        ("import sys; sys.exit(3)", "cannot be imported: SystemExit: 3"),
        ("import nowhere_at_all", "cannot be imported: ModuleNotFoundError"),
        ("this is no Python", "cannot be imported: SyntaxError"),
        ("Other = 1", "cannot be imported: AttributeError"),
        ("Odd = 1", "is no class"),
        (PROVIDER.replace("api = 1", "api = 2"), "is written for version 2 of the contract, and this is 1"),
        (PROVIDER.replace("api = 1", ""), "is written for version None"),
        (PROVIDER.replace('kind = "odd"\n', 'kind = "Odd One"\n'), "kind must be a lower-case word, not 'Odd One'"),
        (PROVIDER.replace('kind = "odd"\n', "kind = 7\n"), "kind must be a lower-case word, not 7"),
        (PROVIDER.replace('kind = "odd"\n', 'kind = "site"\n'), "'site' is taken by Aniworld itself"),
        (PROVIDER.replace("profile = OddProfile", "profile = dict"), "profile is no subclass"),
        (PROVIDER.replace("async def series", "def series"), "has no async method series"),
        (PROVIDER.replace("def owns", "def own"), "has no method owns"),
    ],
)
def test_what_does_not_keep_the_contract_is_left_out(install: Install, code: str, reason: str) -> None:
    install("bad", code, providers="Odd")
    install("odd_hoster", HOSTER, hosters="OddHoster")
    registry = plugins.installed()
    assert registry.providers == PROVIDERS
    (problem,) = registry.problems
    assert problem.detail.startswith("bad 1.2 (bad:Odd): ")
    assert reason in problem.detail
    assert "odd" in registry.adapters  # the other package does not suffer


def test_the_first_of_two_packages_keeps_the_name(install: Install) -> None:
    install("zebra", HOSTER, hosters="OddHoster")
    install("alpaca", HOSTER, hosters="OddHoster")
    registry = plugins.installed()
    assert [problem.detail for problem in registry.problems] == [
        "zebra 1.2 (zebra:OddHoster): 'odd' is taken by alpaca 1.2"
    ]


def test_what_this_program_can_write_is_never_code(install: Install, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    site = install("bad", f"open({str(touched)!r}, 'w').close()\n{PROVIDER}", providers="Odd")
    link = tmp_path / "data"
    link.symlink_to(site.parent)
    registry = plugins.installed([link])
    (problem,) = registry.problems
    assert "lies where this program can write" in problem.detail
    assert not touched.exists()


async def test_a_source_that_cannot_be_made_is_left_out(install: Install, tmp_path: Path) -> None:
    install("odd", PROVIDER.replace("pass", "raise ValueError(profile.name)", 1), providers="Odd")
    directory = tmp_path / "providers"
    directory.mkdir()
    (directory / "mine.toml").write_text('kind = "odd"\nname = "mine"\ntitle = "Mine"\n')
    async with HttpClient(allowed_hosts=frozenset) as client:
        catalog = Catalog(directory, client, ConfigService(tmp_path, EventBus()), plugins.installed())
        await catalog.load()
    assert catalog.providers() == []
    (problem,) = catalog.problems
    assert isinstance(problem, InvalidPluginError)
    assert problem.detail == "odd 1.2 cannot make a source of mine"


async def test_a_profile_that_throws_when_it_is_checked(install: Install, tmp_path: Path) -> None:
    install(
        "odd",
        PROVIDER.replace(
            'kind: Literal["odd"] = "odd"', 'kind: Literal["odd"] = "odd"\n    def problems(self, _): 1 / 0'
        ),
        providers="Odd",
    )
    directory = tmp_path / "providers"
    directory.mkdir()
    (directory / "mine.toml").write_text('kind = "odd"\nname = "mine"\ntitle = "Mine"\n')
    async with HttpClient(allowed_hosts=frozenset) as client:
        catalog = Catalog(directory, client, ConfigService(tmp_path, EventBus()), plugins.installed())
        await catalog.load()
    assert [problem.detail for problem in catalog.problems] == ["mine.toml cannot be checked: ZeroDivisionError"]


# --- the boxes ------------------------------------------------------------------------------------------------------


async def test_name_and_title_are_the_profiles_own(install: Install) -> None:
    made = await source(install, title="Mine")
    assert (made.name, made.title) == ("mine", "Mine")
    assert made.owns("https://odd.example/x.jpg")
    assert not made.owns("https://elsewhere.example/")
    assert (await made.series("one")).provider_key == "one"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("1 / 0", "failed with ZeroDivisionError"),
        ("sys.exit(1)", "failed with SystemExit"),
        ("raise RecursionError", "failed with RecursionError"),
        ("return None", "failed with ValidationError"),
        ("return [1, 2]", "failed with ValidationError"),
        ("return [SeriesHit(provider_key=1, name=2)]", "failed with ValidationError"),
        ("return object()", "failed with TypeError"),
        ("raise TimedOutError('too slow')", "Odd cannot be asked: too slow"),
        ("await asyncio.sleep(60)", "did not answer within"),
    ],
)
async def test_mistakes_stay_in_the_box(
    install: Install, monkeypatch: pytest.MonkeyPatch, body: str, reason: str
) -> None:
    monkeypatch.setattr(plugins, "CALL_SECONDS", 0.2)
    made = await source(install, f"\n    async def search(self, query):\n        {body}\n")
    with pytest.raises(CatalogError) as caught:
        await made.search("x")
    assert reason in caught.value.detail
    assert not caught.value.permanent


async def test_errors_of_the_contract_pass(install: Install) -> None:
    made = await source(install, "\n    async def series(self, key):\n        raise NotAtSourceError('gone')\n")
    with pytest.raises(NotAtSourceError, match="gone"):
        await made.series("x")


async def test_owns_that_throws_owns_nothing(install: Install) -> None:
    made = await source(install, "\n    def owns(self, url):\n        1 / 0\n")
    assert not made.owns("https://odd.example/")


async def test_answers_are_made_harmless(install: Install) -> None:
    made = await source(
        install,
        """
    async def search(self, query):
        other, script = ("S\\x00",) * 3, "javascript:alert(1)"
        name = " A\\u202e <script>\\n B "
        good = SeriesHit(provider_key="a", name=name, year=99999, cover_url=script, synonyms=other)
        bad = [SeriesHit(provider_key=key, name="x") for key in ("", "../..", "a\\nb", "x" * 201)]
        return [good, *bad, SeriesHit(provider_key="b", name="\\u200b"), good] + [
            SeriesHit(provider_key=str(number), name="x") for number in range(1000)
        ]

    async def series(self, key):
        if key == "many":
            episodes = tuple(EpisodeInfo(season=1, episode=number) for number in range(5001))
            return SeriesInfo(provider_key=key, name="x", seasons=(SeasonInfo(season=1, episodes=episodes),))
        if key == "nameless":
            return SeriesInfo(provider_key=key, name="\\u202e")
        odd = EpisodeInfo(
            season=7, episode=2, title="T\\x00", absolute=-1, aired=datetime.date(1, 1, 1), duration=1e300,
            languages=("de", "de", "xx yy", "ja+de"),
        )
        return SeriesInfo(
            provider_key=key, name="N", year=-5, genres=("g", "g", ""), description="d" * 50000, site="file:///etc",
            artwork=Artwork(poster="file:///etc/passwd", logo="https://odd.example/l.png"),
            seasons=(
                SeasonInfo(season=0), SeasonInfo(season=1, episodes=(odd, odd, EpisodeInfo(season=1, episode=-1))),
                SeasonInfo(season=10**9),
            ),
        )

    async def links(self, episode, language):
        urls = ("https://odd.example/1", "ftp://odd.example/1", "", "https://user:pw@odd.example/")
        return [Link(hoster="H", kind="direct", url=url, language=language) for url in urls] + [
            Link(hoster="H", kind="direct", url="https://odd.example/2", language="fr")
        ]
""",
    )
    hits = await made.search("x")
    assert len(hits) == 100
    assert hits[:2] == [
        SeriesHit(provider_key="a", name="A <script> B", synonyms=("S",)),
        SeriesHit(provider_key="0", name="x"),
    ]
    series = await made.series("one")
    assert (series.year, series.genres, series.site, len(series.description)) == (None, ("g",), "", 10_000)
    assert series.artwork == Artwork(logo="https://odd.example/l.png")
    languages = (Language("de"), Language("ja+de"))
    assert series.seasons == (
        SeasonInfo(season=1, episodes=(EpisodeInfo(season=1, episode=2, title="T", languages=languages),)),
        SeasonInfo(season=0),
    )
    for key in ("many", "nameless"):
        with pytest.raises(SourceChangedError):
            await made.series(key)
    ref = EpisodeRef(provider_key="one", season=1, episode=2)
    assert [link.url for link in await made.links(ref, Language("de"))] == ["https://odd.example/1"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise ValueError(link.url)", "odd_hoster 1.2 failed with ValueError"),
        ("return link", "failed with ValidationError"),
        ("return Stream(url='file:///etc/passwd', protocol='http')", "failed with ValidationError"),
        ("return Stream(url='http://me:secret@x.example/', protocol='http')", "no address of the web"),
        ("return Stream(url='https://x.example/', protocol='ftp')", "failed with ValidationError"),
    ],
)
async def test_a_hoster_that_fails(install: Install, body: str, reason: str) -> None:
    install(
        "odd_hoster",
        HOSTER.replace('return Stream(url=link.url + "/file", protocol="http")', body),
        hosters="OddHoster",
    )
    async with HttpClient(allowed_hosts=frozenset) as client:
        hoster = plugins.installed().make_hosters(Tools(client, Reader()))["odd"]
    with pytest.raises(CatalogError) as caught:
        await hoster.resolve(Link(hoster="H", kind="odd", url="https://odd.example/secret", language=Language("de")))
    assert reason in caught.value.detail
    assert "secret" not in caught.value.detail


async def test_a_hoster_that_cannot_be_made_fails_alone(install: Install) -> None:
    install("odd_hoster", HOSTER.replace("pass", "1 / 0"), hosters="OddHoster")
    async with HttpClient(allowed_hosts=frozenset) as client:
        hosters = plugins.installed().make_hosters(Tools(client, Reader()))
    assert {"direct", "hls"} < set(hosters)
    with pytest.raises(CatalogError, match="failed with ZeroDivisionError"):
        await hosters["odd"].resolve(Link(hoster="H", kind="odd", url="https://x.example/", language=Language("de")))
