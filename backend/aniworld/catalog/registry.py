"""Every source and hoster there is. A new one is a file beside the others and a line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from aniworld.catalog.errors import InvalidPluginError
from aniworld.catalog.hoster import Hoster
from aniworld.catalog.hosters.direct import DirectHoster
from aniworld.catalog.hosters.hls import HlsHoster
from aniworld.catalog.hosters.ytdlp import YtdlpHoster
from aniworld.catalog.profile import Profile
from aniworld.catalog.provider import Provider
from aniworld.catalog.providers.archive import ArchiveProvider
from aniworld.catalog.providers.index import IndexProvider
from aniworld.catalog.providers.jellyfin import JellyfinProvider
from aniworld.catalog.providers.site import SiteProvider
from aniworld.catalog.providers.ytdlp import YtdlpProvider
from aniworld.catalog.tools import Tools


class ProviderClass(Protocol):
    """A kind of source."""

    @property
    def kind(self) -> str:
        """What ``kind`` in a profile says."""
        ...

    @property
    def profile(self) -> type[Profile]:
        """What the rest of the profile must look like."""
        ...

    def __call__(self, profile: Any, tools: Tools, /) -> Provider:
        """The source that the profile describes."""
        ...


class HosterClass(Protocol):
    """A hoster adapter."""

    @property
    def name(self) -> str:
        """What ``Link.kind`` says."""
        ...

    def __call__(self, tools: Tools, /) -> Hoster:
        """The adapter."""
        ...


HOSTERS: tuple[HosterClass, ...] = (DirectHoster, HlsHoster, YtdlpHoster)
PROVIDERS: tuple[ProviderClass, ...] = (SiteProvider, IndexProvider, ArchiveProvider, JellyfinProvider, YtdlpProvider)


@dataclass(frozen=True, slots=True)
class Registry:
    """What there is: our own kinds, and those of installed packages (``plugins.installed``)."""

    providers: tuple[ProviderClass, ...] = PROVIDERS
    hosters: tuple[HosterClass, ...] = HOSTERS
    problems: tuple[InvalidPluginError, ...] = ()
    """Packages that offered something that cannot be used."""

    @property
    def adapters(self) -> frozenset[str]:
        """What ``[hosters]`` of a profile may lead to."""
        return frozenset(hoster.name for hoster in self.hosters)

    @property
    def kinds(self) -> dict[str, type[Profile]]:
        """What a profile may look like, by its ``kind``."""
        return {provider.kind: provider.profile for provider in self.providers}

    def make_hosters(self, tools: Tools) -> dict[str, Hoster]:
        """One of each, by name."""
        return {hoster.name: hoster(tools) for hoster in self.hosters}

    def make_provider(self, profile: Profile, tools: Tools) -> Provider:
        """The source that the profile describes. Raises ``InvalidPluginError``."""
        return next(provider for provider in self.providers if provider.kind == profile.kind)(profile, tools)
