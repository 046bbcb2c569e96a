"""Every source and hoster there is. A new one is a file beside the others and a line here."""

from __future__ import annotations

from typing import Any, Protocol

from aniworld.catalog.hoster import Hoster
from aniworld.catalog.hosters.direct import DirectHoster
from aniworld.catalog.hosters.hls import HlsHoster
from aniworld.catalog.profile import Profile
from aniworld.catalog.provider import Provider
from aniworld.catalog.providers.site import SiteProvider
from aniworld.catalog.tools import Tools
from aniworld.kit.net import HttpClient


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


HOSTERS = (DirectHoster, HlsHoster)
PROVIDERS: tuple[ProviderClass, ...] = (SiteProvider,)

ADAPTERS = frozenset(hoster.name for hoster in HOSTERS)
"""What ``[hosters]`` of a profile may lead to."""
KINDS: dict[str, type[Profile]] = {provider.kind: provider.profile for provider in PROVIDERS}
"""What a profile may look like, by its ``kind``."""


def make_hosters(client: HttpClient) -> dict[str, Hoster]:
    """One of each, by name."""
    return {hoster.name: hoster(client) for hoster in HOSTERS}


def make_provider(profile: Profile, tools: Tools) -> Provider:
    """The source that the profile describes."""
    return next(provider for provider in PROVIDERS if provider.kind == profile.kind)(profile, tools)
