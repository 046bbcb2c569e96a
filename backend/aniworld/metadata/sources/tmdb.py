"""TMDB, version 3 of its API: with the user's own key. One entry holds all seasons.

Facts: https://developer.themoviedb.org/docs. Up to 20 further questions ride on one request (``append_to_response``);
``language`` also chooses the pictures unless ``include_image_language`` says otherwise. What it says may be kept for
half a year. Films are not looked for yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from aniworld.config.schemas import MetadataSection
from aniworld.metadata import match
from aniworld.metadata.errors import NotAtServiceError, ServiceError, ServiceKeyError, ServiceOffError
from aniworld.metadata.sources import tmdb_reading as reading
from aniworld.metadata.sources.line import Line
from aniworld.metadata.sources.reading import Node
from aniworld.metadata.types import Candidate, IdKind, Service, ServiceSeason, ServiceSeries, Wanted

DAY = 24 * 3600.0
APPENDED = 20
SEASONS_TOGETHER = 12
"""In one answer: a season of 100 episodes with its staff is some hundred KB."""
MOST_SEASONS = 120
MOST_TITLES = 3
LOOKED_INTO = 3
"""Results of a search whose other titles are asked for where none fits."""
MOST_LANGUAGES = 3
_ANIMATION = 16
_ALL = "external_ids,images,alternative_titles,content_ratings,aggregate_credits,translations,episode_groups,keywords"


class Tmdb:
    """See the module."""

    service: Service = "tmdb"
    title = "TMDB"
    homepage = "https://www.themoviedb.org"
    attribution = (
        "This product uses TMDB and the TMDB APIs but is not endorsed, certified, or otherwise approved by TMDB."
    )
    needs_key = True
    searches = True

    def __init__(self, line: Line, address: str, pictures: str, section: Callable[[], MetadataSection]) -> None:
        self.line = line
        self._address = address
        self._pictures = pictures
        self._section = section

    @property
    def enabled(self) -> bool:
        """Whether the user wants it."""
        return self._section().tmdb

    @property
    def ready(self) -> bool:
        """Wanted, and there is a key."""
        return self.enabled and self._section().tmdb_key is not None

    async def search(self, wanted: Wanted) -> list[Candidate]:
        """What is known under one of the titles, rated. Ids of TheTVDB or IMDb are asked for first."""
        found: dict[str, Candidate] = {}
        for kind in ("tvdb", "imdb"):
            if (known := wanted.ids.get(kind)) and re.fullmatch(r"(tt)?[0-9]{1,12}", known):
                raw = await self._get(f"/find/{known}", {"external_source": f"{kind}_id"})
                if exact := [self._candidate(node) for node in raw.nodes("tv_results")]:
                    ours = Wanted(titles=wanted.titles, ids={"tmdb": exact[0].id})
                    return match.rated(ours, exact[:1])
        for name in list(dict.fromkeys(wanted.titles))[:MOST_TITLES]:
            query = {"query": name[:200], "include_adult": "false", "language": self._section().languages[0]}
            nodes = [node for node in (await self._get("/search/tv", query)).nodes("results") if node.id("id")]
            drawn = [node for node in nodes if _ANIMATION in node.wholes("genre_ids")]
            for node in (drawn or nodes)[:10]:
                candidate = self._candidate(node)
                found.setdefault(candidate.id, candidate)
            if match.sure(match.rated(wanted, found.values())):
                break
        else:
            for candidate in match.rated(wanted, found.values())[:LOOKED_INTO]:
                found[candidate.id] = await self._looked_into(candidate)
        return match.rated(wanted, found.values())

    async def series(self, id: str, ids: Mapping[IdKind, str], *, fresh: bool = False) -> ServiceSeries:
        """All about one series, in the first of the user's languages that says something."""
        _check(id)
        languages = self._languages()
        parameters = {
            "language": languages[0],
            "append_to_response": _ALL,
            "include_image_language": ",".join(self._picture_languages()),
        }
        whole = await self._get(f"/tv/{id}", parameters, fresh=fresh)
        numbers = [
            number
            for season in whole.nodes("seasons")
            if (number := season.whole("season_number", most=9999)) is not None
        ][:MOST_SEASONS]
        seasons: dict[int, ServiceSeason] = {}
        for language in languages:
            silent = [number for number in numbers if not reading.is_complete(seasons.get(number))]
            for start in range(0, len(silent), SEASONS_TOGETHER):
                several = silent[start : start + SEASONS_TOGETHER]
                for season in await self._seasons(id, several, language, fresh=fresh):
                    seasons[season.season] = reading.filled(seasons.get(season.season), season)
        ordered = tuple(seasons[number] for number in sorted(seasons))
        return reading.series(whole, ordered, languages, self._pictures)

    async def order(self, id: str, order: str) -> tuple[ServiceSeason, ...]:
        """An episode group: its groups are the seasons."""
        _check(id)
        if not re.fullmatch(r"[0-9a-f]{8,64}", order):
            raise NotAtServiceError("TMDB has no such order")
        whole = await self._get(f"/tv/episode_group/{order}", {"language": self._languages()[0]})
        return reading.group(whole, self._pictures)

    async def check(self) -> None:
        """Ask whether the key is accepted."""
        await self._send("/configuration", {}, check=True)

    # --- inside -------------------------------------------------------------------------------------------------

    async def _seasons(self, id_: str, numbers: Sequence[int], language: str, *, fresh: bool) -> list[ServiceSeason]:
        appended = [f"season/{number}" for number in numbers]
        parameters = {"language": language, "append_to_response": ",".join(appended)}
        raw = await self._get(f"/tv/{id_}", parameters, fresh=fresh)
        found = (reading.season(raw.node(name), self._pictures) for name in appended)
        return [season for season in found if season is not None]

    async def _looked_into(self, candidate: Candidate) -> Candidate:
        parameters = {"language": self._languages()[0], "append_to_response": "alternative_titles,translations"}
        raw = await self._get(f"/tv/{candidate.id}", parameters)
        return reading.known_better(candidate, raw)

    def _candidate(self, node: Node) -> Candidate:
        return reading.candidate(node, self._pictures)

    async def _get(self, path: str, parameters: Mapping[str, str], *, fresh: bool = False) -> Node:
        key = f"{path}?{urlencode(sorted(parameters.items()))}"
        raw = None if fresh else await self.line.known(key)
        if raw is not None:
            return Node(raw)

        async def ask() -> object:
            try:
                answer = await self._send(path, parameters)
            except NotAtServiceError:
                await self.line.keep(key, None, DAY)
                raise
            await self.line.keep(key, answer, DAY)
            return answer

        return Node(await self.line.once(key, ask))

    async def _send(self, path: str, parameters: Mapping[str, str], *, check: bool = False) -> object:
        secret = self._section().tmdb_key
        if secret is None:
            raise ServiceOffError("TMDB has no key; enter one in Settings → Metadata")
        asked = dict(parameters)
        headers: dict[str, str] = {}
        if re.fullmatch(r"[0-9a-fA-F]{32}", secret):
            asked["api_key"] = secret  # the older kind of key goes into the address
        else:
            headers["Authorization"] = f"Bearer {secret}"
        url = f"{self._address}{path}?{urlencode(asked)}" if asked else f"{self._address}{path}"
        return await self.line.send(url, headers=headers, key=secret, refused=_refused, check=check)

    def _languages(self) -> list[str]:
        """Of texts: the user's, then English, which TMDB has most of."""
        return list(dict.fromkeys([*self._section().languages, "en"]))[:MOST_LANGUAGES]

    def _picture_languages(self) -> list[str]:
        section = self._section()
        wanted = [language.partition("-")[0] for language in section.picture_languages or section.languages]
        return list(dict.fromkeys([*wanted, "en", "ja", "null"]))


def _check(id_: str) -> None:
    if not re.fullmatch(r"[1-9][0-9]{0,9}", id_):
        raise NotAtServiceError(f"TMDB has no series {id_[:40]!r}")


def _refused(status: int, raw: object) -> Exception | None:
    """TMDB says with ``status_code`` what is wrong: 3, 7 and 10 are of the key, 6 and 34 that there is nothing."""
    if 200 <= status < 300:
        return None
    answer = Node(raw)
    code, said = answer.whole("status_code"), answer.title("status_message")[:200]
    if status == 401 or code in (3, 7, 10):
        return ServiceKeyError()
    if status == 404 and code in (6, 34):
        return NotAtServiceError("TMDB does not have that")
    return ServiceError(f"TMDB: {said}") if said and status != 404 else None
