"""Every source and hoster there is. A new one is a file beside the others and a line here."""

from __future__ import annotations

from aniworld.catalog.hoster import Hoster
from aniworld.catalog.hosters.direct import DirectHoster
from aniworld.catalog.hosters.hls import HlsHoster
from aniworld.catalog.pages.reader import Reader
from aniworld.catalog.profile import Profile
from aniworld.catalog.provider import Provider
from aniworld.catalog.providers.site import SiteProvider
from aniworld.kit.net import HttpClient

HOSTERS = (DirectHoster, HlsHoster)
PROVIDERS = (SiteProvider,)

ADAPTERS = frozenset(hoster.name for hoster in HOSTERS)
"""What ``[hosters]`` of a profile may lead to."""


def make_hosters(client: HttpClient) -> dict[str, Hoster]:
    """One of each, by name."""
    return {hoster.name: hoster(client) for hoster in HOSTERS}


def make_provider(profile: Profile, client: HttpClient, reader: Reader) -> Provider:
    """The source that the profile describes."""
    kinds = {provider.kind: provider for provider in PROVIDERS}
    return kinds[profile.kind](profile, client, reader)
