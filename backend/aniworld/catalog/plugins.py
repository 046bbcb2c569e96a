"""Sources and hosters from installed packages, by entry points. Each is checked when it is loaded and boxed for life.

Whoever installs a package trusts its code as much as ours: it runs in this process. What is held off here is mistakes:
a package that cannot be imported, that does not keep the contract, that throws, hangs or answers nonsense harms nothing
but itself. A package that lies where this program can write is not loaded at all.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from aniworld.catalog import answers
from aniworld.catalog.errors import CatalogError, InvalidPluginError, SourceChangedError, from_net
from aniworld.catalog.hoster import Hoster
from aniworld.catalog.profile import Profile
from aniworld.catalog.provider import Provider
from aniworld.catalog.registry import HOSTERS, PROVIDERS, HosterClass, ProviderClass, Registry
from aniworld.catalog.tools import Tools
from aniworld.catalog.types import EpisodeRef, Language, Link, SeriesHit, SeriesInfo, Stream
from aniworld.kit.net.errors import NetError

log = logging.getLogger(__name__)

API = 1
"""Version of the contract: the Protocols, their types, ``Profile`` and ``Tools``. A class names it as ``api``."""
PROVIDER_GROUP = "aniworld.providers"
HOSTER_GROUP = "aniworld.hosters"
CALL_SECONDS = 60.0
"""For one call of a plug-in, whatever it does."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")

T = TypeVar("T")


def installed(writable: Iterable[Path] = ()) -> Registry:
    """Our own kinds and those of the installed packages. Imports them: not for the event loop.

    What lies below one of ``writable`` is refused: nothing that this program can write becomes code.
    """
    writable = [path.resolve() for path in writable]
    problems: list[InvalidPluginError] = []
    providers = {ours.kind: ours for ours in PROVIDERS}
    hosters = {ours.name: ours for ours in HOSTERS}
    found = entry_points()  # looks into every installed package: once will do
    for entry in _sorted(found.select(group=PROVIDER_GROUP)):
        try:
            provider = _provider(entry, writable)
            _refuse_clash(entry, provider.kind, providers)
            providers[provider.kind] = provider
        except InvalidPluginError as error:
            problems.append(error)
    for entry in _sorted(found.select(group=HOSTER_GROUP)):
        try:
            hoster = _hoster(entry, writable)
            _refuse_clash(entry, hoster.name, hosters)
            hosters[hoster.name] = hoster
        except InvalidPluginError as error:
            problems.append(error)
    for problem in problems:
        log.warning("A plug-in is left out: %s", problem.detail)
    return Registry(tuple(providers.values()), tuple(hosters.values()), tuple(problems))


# --- loading --------------------------------------------------------------------------------------------------------


def _sorted(found: Iterable[EntryPoint]) -> list[EntryPoint]:
    return sorted(found, key=lambda entry: (_package(entry), entry.name))


def _provider(entry: EntryPoint, writable: list[Path]) -> ProviderClass:
    found = _load(entry, writable)
    _check_name(entry, "kind", getattr(found, "kind", None))
    profile = getattr(found, "profile", None)
    if not (isinstance(profile, type) and issubclass(profile, Profile)):
        raise _invalid(entry, "its profile is no subclass of aniworld.catalog.profile.Profile")
    _check_methods(entry, found, ("search", "series", "links"))
    if not callable(getattr(found, "owns", None)):
        raise _invalid(entry, "it has no method owns")
    return BoxedProviderClass(found, _package(entry))


def _hoster(entry: EntryPoint, writable: list[Path]) -> HosterClass:
    found = _load(entry, writable)
    _check_name(entry, "name", getattr(found, "name", None))
    _check_methods(entry, found, ("resolve",))
    return BoxedHosterClass(found, _package(entry))


def _load(entry: EntryPoint, writable: list[Path]) -> Any:
    if entry.dist is not None:
        place = Path(str(entry.dist.locate_file(""))).resolve()
        if any(place.is_relative_to(path) for path in writable):
            raise _invalid(entry, "it lies where this program can write")
    try:
        found = entry.load()
    except (Exception, SystemExit) as error:
        log.debug("%s cannot be imported", _package(entry), exc_info=True)
        raise _invalid(entry, f"it cannot be imported: {type(error).__name__}: {error}") from error
    if not inspect.isclass(found):
        raise _invalid(entry, "it is no class")
    if (api := getattr(found, "api", None)) != API or isinstance(api, bool):
        raise _invalid(entry, f"it is written for version {api!r} of the contract, and this is {API}")
    return found


def _check_name(entry: EntryPoint, what: str, name: object) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _invalid(entry, f"its {what} must be a lower-case word, not {name!r}")


def _check_methods(entry: EntryPoint, found: type, names: Iterable[str]) -> None:
    missing = [name for name in names if not inspect.iscoroutinefunction(getattr(found, name, None))]
    if missing:
        raise _invalid(entry, f"it has no async method {' and '.join(missing)}")


def _refuse_clash(entry: EntryPoint, name: str, taken: dict[str, Any]) -> None:
    if name in taken:
        owner = getattr(taken[name], "package", "Aniworld itself")
        raise _invalid(entry, f"{name!r} is taken by {owner}")


def _invalid(entry: EntryPoint, reason: str) -> InvalidPluginError:
    return InvalidPluginError(f"{_package(entry)} ({entry.value}): {reason}"[:500])


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else "An unknown package"


# --- the boxes ------------------------------------------------------------------------------------------------------


class BoxedProviderClass:
    """A kind of source from a package."""

    def __init__(self, made_from: Any, package: str) -> None:
        self.kind: str = made_from.kind
        self.profile: type[Profile] = made_from.profile
        self.package = package
        self._class = made_from

    def __call__(self, profile: Profile, tools: Tools, /) -> Provider:
        """The source. Raises ``InvalidPluginError`` where it cannot be made."""
        try:
            return BoxedProvider(self._class(profile, tools), profile, self.package)
        except Exception as error:
            log.exception("%s cannot make the source %s", self.package, profile.name)
            raise InvalidPluginError(f"{self.package} cannot make a source of {profile.name}") from error


class BoxedHosterClass:
    """A hoster from a package."""

    def __init__(self, made_from: Any, package: str) -> None:
        self.name: str = made_from.name
        self.package = package
        self._class = made_from

    def __call__(self, tools: Tools, /) -> Hoster:
        """The hoster; one that cannot be made says so whenever it is asked."""
        try:
            return BoxedHoster(self._class(tools), self.name, self.package)
        except Exception as error:
            log.exception("%s cannot make its hoster", self.package)
            return BoxedHoster(_Broken(error), self.name, self.package)


class BoxedProvider:
    """A source from a package: every call is limited in time, every answer checked, every mistake one of ours."""

    def __init__(self, inner: Any, profile: Profile, package: str) -> None:
        self._inner = inner
        self._profile = profile
        self._package = package

    @property
    def name(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def title(self) -> str:
        """The profile's title."""
        return self._profile.title

    def owns(self, url: str) -> bool:
        """Whether the source says so; no where it throws."""
        try:
            return self._inner.owns(url) is True
        except Exception:
            log.exception("%s failed", self._package)
            return False

    async def search(self, query: str) -> list[SeriesHit]:
        """What the source finds."""
        return answers.hits(await self._ask(lambda: self._inner.search(query), list[SeriesHit]))

    async def series(self, provider_key: str) -> SeriesInfo:
        """What the source tells about the series."""
        info = await self._ask(lambda: self._inner.series(provider_key), SeriesInfo)
        return answers.series(msgspec.structs.replace(info, provider_key=provider_key), self.title)

    async def links(self, episode: EpisodeRef, language: Language) -> list[Link]:
        """Where the source has the episode in that language."""
        found = await self._ask(lambda: self._inner.links(episode, language), list[Link])
        return [link for link in answers.links(found) if link.language == language]

    async def _ask(self, call: Callable[[], Awaitable[object]], type_: type[T]) -> T:
        return await _boxed(call, type_, self.title, self._package)


class BoxedHoster:
    """A hoster from a package."""

    def __init__(self, inner: Any, name: str, package: str) -> None:
        self._inner = inner
        self._name = name
        self._package = package

    @property
    def name(self) -> str:
        """As the package's class says."""
        return self._name

    async def resolve(self, link: Link) -> Stream:
        """The stream behind the link."""
        stream = await _boxed(lambda: self._inner.resolve(link), Stream, link.hoster, self._package)
        if answers.address(stream.url) is None:
            raise SourceChangedError(f"{link.hoster}: {self._package} answered with no address of the web")
        return stream


class _Broken:
    """Stands in for a hoster whose class throws."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def resolve(self, _: Link) -> Stream:
        raise self._error


async def _boxed(call: Callable[[], Awaitable[object]], type_: type[T], who: str, package: str) -> T:
    """The answer, of the type that it should have."""
    deadline = asyncio.timeout(CALL_SECONDS)
    try:
        async with deadline:
            answer = await call()
        # A struct takes whatever it is made of: only what has gone through plain data is of its type.
        return msgspec.convert(msgspec.to_builtins(answer), type_)
    except CatalogError:
        raise
    except NetError as error:
        raise from_net(error, who) from error
    except (Exception, SystemExit) as error:
        if deadline.expired():
            raise CatalogError(f"{who}: {package} did not answer within {CALL_SECONDS:g} s") from error
        log.exception("%s failed", package)
        raise CatalogError(f"{who}: {package} failed with {type(error).__name__}") from error
