"""Sources and hosters over HTTP."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from aniworld.sources.schemas import (
    ProviderKind,
    ProviderList,
    ProviderOut,
    StateChangePage,
    UpdateProvider,
)
from aniworld.sources.service import SourceService

Name = Annotated[str, Parameter(description="Name of the catalogue or hoster", max_length=64)]
OfKind = Annotated[
    ProviderKind | None, Parameter(description="Which is meant where a catalogue and a hoster share the name")
]


@get("/", operation_id="listProviders", summary="Catalogues and hosters")
async def list_providers(sources: NamedDependency[SourceService]) -> ProviderList:
    """Each one and how it does: the catalogues in the order in which they are asked, then the hosters."""
    return sources.all()


@get("/{provider:str}", operation_id="getProvider", summary="One catalogue or hoster")
async def get_provider(
    sources: NamedDependency[SourceService], provider: FromPath[Name], kind: FromQuery[OfKind] = None
) -> ProviderOut:
    """How it does."""
    return sources.get(provider, kind)


@patch("/{provider:str}", operation_id="updateProvider", summary="Switch and order")
async def update_provider(
    sources: NamedDependency[SourceService],
    provider: FromPath[Name],
    data: JSONBody[UpdateProvider],
    kind: FromQuery[OfKind] = None,
) -> ProviderOut:
    """Only what is named changes; in force at once."""
    return await sources.patch(provider, kind, data)


@post("/{provider:str}/check", operation_id="checkProvider", summary="Check now", status_code=200)
async def check_provider(
    sources: NamedDependency[SourceService], provider: FromPath[Name], kind: FromQuery[OfKind] = None
) -> ProviderOut:
    """Asks it, whatever its cool-down says, and tells how it is. A source that fails is told; the call succeeds."""
    return await sources.check(provider, kind)


@get("/{provider:str}/history", operation_id="getProviderHistory", summary="When its state changed")
async def provider_history(
    sources: NamedDependency[SourceService],
    provider: FromPath[Name],
    kind: FromQuery[OfKind] = None,
    limit: FromQuery[Annotated[int, Parameter(ge=1, le=500, description="How many at most")]] = 100,
    offset: FromQuery[Annotated[int, Parameter(ge=0, le=10_000_000, description="How many to pass over")]] = 0,
) -> StateChangePage:
    """Newest first; kept for 90 days."""
    return await sources.history(provider, kind, limit, offset)


router = Router(
    "/providers",
    route_handlers=[list_providers, get_provider, update_provider, check_provider, provider_history],
    tags=["providers"],
)
