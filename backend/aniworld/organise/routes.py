"""Renaming over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from aniworld.organise.schemas import (
    ChangeDetail,
    ChangePage,
    OrganisePreview,
    OrganiseRequest,
    PreviewRequest,
    Started,
)
from aniworld.organise.service import OrganiseService

ChangeId = Annotated[UUID, Parameter(description="Id of the change")]
Limit = Annotated[int, Parameter(ge=1, le=500, description="How many at most")]
Token = Annotated[
    str | None, Parameter(max_length=64, description="Of the preview of which this is a further part; none: a new one")
]
Offset = Annotated[int, Parameter(ge=0, le=10_000_000, description="How many to pass over")]


@get("/preview", operation_id="getOrganisePreview", summary="What would be renamed")
async def get_preview(
    organise: NamedDependency[OrganiseService],
    limit: FromQuery[Limit] = 100,
    offset: FromQuery[Offset] = 0,
    token: FromQuery[Token] = None,
) -> OrganisePreview:
    """By the templates in force, series by series. Changes nothing."""
    return await organise.preview(None, limit=limit, offset=offset, token=token)


@post("/preview", operation_id="previewOrganise", summary="What would be renamed of some series", status_code=200)
async def post_preview(
    organise: NamedDependency[OrganiseService],
    data: JSONBody[PreviewRequest],
    limit: FromQuery[Limit] = 100,
    offset: FromQuery[Offset] = 0,
    token: FromQuery[Token] = None,
) -> OrganisePreview:
    """By the templates in force. Changes nothing."""
    return await organise.preview(data.series_keys, limit=limit, offset=offset, token=token)


@post("/", operation_id="organiseLibrary", summary="Rename what a preview showed", status_code=202)
async def organise_library(organise: NamedDependency[OrganiseService], data: JSONBody[OrganiseRequest]) -> Started:
    """Exactly that: where the disk or the library is another one since, nothing is done."""
    return Started(operation_id=await organise.organise(data.series_keys, data.token))


@get("/changes", operation_id="listOrganiseChanges", summary="What was renamed")
async def list_changes(
    organise: NamedDependency[OrganiseService],
    limit: FromQuery[Limit] = 100,
    offset: FromQuery[Offset] = 0,
) -> ChangePage:
    """The newest first, for 90 days."""
    return await organise.changes(limit=limit, offset=offset)


@get("/changes/{change_id:uuid}", operation_id="getOrganiseChange", summary="What was renamed at one time")
async def get_change(organise: NamedDependency[OrganiseService], change_id: FromPath[ChangeId]) -> ChangeDetail:
    """What was left comes first; at most 500 of its moves."""
    return await organise.change(change_id)


@post("/changes/{change_id:uuid}/undo", operation_id="undoOrganiseChange", summary="Put it back", status_code=202)
async def undo_change(organise: NamedDependency[OrganiseService], change_id: FromPath[ChangeId]) -> Started:
    """What is no longer where it was put stays, and is told."""
    return Started(operation_id=await organise.undo(change_id))


router = Router(
    "/library/organise",
    route_handlers=[get_preview, post_preview, organise_library, list_changes, get_change, undo_change],
    tags=["library"],
)
