"""AniList: GraphQL at one address, without a key. What waits for its turn goes out together in one request.

Facts: https://docs.anilist.co. Limits come with every answer; errors may come with status 200; 403 means that the API
is switched off. One entry is one season, or one half of it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aniworld.config.schemas import MetadataSection
from aniworld.metadata import match
from aniworld.metadata.errors import NotAtServiceError, ServiceError
from aniworld.metadata.sources.line import Line
from aniworld.metadata.sources.reading import Node
from aniworld.metadata.types import (
    Candidate,
    Format,
    IdKind,
    Person,
    Picture,
    Rating,
    Related,
    Relation,
    Service,
    ServiceEpisode,
    ServiceSeason,
    ServiceSeries,
    Wanted,
)

DAY = 24 * 3600.0
SEARCH_TOGETHER = 6
FETCH_TOGETHER = 5
"""Questions in one request: AniList refuses those that are too complex (then each half is tried)."""
MOST_TITLES = 3
"""Titles of one series that are searched for until one fits."""

_SHORT = (
    "id idMal title{romaji english native} synonyms format episodes isAdult "
    "startDate{year month day} seasonYear coverImage{medium extraLarge}"
)
_FULL = _SHORT + (
    " status duration endDate{year month day} description(asHtml:false) bannerImage genres averageScore"
    " tags{name rank isMediaSpoiler isGeneralSpoiler} studios(isMain:true){nodes{name}}"
    " relations{edges{relationType(version:2) node{id type format episodes title{romaji english} startDate{year}}}}"
    " characters(sort:[ROLE,RELEVANCE],perPage:15)"
    "{edges{node{name{full}} voiceActors(language:JAPANESE){name{full} image{large}}}}"
    " nextAiringEpisode{airingAt episode} airingSchedule(perPage:50){nodes{airingAt episode}}"
)
_FORMATS: dict[str, Format] = {
    "TV": "tv", "TV_SHORT": "tv", "MOVIE": "movie", "OVA": "ova", "ONA": "ona", "SPECIAL": "special",
}  # fmt: skip
_RELATIONS: dict[str, Relation] = {
    "PREQUEL": "prequel", "SEQUEL": "sequel", "PARENT": "parent", "SIDE_STORY": "side_story",
    "ALTERNATIVE": "alternative", "SUMMARY": "summary",
}  # fmt: skip
_ONGOING = {"RELEASING": True, "NOT_YET_RELEASED": True, "HIATUS": True, "FINISHED": False, "CANCELLED": False}
_SPOILER = re.compile(r"~!.*?!~", re.DOTALL)
_SOURCE = re.compile(r"\s*\((?:Source|Written by)[^()]{0,200}\)\s*$")
_JAPAN = dt.timezone(dt.timedelta(hours=9))


class _TooComplex(NotAtServiceError):
    """The service knows the questions and wants fewer at a time."""


class AniList:
    """See the module."""

    service: Service = "anilist"
    title = "AniList"
    homepage = "https://anilist.co"
    attribution = ""
    needs_key = False
    searches = True

    def __init__(self, line: Line, address: str, section: Callable[[], MetadataSection]) -> None:
        self.line = line
        self._address = address
        self._section = section
        self._searches = _Together(SEARCH_TOGETHER, self._search_all)
        self._entries = _Together(FETCH_TOGETHER, self._fetch_all)

    @property
    def enabled(self) -> bool:
        """Whether the user wants it."""
        return self._section().anilist

    @property
    def ready(self) -> bool:
        """It needs no key."""
        return self.enabled

    async def search(self, wanted: Wanted) -> list[Candidate]:
        """What has one of the titles, rated."""
        found: dict[str, Candidate] = {}
        for name in list(dict.fromkeys(wanted.titles))[:MOST_TITLES]:
            for node in Node({"found": await self._found(name[:200])}).nodes("found"):
                if candidate := _candidate(node):
                    found.setdefault(candidate.id, candidate)
            if match.sure(match.rated(wanted, found.values())):
                break
        return match.rated(wanted, found.values())

    async def series(self, id: str, ids: Mapping[IdKind, str], *, fresh: bool = False) -> ServiceSeries:
        """All about one entry."""
        if not re.fullmatch(r"[1-9][0-9]{0,9}", id):
            raise NotAtServiceError(f"AniList has no entry {id[:40]!r}")
        key = f"series {id}"
        raw = None if fresh else await self.line.known(key)
        if raw is None:
            raw = await self.line.once(key, lambda: self._entries.ask(id))
        return _series(Node(raw))

    async def order(self, id: str, order: str) -> tuple[ServiceSeason, ...]:
        """It knows only one."""
        raise NotAtServiceError("AniList knows no other orders")

    async def check(self) -> None:
        """Ask for one title."""
        await self._ask("{Page(page:1,perPage:1){media(type:ANIME){id}}}", {}, check=True)

    # --- inside -------------------------------------------------------------------------------------------------

    async def _found(self, name: str) -> object:
        key = f"search {name}"
        known = await self.line.known(key)
        return known if known is not None else await self.line.once(key, lambda: self._searches.ask(name))

    async def _search_all(self, names: Sequence[str]) -> dict[str, object]:
        asked = {f"s{index}": name for index, name in enumerate(names)}
        head = ",".join(f"${alias}:String" for alias in asked)
        body = " ".join(
            f"{alias}:Page(page:1,perPage:10){{media(search:${alias},type:ANIME){{{_SHORT}}}}}" for alias in asked
        )
        data = await self._ask(f"query({head}){{{body}}}", dict(asked))
        answers: dict[str, object] = {}
        for alias, name in asked.items():
            answers[name] = _listed(data.node(alias))
            await self.line.keep(f"search {name}", answers[name], DAY)
        return answers

    async def _fetch_all(self, ids: Sequence[str]) -> dict[str, object]:
        query = f"query($ids:[Int]){{Page(page:1,perPage:50){{media(id_in:$ids,type:ANIME){{{_FULL}}}}}}}"
        page = (await self._ask(query, {"ids": [int(id_) for id_ in ids]})).node("Page")
        found = {Node(entry).id("id"): entry for entry in _listed(page)}
        answers: dict[str, object] = {}
        for id_ in ids:
            entry = found.get(id_)
            await self.line.keep(f"series {id_}", entry, DAY / 4 if entry is not None else DAY)
            answers[id_] = entry if entry is not None else NotAtServiceError(f"AniList has no entry {id_}")
        return answers

    async def _ask(self, query: str, variables: Mapping[str, object], *, check: bool = False) -> Node:
        body = {"query": query, "variables": variables}
        return Node(await self.line.send(self._address, body, refused=_refused, check=check)).node("data")


class _Together:
    """Gathers questions while one request is under way, and asks them together in the next.

    ``work``: from questions to their answers; an exception among them is that question's answer.
    """

    def __init__(self, most: int, work: Callable[[Sequence[str]], Awaitable[dict[str, object]]]) -> None:
        self._most = most
        self._work = work
        self._waiting: deque[tuple[str, asyncio.Future[object]]] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, question: str) -> object:
        """Its answer. Everybody waits in the order in which they came."""
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        while self._waiting:
            several = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            await self._answer([(question, answer) for question, answer in several if not answer.done()])

    async def _answer(self, several: list[tuple[str, asyncio.Future[object]]]) -> None:
        if not several:
            return
        try:
            answers = await self._work(list(dict.fromkeys(question for question, _ in several)))
        except _TooComplex as error:
            if len(several) > 1:
                self._most = max(1, len(several) // 2)
                await self._answer(several[: self._most])
                await self._answer(several[self._most :])
                return
            answers = {several[0][0]: ServiceError(error.detail)}
        except Exception as error:  # noqa: BLE001 - everybody who waits gets it
            answers = {question: error for question, _ in several}
        for question, answer in several:
            found = answers.get(question)
            if answer.done():
                continue
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                answer.set_result(found)


def _refused(status: int, raw: object) -> Exception | None:
    """What an answer means that is no success, or is one with errors in it."""
    answer = Node(raw)
    errors = list(answer.nodes("errors"))
    if not errors and 200 <= status < 300:
        return None if answer.node("data") else ServiceError("AniList answered with nothing")
    told = [status, *(error.whole("status") or 0 for error in errors)]
    said = next((error.title("message") for error in errors if error.title("message")), "")[:200]
    if 429 in told:
        return ServiceError("AniList is asked too much; it goes on later", retry_after=60.0)
    if 403 in told:
        return ServiceError(f"AniList has switched its API off: {said or 'it does not say why'}", retry_after=3600.0)
    if "complexity" in said.lower():
        return _TooComplex(f"AniList: {said}")
    if 404 in told and not answer.node("data"):
        return NotAtServiceError("AniList does not have that")
    if answer.node("data") and 200 <= status < 300:
        return None  # some of it; what is missing counts as not said
    return ServiceError(f"AniList: {said or f'it answered {status}'}")


def _listed(page: Node) -> list[object]:
    return [node.raw for node in page.nodes("media")]


def _candidate(node: Node) -> Candidate | None:
    id_ = node.id("id")
    titles = _titles(node)
    if not id_ or not titles:
        return None
    return Candidate(
        service="anilist",
        id=id_,
        title=titles[0],
        titles=titles,
        year=_year(node),
        format=_FORMATS.get(node.title("format"), "unknown"),
        episode_count=node.whole("episodes", least=1),
        picture=node.node("coverImage").url("medium"),
    )


def _titles(node: Node) -> tuple[str, ...]:
    names = node.node("title")
    several = [names.title("english"), names.title("romaji"), names.title("native"), *node.titles("synonyms")]
    return tuple(dict.fromkeys(name for name in several if name))


def _year(node: Node) -> int | None:
    return node.node("startDate").whole("year", least=1900, most=2200) or node.whole(
        "seasonYear", least=1900, most=2200
    )


def _date(node: Node) -> dt.date | None:
    year, month, day = (node.whole(part, least=1, most=9999) for part in ("year", "month", "day"))
    try:
        return dt.date(year, month, day) if year and month and day else None
    except ValueError:
        return None


def _series(node: Node) -> ServiceSeries:
    id_, names, titles = node.id("id"), node.node("title"), _titles(node)
    if not id_ or not titles:
        raise ServiceError("AniList answered with an entry that has no name")
    ids: dict[IdKind, str] = {"anilist": id_}
    if mal := node.id("idMal"):
        ids["mal"] = mal
    minutes, score = node.number("duration"), node.whole("averageScore", least=1, most=100)
    plot = _SOURCE.sub("", _SPOILER.sub("", node.text("description"))).strip()
    next_one = node.node("nextAiringEpisode")
    airing = _moment(next_one), next_one.whole("episode", least=1, most=99_999)
    return ServiceSeries(
        service="anilist",
        id=id_,
        ids=ids,
        title=titles[0],
        original_title=names.title("native") or names.title("romaji"),
        titles=titles,
        format=_FORMATS.get(node.title("format"), "unknown"),
        year=_year(node),
        premiered=_date(node.node("startDate")),
        ended=_date(node.node("endDate")),
        ongoing=_ONGOING.get(node.title("status")),
        plot=plot,
        genres=node.titles("genres"),
        tags=_tags(node),
        studios=tuple(name for studio in node.node("studios").nodes("nodes") if (name := studio.title("name"))),
        duration=minutes * 60 if minutes else None,
        ratings=(Rating(name="anilist", value=score / 10),) if score else (),
        people=_people(node),
        pictures=_pictures(node),
        episode_count=node.whole("episodes", least=1, most=99_999),
        seasons=_seasons(node),
        next_airing=(airing[1], airing[0]) if airing[0] and airing[1] else None,
        related=tuple(_related(node)),
    )


def _tags(node: Node) -> tuple[str, ...]:
    """What fits well and tells nothing that one does not want to know."""
    return tuple(
        tag.title("name")
        for tag in node.nodes("tags")
        if tag.title("name")
        and (tag.whole("rank") or 0) >= 60
        and not tag.flag("isMediaSpoiler")
        and not tag.flag("isGeneralSpoiler")
    )[:15]


def _people(node: Node) -> tuple[Person, ...]:
    people: dict[str, Person] = {}
    for edge in node.node("characters").nodes("edges"):
        for voice in edge.nodes("voiceActors"):
            name = voice.node("name").title("full")
            if name and name not in people:
                role = edge.node("node", "name").title("full")
                people[name] = Person(name=name, role=role, picture=voice.node("image").url("large"))
            break  # of several voices of one character the first
    return tuple(people.values())


def _pictures(node: Node) -> tuple[Picture, ...]:
    cover, banner = node.node("coverImage"), node.url("bannerImage")
    pictures = []
    if poster := cover.url("extraLarge") or cover.url("large"):
        pictures.append(Picture(kind="poster", url=poster, service="anilist"))
    if banner:
        pictures.append(Picture(kind="banner", url=banner, service="anilist"))
    return tuple(pictures)


def _seasons(node: Node) -> tuple[ServiceSeason, ...]:
    """When which episode airs; AniList tells no more of them."""
    episodes: dict[int, ServiceEpisode] = {}
    for airing in node.node("airingSchedule").nodes("nodes"):
        number, when = airing.whole("episode", least=1, most=99_999), _moment(airing)
        if number and when:
            aired = when.astimezone(_JAPAN).date()
            episodes[number] = ServiceEpisode(season=1, episode=number, aired=aired)
    if not episodes:
        return ()
    return (ServiceSeason(season=1, episodes=tuple(episodes[number] for number in sorted(episodes))),)


def _moment(node: Node) -> dt.datetime | None:
    seconds = node.whole("airingAt", least=1, most=32_503_680_000)
    return dt.datetime.fromtimestamp(seconds, dt.UTC) if seconds else None


def _related(node: Node) -> list[Related]:
    related = []
    for edge in node.node("relations").nodes("edges"):
        other = edge.node("node")
        id_ = other.id("id")
        if id_ and other.title("type") in ("ANIME", ""):
            related.append(
                Related(
                    relation=_RELATIONS.get(edge.title("relationType"), "other"),
                    id=id_,
                    title=next(iter(_titles(other)), ""),
                    format=_FORMATS.get(other.title("format"), "unknown"),
                    year=_year(other),
                    episode_count=other.whole("episodes", least=1, most=99_999),
                )
            )
    return related
