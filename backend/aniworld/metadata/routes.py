"""Metadata services over HTTP."""

from __future__ import annotations

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from aniworld.metadata.lookup_service import MetadataServices
from aniworld.metadata.schemas import MetadataServiceList, MetadataServiceOut
from aniworld.metadata.types import Service


@get("/services", operation_id="listMetadataServices", summary="Metadata services")
async def list_services(metadata: NamedDependency[MetadataServices]) -> MetadataServiceList:
    """Each one, how it does and what it still allows. Keys and preferences are in the configuration's section."""
    return MetadataServiceList(items=metadata.states(), orders=metadata.orders())


@post("/services/{name:str}/check", operation_id="checkMetadataService", summary="Check now", status_code=200)
async def check_service(metadata: NamedDependency[MetadataServices], name: FromPath[Service]) -> MetadataServiceOut:
    """Asks it, and whether it accepts the key; tells how it is. One that fails is told; the call succeeds."""
    return await metadata.check(name)


router = Router("/metadata", route_handlers=[list_services, check_service], tags=["metadata"])
"""Addresses below ``/api/metadata``."""
