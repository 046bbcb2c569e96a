"""fanart.tv: pictures only, by the id of TheTVDB, with the user's own key. Numbers come as texts; 404 means no art.

Facts: https://api.fanart.tv, version 3.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from aniworld.config.schemas import MetadataSection
from aniworld.metadata.errors import NotAtServiceError, ServiceKeyError, ServiceOffError
from aniworld.metadata.sources.line import Line
from aniworld.metadata.sources.reading import Node
from aniworld.metadata.types import (
    Candidate,
    IdKind,
    Picture,
    PictureKind,
    Service,
    ServiceSeason,
    ServiceSeries,
    Wanted,
)

DAY = 24 * 3600.0
MOST_PICTURES = 60
"""Of one field."""
_CHECKED = "79481"
"""A series that has been there for long."""

_KINDS: dict[str, PictureKind] = {
    "tvposter": "poster", "seasonposter": "poster", "showbackground": "fanart", "hdtvlogo": "logo",
    "clearlogo": "logo", "tvbanner": "banner", "seasonbanner": "banner", "tvthumb": "thumb", "seasonthumb": "thumb",
}  # fmt: skip
"""Players show no other kinds of ours."""
_SIZES: dict[str, tuple[int, int]] = {
    "hdtvlogo": (800, 310), "clearlogo": (400, 155), "showbackground": (1920, 1080), "tvposter": (1000, 1426),
    "seasonposter": (1000, 1426), "tvbanner": (1000, 185), "seasonbanner": (1000, 185), "tvthumb": (1000, 562),
    "seasonthumb": (1000, 562),
}  # fmt: skip


class Fanart:
    """See the module."""

    service: Service = "fanart"
    title = "fanart.tv"
    homepage = "https://fanart.tv"
    attribution = ""
    needs_key = True
    searches = False

    def __init__(self, line: Line, address: str, section: Callable[[], MetadataSection]) -> None:
        self.line = line
        self._address = address
        self._section = section

    @property
    def enabled(self) -> bool:
        """Whether the user wants it."""
        return self._section().fanart

    @property
    def ready(self) -> bool:
        """Wanted, and there is a key."""
        return self.enabled and self._section().fanart_key is not None

    async def search(self, wanted: Wanted) -> list[Candidate]:
        """It cannot be searched."""
        return []

    async def series(self, id: str, ids: Mapping[IdKind, str], *, fresh: bool = False) -> ServiceSeries:
        """The pictures of the series that TheTVDB knows by ``id``, or by ``ids["tvdb"]``."""
        tvdb = id or ids.get("tvdb", "")
        if not re.fullmatch(r"[1-9][0-9]{0,9}", tvdb):
            raise NotAtServiceError("fanart.tv goes by the id of TheTVDB, which is not known")
        raw = None if fresh else await self.line.known(tvdb)
        if raw is None:
            raw = await self.line.once(tvdb, lambda: self._fetch(tvdb))
        return _series(Node(raw), tvdb)

    async def order(self, id: str, order: str) -> tuple[ServiceSeason, ...]:
        """It knows no episodes."""
        raise NotAtServiceError("fanart.tv knows no episodes")

    async def check(self) -> None:
        """Ask for one series."""
        await self._send(_CHECKED, check=True)

    async def _fetch(self, tvdb: str) -> object:
        try:
            answer = await self._send(tvdb)
        except NotAtServiceError:
            await self.line.keep(tvdb, None, 7 * DAY)
            raise
        await self.line.keep(tvdb, answer, DAY)
        return answer

    async def _send(self, tvdb: str, *, check: bool = False) -> object:
        secret = self._section().fanart_key
        if secret is None:
            raise ServiceOffError("fanart.tv has no key; enter one in Settings → Metadata")
        headers = {"api-key": secret}
        return await self.line.send(
            f"{self._address}/tv/{tvdb}", headers=headers, key=secret, refused=_refused, check=check
        )


def _refused(status: int, raw: object) -> Exception | None:
    return ServiceKeyError() if status in (401, 403) else None


def _series(node: Node, tvdb: str) -> ServiceSeries:
    return ServiceSeries(
        service="fanart",
        id=tvdb,
        ids={"tvdb": tvdb},
        titles=(node.title("name"),) if node.title("name") else (),
        pictures=tuple(picture for field, kind in _KINDS.items() for picture in _pictures(node, field, kind)),
    )


def _pictures(node: Node, field: str, kind: PictureKind) -> list[Picture]:
    pictures = []
    for image in list(node.nodes(field))[:MOST_PICTURES]:
        season = image.title("season")
        number = image.whole("season", most=9999)
        if field.startswith("season") and number is None and season != "all":
            continue  # of which season is not said
        if url := image.url("url"):
            width, height = _SIZES[field]
            language = image.title("lang")
            pictures.append(
                Picture(
                    kind=kind,
                    url=url,
                    language=language if re.fullmatch(r"[a-z]{2}", language) and language != "00" else None,
                    width=image.whole("width", least=1, most=100_000) or width,
                    height=image.whole("height", least=1, most=100_000) or height,
                    score=float(image.whole("likes", most=10**9) or 0),
                    season=number if field.startswith("season") else None,
                    service="fanart",
                )
            )
    return pictures
