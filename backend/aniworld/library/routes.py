"""The library over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, Parameter
from litestar.response import Stream
from msgspec import Meta

from aniworld.catalog.errors import NotAtSourceError
from aniworld.catalog.types import SeriesStatus
from aniworld.db.answers import Answer
from aniworld.library.errors import ImageNotFoundError
from aniworld.library.gallery import Gallery, Served
from aniworld.library.schemas import (
    AddSeries,
    LoadingState,
    ReloadSeries,
    ResolveConflict,
    SeriesDetail,
    SeriesFacets,
    SeriesOut,
    SeriesPage,
    UpdateSeason,
    UpdateSeries,
)
from aniworld.library.search_schemas import SearchAnswer, SearchDone, SearchResult
from aniworld.library.search_service import SearchService, cover_path
from aniworld.library.service import LibraryService
from aniworld.library.types import ImageKind, ImageSize, SeriesFilter, SeriesQuery, SeriesSort, SortOrder
from aniworld.metadata.service import FolderCheck, media_type

Key = Annotated[str, Parameter(description="Key of the series", max_length=200)]
_TEXT = r"^[^\x00]*$"
Genres = Annotated[
    list[Annotated[str, Meta(max_length=200, pattern=_TEXT)]] | None,
    Parameter(description="Only series of all these genres", max_items=20),
]

Query = Annotated[str, Parameter(description="What to look for", max_length=200, pattern=r"\S")]
OneProvider = Annotated[str | None, Parameter(description="Only this source", max_length=64)]

Hash = Annotated[
    str | None, Parameter(description="Its hash: the answer may be kept for ever", pattern=r"^[0-9a-f]{20}$")
]
Size = Annotated[ImageSize | None, Parameter(description="Made small for a page; without it the picture as it is")]
Number = Annotated[int, Parameter(ge=0, le=100_000, description="As the series counts them")]

_FOR_EVER = "private, max-age=31536000, immutable"
_IMAGE_CACHE = "private, max-age=300, stale-while-revalidate=86400"
_COVER_CACHE = "private, max-age=86400"
_PICTURE = ResponseSpec(data_container=bytes, media_type="image/*", generate_examples=False, description="The picture")


def series_query(
    filter: FromQuery[Annotated[SeriesFilter, Parameter(description="Which series")]] = "all",
    q: FromQuery[
        Annotated[str, Parameter(description="Words that the name holds, in any order", max_length=200, pattern=_TEXT)]
    ] = "",
    genre: FromQuery[Genres] = None,
    status: FromQuery[Annotated[SeriesStatus | None, Parameter(description="Whether more episodes come")]] = None,
    year_from: FromQuery[Annotated[int | None, Parameter(ge=1, le=9999, description="Of this year or later")]] = None,
    year_to: FromQuery[Annotated[int | None, Parameter(ge=1, le=9999, description="Of this year or earlier")]] = None,
    provider: FromQuery[
        Annotated[str | None, Parameter(description="Only of this source", max_length=64, pattern=_TEXT)]
    ] = None,
    monitored: FromQuery[Annotated[bool | None, Parameter(description="Whether new episodes are fetched")]] = None,
    language: FromQuery[
        Annotated[str | None, Parameter(description="An episode is there in it", max_length=24, pattern=_TEXT)]
    ] = None,
    lacks_language: FromQuery[
        Annotated[str | None, Parameter(description="An episode is out, not there in it", max_length=24, pattern=_TEXT)]
    ] = None,
    has_folder: FromQuery[Annotated[bool | None, Parameter(description="Whether it has a folder")]] = None,
) -> SeriesQuery:
    """Which series a list shows."""
    return SeriesQuery(
        filter=filter,
        q=q,
        genres=tuple(genre or ()),
        status=status,
        year_from=year_from,
        year_to=year_to,
        provider=provider,
        monitored=monitored,
        language=language,
        lacks_language=lacks_language,
        has_folder=has_folder,
    )


_QUERY = {"series_query": Provide(series_query, sync_to_thread=False)}


def _respond(answer: Answer) -> Response[Any]:
    return Response(answer.body, media_type="application/json", headers={"ETag": answer.tag})


@get("/", operation_id="listAnime", summary="The series of the library", dependencies=_QUERY)
async def list_anime(
    library: NamedDependency[LibraryService],
    series_query: NamedDependency[SeriesQuery],
    sort: FromQuery[Annotated[SeriesSort, Parameter(description="By what to order")]] = "name",
    order: FromQuery[Annotated[SortOrder, Parameter(description="Which end comes first")]] = "asc",
    limit: FromQuery[Annotated[int, Parameter(ge=1, le=500, description="How many at most")]] = 100,
    offset: FromQuery[Annotated[int, Parameter(ge=0, le=10_000_000, description="How many to pass over")]] = 0,
) -> Response[SeriesPage]:
    """A page of the library, without episodes."""
    return _respond(await library.list_answer(series_query, sort, order, limit, offset))


@get("/facets", operation_id="getAnimeFacets", summary="What the list can be narrowed to", dependencies=_QUERY)
async def get_facets(
    library: NamedDependency[LibraryService], series_query: NamedDependency[SeriesQuery]
) -> Response[SeriesFacets]:
    """How many series of the list are of each genre, status, year, source and state."""
    return _respond(await library.facets_answer(series_query))


@get("/{key:str}", operation_id="getAnime", summary="One series")
async def get_anime(library: NamedDependency[LibraryService], key: FromPath[Key]) -> Response[SeriesDetail]:
    """A series with its seasons and episodes; the specials come last."""
    return _respond(await library.get_answer(key))


@post("/add", operation_id="addAnime", summary="Add a series", status_code=202)
async def add_anime(library: NamedDependency[LibraryService], data: JSONBody[AddSeries]) -> SeriesOut:
    """Answers at once; its episodes, description and pictures are loaded in the background."""
    return await library.add(data.provider, data.provider_key, data.name, data.sources)


@get("/{key:str}/loading-status", operation_id="getAnimeLoadingStatus", summary="How far a series is loaded")
async def loading_status(library: NamedDependency[LibraryService], key: FromPath[Key]) -> LoadingState:
    """Which parts are there, what is under way, and what went wrong."""
    return await library.loading_status(key)


@post("/{key:str}/reload", operation_id="reloadAnime", summary="Load parts of a series again", status_code=202)
async def reload_anime(
    library: NamedDependency[LibraryService], key: FromPath[Key], data: JSONBody[ReloadSeries]
) -> SeriesOut:
    """In the background; pictures that are there are replaced."""
    return await library.reload(key, data.parts)


@patch("/{key:str}", operation_id="updateAnime", summary="Change a series")
async def update_anime(
    library: NamedDependency[LibraryService], key: FromPath[Key], data: JSONBody[UpdateSeries]
) -> SeriesOut:
    """Only what is named changes."""
    return await library.patch(key, data)


@patch("/{key:str}/seasons/{season:int}", operation_id="updateSeason", summary="Want a season, or not")
async def update_season(
    library: NamedDependency[LibraryService],
    key: FromPath[Key],
    season: FromPath[Annotated[int, Parameter(description="Its number; 0: the specials", ge=0, le=1_000_000)]],
    data: JSONBody[UpdateSeason],
) -> SeriesOut:
    """What is not wanted is not missing, and is queued only by name. Season 0 is the series' ``specials``."""
    return await library.monitor_season(key, season, monitored=data.monitored)


@delete("/{key:str}", operation_id="deleteAnime", summary="Take a series out of the library")
async def delete_anime(
    library: NamedDependency[LibraryService],
    key: FromPath[Key],
    delete_files: FromQuery[Annotated[bool, Parameter(description="Also delete its files from the disk")]] = False,
) -> None:
    """It can be restored; files that were deleted cannot."""
    await library.delete(key, delete_files=delete_files)


@post("/{key:str}/restore", operation_id="restoreAnime", summary="Bring a series back", status_code=200)
async def restore_anime(library: NamedDependency[LibraryService], key: FromPath[Key]) -> SeriesOut:
    """One that was taken out of the library, with everything that is known of it."""
    return await library.restore(key)


@get("/{key:str}/nfo/check", operation_id="checkAnimeNfo", summary="What players will make of a series")
async def check_nfo(library: NamedDependency[LibraryService], key: FromPath[Key]) -> FolderCheck:
    """Looks at the names, NFO files and pictures in the series' folder as Jellyfin and Kodi do: what they will show,
    and what stands in the way, the worst first.
    """
    return await library.check_folder(key)


@post(
    "/{key:str}/conflicts/{conflict_id:uuid}",
    operation_id="resolveAnimeConflict",
    summary="Say which numbers hold",
    status_code=200,
)
async def resolve_conflict(
    library: NamedDependency[LibraryService],
    key: FromPath[Key],
    conflict_id: FromPath[Annotated[UUID, Parameter(description="Id of the conflict")]],
    data: JSONBody[ResolveConflict],
) -> SeriesDetail:
    """Accept: episodes take the numbers of the source, and their files stay theirs. Keep: all stays as it is.

    Reopen takes a decision to keep back: the conflict waits again.
    """
    await library.resolve(key, conflict_id, data.resolution)
    return await library.get(key)


@get(
    "/{key:str}/images/{kind:str}",
    operation_id="getAnimeImage",
    summary="A picture of a series",
    responses={200: _PICTURE},
    response_headers=[ResponseHeader(name="ETag", documentation_only=True)],
)
async def get_image(
    request: Request[Any, Any, Any],
    gallery: NamedDependency[Gallery],
    key: FromPath[Key],
    kind: FromPath[Annotated[ImageKind, Parameter(description="Which picture")]],
    size: FromQuery[Size] = None,
    v: FromQuery[Hash] = None,
) -> Response[bytes]:
    """From the series' folder; 404 where there is none. Cacheable; as a small WebP where a size is named."""
    return _picture(await gallery.image(key, kind, size, v, request.headers.get("if-none-match", "")))


@get(
    "/{key:str}/seasons/{season:int}/images/{kind:str}",
    operation_id="getSeasonImage",
    summary="A picture of a season",
    responses={200: _PICTURE},
    response_headers=[ResponseHeader(name="ETag", documentation_only=True)],
)
async def get_season_image(
    request: Request[Any, Any, Any],
    gallery: NamedDependency[Gallery],
    key: FromPath[Key],
    season: FromPath[Number],
    kind: FromPath[Annotated[ImageKind, Parameter(description="Which picture")]],
    size: FromQuery[Size] = None,
) -> Response[bytes]:
    """From the series' folder; 404 where there is none. Season 0 are the specials."""
    return _picture(await gallery.season_image(key, season, kind, size, request.headers.get("if-none-match", "")))


@get(
    "/{key:str}/episodes/{season:int}/{episode:int}/images/thumb",
    operation_id="getEpisodeImage",
    summary="A picture of an episode",
    responses={200: _PICTURE},
    response_headers=[ResponseHeader(name="ETag", documentation_only=True)],
)
async def get_episode_image(
    request: Request[Any, Any, Any],
    gallery: NamedDependency[Gallery],
    key: FromPath[Key],
    season: FromPath[Number],
    episode: FromPath[Number],
    size: FromQuery[Size] = None,
    v: FromQuery[Hash] = None,
) -> Response[bytes]:
    """What lies beside its file; 404 where there is none. Cacheable; for ever by its hash."""
    known = request.headers.get("if-none-match", "")
    return _picture(await gallery.episode_image(key, season, episode, size, v, known))


def _picture(served: Served) -> Response[bytes]:
    headers = {"ETag": served.tag, "Cache-Control": _FOR_EVER if served.for_ever else _IMAGE_CACHE}
    if served.data is None:
        return Response(b"", status_code=304, headers=headers)
    kind = media_type(served.data)
    if kind is None:
        raise ImageNotFoundError
    return Response(served.data, media_type=kind, headers=headers)


@get("/search", operation_id="search", summary="Ask the sources")
async def search(
    request: Request[Any, Any, Any],
    search: NamedDependency[SearchService],
    q: FromQuery[Query],
    provider: FromQuery[OneProvider] = None,
) -> SearchResult:
    """All sources at once; the same series from several is one row. A source that fails is named, and hides no other's
    answers.
    """
    return await search.search(q.strip(), provider, cover_path(request))


@get(
    "/search/stream",
    operation_id="streamSearch",
    summary="Ask the sources and hear each answer",
    responses={
        200: ResponseSpec(
            data_container=SearchAnswer | SearchDone,
            media_type="text/event-stream",
            generate_examples=False,
            description="Server-sent events; the data of each message is one of these",
        )
    },
    response_headers=[
        ResponseHeader(name="Cache-Control", value="no-store"),
        ResponseHeader(name="X-Accel-Buffering", value="no"),
    ],
)
async def stream_search(
    request: Request[Any, Any, Any],
    search: NamedDependency[SearchService],
    q: FromQuery[Query],
    provider: FromQuery[OneProvider] = None,
) -> Stream:
    """As ``search``, told step by step: after each source's answer all rows so far, the most relevant first; then
    ``done``, and the stream ends.
    """
    search.check(provider)
    path = cover_path(request)

    async def frames() -> Any:
        async with contextlib.aclosing(search.stream(q.strip(), provider, path)) as messages:
            async for message in messages:
                tag = str(message.__struct_config__.tag).encode()
                yield b"event: %b\ndata: %b\n\n" % (tag, msgspec.json.encode(message))

    return Stream(frames(), media_type="text/event-stream")


@get("/search/cover", operation_id="searchCover", summary="A cover of a search", responses={200: _PICTURE})
async def search_cover(
    request: Request[Any, Any, Any],
    library: NamedDependency[LibraryService],
    provider: FromQuery[Annotated[str, Parameter(description="The source", min_length=1, max_length=64)]],
    url: FromQuery[Annotated[str, Parameter(description="As the search shows it", min_length=1, max_length=2000)]],
) -> Response[bytes]:
    """Fetched from the source, only from its own addresses, and only a picture. Cacheable."""
    data = await library.cover(provider, url)
    kind = media_type(data)
    if kind is None:
        raise NotAtSourceError("That is no picture")
    digest = await asyncio.to_thread(hashlib.blake2b, data, digest_size=12)
    headers = {"ETag": f'"{digest.hexdigest()}"', "Cache-Control": _COVER_CACHE}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(data, media_type=kind, headers=headers)


routers = [
    Router(
        "/anime",
        route_handlers=[
            list_anime,
            get_facets,
            get_anime,
            add_anime,
            loading_status,
            reload_anime,
            update_anime,
            update_season,
            delete_anime,
            restore_anime,
            resolve_conflict,
            get_image,
            get_season_image,
            get_episode_image,
            check_nfo,
        ],
        tags=["library"],
    ),
    Router("/", route_handlers=[search, stream_search, search_cover], tags=["search"]),
]
"""The library and the search for what could be added to it."""
