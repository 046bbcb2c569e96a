"""What services say about a series, and where its seasons lie there, over HTTP."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from aniworld.library.choice_service import MetadataChoices
from aniworld.library.metadata_schemas import (
    ChooseMetadata,
    MappingOut,
    MetadataOfSeries,
    MetadataSearch,
    PutMapping,
)
from aniworld.metadata.types import Service

Key = Annotated[str, Parameter(description="Key of the series", max_length=200)]
Title = Annotated[str, Parameter(description="Title to look for", max_length=200, pattern=r"\S")]


@get("/metadata", operation_id="getAnimeMetadata", summary="What the services say about a series")
async def get_metadata(choices: NamedDependency[MetadataChoices], key: FromPath[Key]) -> MetadataOfSeries:
    """Which series it is at each service, how sure that is, what else it may be, and why one told nothing."""
    return await choices.said(key)


@put("/metadata/{service:str}", operation_id="chooseAnimeMetadata", summary="Choose another one at a service")
async def choose_metadata(
    choices: NamedDependency[MetadataChoices],
    key: FromPath[Key],
    service: FromPath[Annotated[Service, Parameter(description="Which service")]],
    data: JSONBody[ChooseMetadata],
) -> MetadataOfSeries:
    """Pinned: it is never changed by itself. The service is asked in the background."""
    return await choices.choose(key, service, data.id)


@post("/metadata/search", operation_id="searchAnimeMetadata", summary="Ask the services for a title", status_code=200)
async def search_metadata(
    choices: NamedDependency[MetadataChoices], key: FromPath[Key], q: FromQuery[Title]
) -> MetadataSearch:
    """What they have under a title of one's own, to choose from."""
    return await choices.search(key, q.strip())


@get("/mapping", operation_id="getAnimeMapping", summary="Where the seasons lie at the services")
async def get_mapping(choices: NamedDependency[MetadataChoices], key: FromPath[Key]) -> MappingOut:
    """A season without segments is in doubt, or not there."""
    return await choices.mapping(key)


@put("/mapping", operation_id="putAnimeMapping", summary="Say where seasons lie")
async def put_mapping(
    choices: NamedDependency[MetadataChoices], key: FromPath[Key], data: JSONBody[PutMapping]
) -> MappingOut:
    """Only the seasons that are named change; what is pinned stays until it is changed here again."""
    return await choices.put_mapping(key, data.seasons)


router = Router(
    "/anime/{key:str}",
    route_handlers=[get_metadata, choose_metadata, search_metadata, get_mapping, put_mapping],
    tags=["metadata"],
)
